"""Chapter 2, why it happens: one neuron that four features have to share."""

from collections.abc import Iterator
from math import log

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_split = prediction(
    id="neurons.guess_split",
    title="One neuron for four features",
    options=("one", "two", "it makes no difference"),
    core=False,
)


@exercise(
    id="neurons.one_neuron_loss",
    title="What one neuron can tell",
    points=2,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "The neuron sorts the features into two groups. Seeing its state, you know the group and nothing more: what is then "
        "the probability of each feature?",
        "A feature's probability within its group is its own probability over the group's. The loss of a feature is minus the "
        "logarithm of that, and features count by how often they come.",
        "firing = chance[fires].sum(); group = torch.where(fires, firing, 1 - firing); "
        "-(chance * (chance / group).log()).sum()",
    ),
)
def one_neuron_loss(ask: Ask) -> None:
    "The expected loss against sums over features, one by one."
    ask.compare(
        _cases(ask),
        expected=_summed,
        known=(
            Known(
                "firing-group-only",
                "You count only the features that the neuron fires for. When it is silent, a feature has to be named too.",
                lambda chance, fires: _sum(
                    chance, fires, lambda p, group, size, on: -p * log(p / group) if on else 0.0
                ),
            ),
            Known(
                "silent-group-only",
                "You count only the features that the neuron is silent for; those it fires for cost something too.",
                lambda chance, fires: _sum(
                    chance, fires, lambda p, group, size, on: 0.0 if on else -p * log(p / group)
                ),
            ),
            Known(
                "group-counted-not-weighed",
                "Within a group you give every feature the same probability. Frequent features deserve more: chance over the "
                "group's total.",
                lambda chance, fires: _sum(chance, fires, lambda p, group, size, on: p * log(size)),
            ),
            Known(
                "neuron-ignored",
                "Your probabilities do not depend on the neuron: divide each by the total of its group.",
                lambda chance, fires: _sum(chance, fires, lambda p, group, size, on: -p * log(p)),
            ),
            Known(
                "features-weigh-alike",
                "You average over the features as if all came equally often; weigh each with its probability.",
                lambda chance, fires: _sum(
                    chance, fires, lambda p, group, size, on: -log(p / group) / len(chance)
                ),
            ),
            Known(
                "not-averaged",
                "You add up the features' losses; weigh each with its probability first.",
                lambda chance, fires: _sum(chance, fires, lambda p, group, size, on: -log(p / group)),
            ),
            Known(
                "groups-weigh-alike",
                "You add up or average the losses of the two groups as if both came equally often; weigh each with its probability.",
                lambda chance, fires: (
                    _sum(chance, fires, lambda p, group, size, on: -p / group * log(p / group)) / 2
                ),
            ),
            Known(
                "groups-added",
                "You add the losses of the two groups; weigh each with how often the group comes.",
                lambda chance, fires: _sum(
                    chance, fires, lambda p, group, size, on: -p / group * log(p / group)
                ),
            ),
            Known(
                "bits",
                "Your loss is in bits, with logarithms to base 2; nats are asked for.",
                lambda chance, fires: _summed(chance, fires) / log(2),
            ),
            Known(
                "sign-swapped",
                "Your loss is negative: a surprise is minus the logarithm of a probability.",
                lambda chance, fires: -_summed(chance, fires),
            ),
            Known(
                "information-returned",
                "You return how much the neuron tells, the entropy of its two states; what is left to guess is asked for.",
                lambda chance, fires: _sum(chance, fires, lambda p, group, size, on: -p * log(group)),
            ),
            Known(
                "empty-group",
                "Where the neuron fires for all features or for none, one group is empty and your result is NaN. An empty group "
                "costs nothing.",
                _nan_where_empty,
            ),
        ),
        look="four features of 1/4 each, by hand: the group of one costs nothing, the group of three costs ln 3.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    quarter = torch.full((4,), 0.25)
    yield {"chance": quarter, "fires": torch.tensor([True, False, False, False])}
    yield {"chance": quarter, "fires": torch.tensor([True, True, False, False])}
    yield {"chance": torch.tensor([0.2, 0.3, 0.5]), "fires": torch.tensor([False, False, False])}
    yield {"chance": torch.tensor([0.6, 0.4]), "fires": torch.tensor([True, True])}
    for n_features in [ask.random.randint(3, 9) for _ in range(7)]:
        chance = 0.1 + torch.rand(n_features, generator=ask.generator)
        yield {
            "chance": chance / chance.sum(),
            "fires": torch.rand(n_features, generator=ask.generator) < 0.5,
        }


def _sum(chance: Tensor, fires: Tensor, term) -> float:  # type: ignore[no-untyped-def]
    """The sum of term(p, total of the group, size of the group, whether it fires) over the features, in 64 bits."""
    p, on = chance.double().tolist(), fires.tolist()
    total = 0.0
    for mine, state in zip(p, on, strict=True):
        group = [other for other, its in zip(p, on, strict=True) if its == state]
        total += term(mine, sum(group), len(group), state)
    return total


def _summed(chance: Tensor, fires: Tensor) -> float:
    return _sum(chance, fires, lambda p, group, size, on: -p * log(p / group))


def _nan_where_empty(chance: Tensor, fires: Tensor) -> float:
    return float("nan") if bool(fires.all()) or not bool(fires.any()) else _summed(chance, fires)
