"""Chapter 2, directions instead of neurons: one found as a difference of means, one set to a level."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="neurons.difference_of_means",
    title="A direction for a kind of text",
    points=2,
    minutes=6,
    difficulty=1,
    core=False,
    hints=(
        "Two means over tokens, one for those inside the domain and one for those outside. What leads from the second to the first?",
        "x[inside] holds the tokens inside, x[~inside] the others. Their means have d_mlp numbers each.",
        "difference = x[inside].mean(dim=0) - x[~inside].mean(dim=0); then divide it by its norm().",
    ),
)
def difference_of_means(ask: Ask) -> None:
    "The direction against sums and counts, token by token."
    ask.compare(
        _two_groups(ask),
        expected=_direction,
        known=(
            Known(
                "not-scaled",
                "Your direction is right, its length is not: divide it by its norm.",
                lambda x, inside: _gap(x, inside),
            ),
            Known(
                "sign-swapped",
                "Your direction leads out of the domain; it should lead from the outside to the inside.",
                lambda x, inside: -_direction(x, inside),
            ),
            Known(
                "outside-not-subtracted",
                "You take the mean inside alone. It holds what all text has in common too: take off the mean outside.",
                lambda x, inside: _unit(_mean(x, inside)),
            ),
            Known(
                "against-all",
                "You take off the mean of all tokens, those inside included, and forget to scale; compare with those outside.",
                lambda x, inside: _mean(x, inside) - x.double().mean(0),
            ),
            Known(
                "sums",
                "You take the difference of sums. The outside has other numbers of tokens: take means.",
                lambda x, inside: _unit(x[inside].double().sum(0) - x[~inside].double().sum(0)),
            ),
            Known(
                "scaled-too-early",
                "You scale both means before subtracting; subtract first, then scale.",
                lambda x, inside: _unit(_unit(_mean(x, inside)) - _unit(_mean(x, ~inside))),
            ),
            Known(
                "scaled-by-sum",
                "You divide by the sum of the entries; the length is the root of the sum of their squares.",
                lambda x, inside: _gap(x, inside) / _gap(x, inside).sum(),
            ),
            Known(
                "scaled-by-absolute-sum",
                "You divide by the sum of the absolute entries; the length is the root of the sum of their squares.",
                lambda x, inside: _gap(x, inside) / _gap(x, inside).abs().sum(),
            ),
            Known(
                "scaled-by-largest",
                "You divide by the largest entry; the length is the root of the sum of the squares.",
                lambda x, inside: _gap(x, inside) / _gap(x, inside).abs().max(),
            ),
            Known(
                "squared-length",
                "You divide by the squared length; take the root.",
                lambda x, inside: _gap(x, inside) / _gap(x, inside).square().sum(),
            ),
            Known(
                "medians",
                "You use medians; means are asked for.",
                lambda x, inside: _unit((x[inside].median(0).values - x[~inside].median(0).values).double()),
            ),
            Known(
                "one-number",
                "You average over the neurons; average over the tokens.",
                lambda x, inside: x[inside].double().mean() - x[~inside].double().mean(),
            ),
        ),
        look="three tokens of two neurons by hand: both means, then the difference, then its length.",
    )


def _two_groups(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[3.0, 4.0], [3.0, 6.0], [0.0, 1.0]]),
        "inside": torch.tensor([True, True, False]),
    }
    for _ in range(8):
        few, n_units, more = sorted(ask.sizes(3, low=2, high=11))
        x = torch.randn(few + more, n_units, generator=ask.generator).relu() + 0.1
        inside = torch.zeros(few + more, dtype=torch.bool)
        inside[torch.randperm(few + more, generator=ask.generator)[:few]] = True
        x[inside] += torch.rand(n_units, generator=ask.generator)
        yield {"x": x, "inside": inside}


def _mean(x: Tensor, chosen: Tensor) -> Tensor:
    sums, count = [0.0] * x.shape[1], 0
    for row, there in zip(x.double().tolist(), chosen.tolist(), strict=True):
        if there:
            sums, count = [a + b for a, b in zip(sums, row, strict=True)], count + 1
    return torch.tensor(sums, dtype=torch.float64) / count


def _unit(v: Tensor) -> Tensor:
    return v / v.square().sum().sqrt()


def _gap(x: Tensor, inside: Tensor) -> Tensor:
    return _mean(x, inside) - _mean(x, ~inside)


def _direction(x: Tensor, inside: Tensor) -> Tensor:
    return _unit(_gap(x, inside))


@exercise(
    id="neurons.set_component",
    title="Take a direction out",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "How much of the direction is in a token's activations? Take that much away, then put the level in.",
        "With unit = direction / direction.norm(), the component of every token is x @ unit, [batch, n_ctx]. The change is along unit.",
        "x + (level - x @ unit)[..., None] * unit",
    ),
)
def set_component(ask: Ask) -> None:
    "Every token against a projection written as sums."
    ask.compare(
        _tokens_and_levels(ask),
        expected=_levelled,
        known=(
            Known(
                "direction-not-scaled",
                "You use the direction as it is; it may have any length. Divide it by its norm first.",
                lambda x, direction, level: x + (level - x @ direction)[..., None] * direction,
            ),
            Known(
                "length-half-forgotten",
                "You measure the component along the scaled direction, but move along the unscaled one, or the other way round.",
                lambda x, direction, level: x + (level - x @ _unit(direction))[..., None] * direction,
            ),
            Known(
                "level-ignored",
                "You take the component out and forget to put the level in: yours ends at 0.",
                lambda x, direction, level: _levelled(x, direction, 0.0),
            ),
            Known(
                "level-added",
                "You add the level to the component that is there; it takes its place.",
                lambda x, direction, level: x + level * _unit(direction),
            ),
            Known(
                "level-subtracted",
                "Your components end at minus the level; check the sign.",
                lambda x, direction, level: _levelled(x, direction, -level),
            ),
            Known(
                "component-kept-only",
                "You keep only what lies along the direction; everything else should stay.",
                lambda x, direction, level: (x @ _unit(direction))[..., None] * _unit(direction) + 0 * level,
            ),
            Known(
                "everything-replaced",
                "You put the level's vector in the place of the activations; only the component along the direction changes.",
                lambda x, direction, level: 0 * x + level * _unit(direction),
            ),
            Known(
                "doubled",
                "You mirror the activations: take the component out once, not twice.",
                lambda x, direction, level: (
                    x + (level - 2 * (x @ _unit(direction)))[..., None] * _unit(direction)
                ),
            ),
            Known(
                "mean-component",
                "You take the same amount out of every token, the mean component; each token has its own.",
                lambda x, direction, level: x + (level - (x @ _unit(direction)).mean()) * _unit(direction),
            ),
            Known(
                "cut-at-zero",
                "You cut the result off at 0, so the component ends elsewhere; leave negative numbers in.",
                lambda x, direction, level: _levelled(x, direction, level).relu(),
            ),
            Known(
                "component-returned",
                "You return the components; the changed activations are asked for.",
                lambda x, direction, level: x @ _unit(direction),
            ),
        ),
        look="one token of two neurons by hand: its component along [0, 2] is its second number.",
    )


def _tokens_and_levels(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"x": torch.tensor([[[1.0, 2.0]]]), "direction": torch.tensor([0.0, 2.0]), "level": 5.0}
    yield {"x": torch.tensor([[[1.0, 2.0]]]), "direction": torch.tensor([3.0, 4.0]), "level": 0.0}
    for _ in range(7):
        batch, n_ctx, d_mlp = sorted(ask.sizes(3, low=2, high=8))
        yield {
            "x": torch.randn(batch, n_ctx, d_mlp, generator=ask.generator),
            "direction": 2 * torch.randn(d_mlp, generator=ask.generator),
            "level": ask.random.choice((-1, 1)) * (1 + ask.random.random()),
        }


def _levelled(x: Tensor, direction: Tensor, level: float) -> Tensor:
    """Token by token, in 64 bits."""
    v = direction.double().tolist()
    length = sum(entry**2 for entry in v) ** 0.5
    rows = []
    for row in x.double().reshape(-1, len(v)).tolist():
        component = sum(a * b for a, b in zip(row, v, strict=True)) / length
        rows.append([a + (level - component) * b / length for a, b in zip(row, v, strict=True)])
    return torch.tensor(rows, dtype=torch.float64).reshape(x.shape).to(x.dtype)
