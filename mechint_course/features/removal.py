"""What the model's next prediction loses when one unit is taken away, where it is on.

In a model of one layer the prediction at a token depends on that token's residual stream alone once attention is done,
so a unit's share, its activation times the direction that it writes through W_out, can be taken off it there: exact,
and thousands of units can be measured without running the model again.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.features.reading import Units, next_loss


class Effect(NamedTuple):
    """How much worse the next token is predicted without the unit, in nats; below 0 where it is predicted better."""

    mean: float
    """Over places spread evenly from the unit's weakest to its strongest."""
    strongest: float
    """Over its strongest places."""
    n_places: int
    """How many places stand behind the mean."""


@torch.no_grad()
def removal(
    units: Units, unit: int, places: Int[Tensor, " n_places"], activation: Float[Tensor, " n_places"]
) -> Float[Tensor, " n_places"]:
    """How much the loss at the next token rises at each place when the unit's activation there becomes 0.

    Every place must have a next token: it is not the last of its sequence.
    """
    n_positions = units.text.tokens.shape[1] - 1
    following = units.text.tokens[places // n_positions, places % n_positions + 2]
    written = units.direction(unit) @ units.model.W_out[-1].detach().float()
    after = units.residual[places] - activation[:, None] * written
    return next_loss(units.model, after, following) - units.losses[places]


def removal_effect(units: Units, unit: int, *, n_places: int = 32, n_strongest: int = 8) -> Effect | None:
    """The effect of one unit on places where it is on; None where it is never on before a token of the text."""
    places, values = (torch.from_numpy(part) for part in units.column(unit))
    n_positions = units.text.tokens.shape[1] - 1
    inside = places % n_positions < n_positions - 1
    places, values = places[inside].long(), values[inside].float()
    if not len(places):
        return None
    order = values.argsort(descending=True, stable=True)
    spread = torch.linspace(0, len(order) - 1, min(n_places, len(order))).round().long()
    chosen = torch.cat([order[:n_strongest], order[spread]])
    change = removal(units, unit, places[chosen], values[chosen])
    strongest = min(n_strongest, len(order))
    return Effect(float(change[strongest:].mean()), float(change[:strongest].mean()), len(spread))
