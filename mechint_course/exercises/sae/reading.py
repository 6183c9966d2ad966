"""Chapter 3, section 3: finding a feature that means something."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_unit = prediction(
    id="sae.guess_unit",
    title="Prediction: feature or neuron?",
    options=("the feature, by far", "the feature, narrowly", "about the same", "the neuron"),
    core=True,
)


@exercise(
    id="sae.precision",
    title="When it fires, where are we?",
    points=2,
    minutes=8,
    difficulty=1,
    core=True,
    hints=(
        "Ask one unit: on how many tokens is it on, and how many of those tokens lie in the domain?",
        "fires & in_domain[:, None] marks the hits. Count both along the tokens (dim 0). What about a unit that is never on?",
        "hits = (fires & in_domain[:, None]).sum(0), and the answer is hits / fires.sum(0).clamp_min(1).",
    ),
)
def precision(ask: Ask) -> None:
    "Shares counted token by token, with units that are never on."
    ask.compare(
        _cases(ask),
        expected=_counted,
        known=(
            Known(
                "silent-is-nan",
                "A unit that is never on gives 0/0, which is NaN; count its precision as 0.",
                lambda fires, in_domain: _hits(fires, in_domain) / fires.sum(0),
            ),
            Known(
                "silent-is-one",
                "A unit that is never on counts as perfect in your answer; its precision is 0.",
                lambda fires, in_domain: torch.where(
                    fires.any(0), _hits(fires, in_domain) / fires.sum(0).clamp_min(1), 1.0
                ),
            ),
            Known(
                "recall",
                "That is recall: of the domain's tokens, the share that the unit is on for. Precision asks the other way: "
                "of the tokens it is on for, the share in the domain.",
                lambda fires, in_domain: _hits(fires, in_domain) / in_domain.sum().clamp_min(1),
            ),
            Known(
                "share-of-all-tokens",
                "You divide by all tokens; divide by those on which the unit is on.",
                lambda fires, in_domain: _hits(fires, in_domain) / len(fires),
            ),
            Known(
                "density",
                "That is how often each unit is on. Only its hits in the domain count above the fraction's line.",
                lambda fires, in_domain: fires.float().mean(0),
            ),
            Known(
                "outside-the-domain",
                "You count the tokens outside the domain.",
                lambda fires, in_domain: _hits(fires, ~in_domain) / fires.sum(0).clamp_min(1),
            ),
            Known(
                "outside-the-domain",
                "You take 1 minus the precision, which also calls a unit that is never on perfect.",
                lambda fires, in_domain: 1 - _hits(fires, in_domain) / fires.sum(0).clamp_min(1),
            ),
            Known(
                "accuracy",
                "That is accuracy: it also counts all tokens where the unit is off outside the domain, which is nearly all.",
                lambda fires, in_domain: (fires == in_domain[:, None]).float().mean(0),
            ),
            Known(
                "f1",
                "That is F1, the mean of precision and recall; precision alone is asked for.",
                lambda fires, in_domain: (
                    2 * _hits(fires, in_domain) / (fires.sum(0) + in_domain.sum()).clamp_min(1)
                ),
            ),
            Known(
                "union",
                "You divide by the tokens where the unit is on or that lie in the domain; divide by those where it is on.",
                lambda fires, in_domain: (
                    _hits(fires, in_domain) / (fires | in_domain[:, None]).sum(0).clamp_min(1)
                ),
            ),
            Known(
                "counts-returned",
                "You return how many hits each unit has; divide by how often it is on.",
                lambda fires, in_domain: _hits(fires, in_domain),
            ),
            Known(
                "one-number",
                "You return one number for all units together; one for each unit is asked for.",
                lambda fires, in_domain: _hits(fires, in_domain).sum() / fires.sum().clamp_min(1),
            ),
            Known(
                "never-zero-divisor",
                "You add something to the divisor for every unit, which makes every precision too small. "
                "Only a unit that is never on needs care.",
                lambda fires, in_domain: _hits(fires, in_domain) / (fires.sum(0) + 1),
            ),
        ),
        look="a unit that is on for four tokens, three of them in the domain: its precision is 0.75.",
    )


def _hits(fires: Tensor, in_domain: Tensor) -> Tensor:
    return (fires & in_domain[:, None]).sum(0)


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "fires": torch.tensor([[1, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1]], dtype=torch.bool),
        "in_domain": torch.tensor([True, True, True, False, False]),
    }
    for number in range(7):
        n_tokens, n_units = ask.sizes(2, low=3, high=14)
        fires = torch.rand(n_tokens, n_units, generator=ask.generator) < 0.4
        fires[0, 0], fires[:, -1] = True, False
        in_domain = torch.rand(n_tokens, generator=ask.generator) < 0.5
        if number == 1:
            in_domain[:] = False  # a domain without a single token
        yield {"fires": fires, "in_domain": in_domain}


def _counted(fires: Tensor, in_domain: Tensor) -> Tensor:
    shares = []
    for j in range(fires.shape[1]):
        places = [i for i in range(len(fires)) if fires[i, j]]
        inside = [i for i in places if in_domain[i]]
        shares.append(len(inside) / len(places) if places else 0.0)
    return torch.tensor(shares)
