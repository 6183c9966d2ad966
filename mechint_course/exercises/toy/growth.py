"""Chapter 1, section 6: superposition grows: how long the directions are, and how crowded."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_linear = prediction(
    id="toy.guess_linear",
    title="A linear model in a sparse world",
    options=("exactly 5", "6 to 9", "10 to 14", "all 20"),
    core=True,
)
guess_growth = prediction(
    id="toy.guess_growth",
    title="A ReLU model in a sparse world",
    options=("exactly 5", "6 to 9", "10 to 14", "all 20"),
    core=True,
)


@exercise(
    id="toy.superposition",
    title="How long, and how crowded",
    points=3,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "The first answer is the length of every column. For the second, look from one feature's direction at all the "
        "other columns: how much of each lies along it?",
        "Divide each column by its length; clamp the lengths at a tiny number first, for columns that are zero. "
        "unit.T @ W has W_j along direction i in row i, column j.",
        "overlaps = (unit.T @ W) ** 2; the interference is overlaps.sum(dim=1) - overlaps.diagonal().",
    ),
)
def superposition(ask: Ask) -> None:
    "Both numbers of every feature against double loops."
    ask.compare(
        _weight_cases(ask),
        expected=_lengths_and_crowding,
        known=(
            Known(
                "itself-included",
                "You count a feature among its own neighbours: leave j = i out of the sum.",
                lambda W: _crowding(W, itself=True),
            ),
            Known(
                "not-squared",
                "You add up the overlaps without squaring them.",
                lambda W: _crowding(W, power=1),
            ),
            Known(
                "direction-not-scaled",
                "You use W_i itself, not its direction: divide it by its length.",
                lambda W: _crowding(W, scale_i=False),
            ),
            Known(
                "both-scaled",
                "You scale both columns to length 1. Only the direction that one looks along is scaled: a neighbour "
                "that is short disturbs little.",
                lambda W: _crowding(W, scale_j=True),
            ),
            Known(
                "sum-over-the-wrong-axis",
                "You add up how much of W_i lies along the other directions. It is the other way round: how much of "
                "the others lies along the direction of i.",
                lambda W: _crowding(W, scale_i=False, scale_j=True),
            ),
            Known(
                "length-squared",
                "Your lengths are squared lengths.",
                lambda W: ((W.double() ** 2).sum(0), _lengths_and_crowding(W)[1]),
            ),
            Known(
                "rows-for-columns",
                "You measure the rows of W. A feature's direction is a column.",
                lambda W: _lengths_and_crowding(W.T),
            ),
            Known(
                "order-swapped",
                "Your two answers are right, in the wrong order: lengths first.",
                lambda W: tuple(reversed(_lengths_and_crowding(W))),
            ),
            Known(
                "zero-divided",
                "A column that is zero gives NaN: 0 divided by 0. Such a feature has the length 0 and the "
                "interference 0.",
                lambda W: _divided_by_zero(W),
            ),
        ),
        look="an opposite pair by hand: W = [[1, -0.5]]. Feature 0 hears 0.25, feature 1 hears 1.",
        atol=1e-4,
    )


def _weight_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"W": torch.tensor([[1.0, -0.5]])}
    yield {"W": torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0]])}
    for _ in range(20):
        n_hidden, n_features = ask.sizes(2)
        yield {"W": torch.randn(n_hidden, n_features, generator=ask.generator)}


def _crowding(
    W: Tensor, *, itself: bool = False, power: int = 2, scale_i: bool = True, scale_j: bool = False
) -> tuple[Tensor, Tensor]:
    W = W.double()
    lengths = [sum(v * v for v in column) ** 0.5 for column in W.T.tolist()]
    found = []
    for i in range(W.shape[1]):
        total = 0.0
        for j in range(W.shape[1]):
            over = (lengths[i] if scale_i else 1) * (lengths[j] if scale_j else 1)
            if over and (itself or i != j):
                total += (float(W[:, i] @ W[:, j]) / over) ** power
        found.append(total)
    return torch.tensor(lengths, dtype=torch.float64), torch.tensor(found, dtype=torch.float64)


def _lengths_and_crowding(W: Tensor) -> tuple[Tensor, Tensor]:
    return _crowding(W)


def _divided_by_zero(W: Tensor) -> tuple[Tensor, Tensor]:
    lengths, found = _crowding(W)
    return lengths, torch.where(lengths > 0, found, torch.nan)
