"""Chapter 1, section 9: how much of a dimension a feature has, and how tightly features are packed."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_strip = prediction(
    id="toy.guess_strip",
    title="The road from 1 down",
    options=(
        "evenly, all the way",
        "with a flat stretch at 1/2",
        "with a flat stretch at 2/5",
        "it stays at 1",
    ),
    core=False,
)


@exercise(
    id="toy.dimensions_per_feature",
    title="Dimensions for each feature",
    points=1,
    minutes=5,
    difficulty=1,
    core=False,
    hints=(
        "Count features by their squared lengths: one that is represented counts about 1, one that is not about 0.",
        "The squares of all entries of W add up to the squared lengths of all columns.",
        "W.shape[0] / (W**2).sum()",
    ),
)
def dimensions_per_feature(ask: Ask) -> None:
    "One number for a matrix, against a sum in a loop."
    ask.compare(
        _weight_cases(ask),
        expected=_room_for_each,
        known=(
            Known(
                "upside-down",
                "You return features per dimension. It is the other way round: dimensions over features.",
                lambda W: 1 / _room_for_each(W),
            ),
            Known(
                "lengths-not-squared",
                "You add up lengths; the squared Frobenius norm adds up squared lengths.",
                lambda W: W.shape[0] / W.double().norm(dim=0).sum(),
            ),
            Known(
                "norm-not-squared",
                "You divide by the Frobenius norm; it has to be squared.",
                lambda W: W.shape[0] / W.double().norm(),
            ),
            Known(
                "features-for-dimensions",
                "You divide the number of features. Above the line stands m, the number of hidden dimensions, the "
                "rows of W.",
                lambda W: _room_for_each(W) * W.shape[1] / W.shape[0],
            ),
            Known(
                "counted-by-threshold",
                "You count the columns above a limit. Here every column counts with its squared length.",
                lambda W: W.shape[0] / (W.double().square().sum(0) > 0.5).sum(),
            ),
            Known(
                "every-column-counts",
                "You divide by the number of columns, represented or not.",
                lambda W: W.shape[0] / W.shape[1],
            ),
            Known(
                "one-divided",
                "You return 1 over the squared norm; m, the number of rows of W, belongs above the line.",
                lambda W: _room_for_each(W) / W.shape[0],
            ),
        ),
        look="an opposite pair by hand: W = [[1, -1]] has one dimension and two features, so 1/2.",
    )


@exercise(
    id="toy.dimensionality",
    title="A share of a dimension",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "Below the line stands everything that lies along the direction of feature i, feature i itself included.",
        "unit.T @ W has W_j along direction i in row i, column j: square it and sum over j. A column of zeros gives 0/0 "
        "unless you clamp the lower side at a tiny number.",
        "unit = W / W.norm(dim=0).clamp(min=1e-9); shared = (unit.T @ W).square().sum(dim=1); "
        "W.square().sum(dim=0) / shared.clamp(min=1e-9)",
    ),
)
def dimensionality(ask: Ask) -> None:
    "The share of every feature against double loops."
    ask.compare(
        _weight_cases(ask),
        expected=_share,
        known=(
            Known(
                "itself-left-out",
                "You leave the feature itself out of the sum below the line: j runs over all features, i too.",
                lambda W: _share(W, itself=False),
            ),
            Known(
                "overlaps-not-squared",
                "You add up the overlaps below the line without squaring them.",
                lambda W: _share(W, power=1),
            ),
            Known(
                "length-not-squared",
                "Above the line stands the squared length of W_i; yours is the length.",
                lambda W: _share(W, top=1),
            ),
            Known(
                "direction-not-scaled",
                "You use W_i itself below the line, not its direction: divide it by its length.",
                lambda W: _share(W, scale_i=False),
            ),
            Known(
                "both-scaled",
                "You scale both columns below the line. Only the direction that one looks along has length 1.",
                lambda W: _share(W, scale_j=True),
            ),
            Known(
                "one-over-cosines",
                "You divide 1 by the sum of squared cosines, which is what you get by looking along the directions of the "
                "others. Look along the direction of i: a neighbour that is short takes little room.",
                lambda W: _share(W, scale_j=True, top=0),
            ),
            Known(
                "rows-for-columns",
                "You measure the rows of W. A feature's direction is a column.",
                lambda W: _share(W.T),
            ),
            Known(
                "upside-down",
                "Your fraction stands on its head.",
                lambda W: torch.where(_share(W) > 0, 1 / _share(W), torch.nan),
            ),
            Known(
                "zero-divided",
                "A column that is zero gives NaN: 0 divided by 0. Such a feature has no dimension at all, so 0.",
                lambda W: torch.where(W.double().norm(dim=0) > 0, _share(W), torch.nan),
            ),
            Known(
                "nothing-counts-one",
                "A column that is zero comes out as a whole dimension. Such a feature has none: 0.",
                lambda W: torch.where(W.double().norm(dim=0) > 0, _share(W), 1.0),
            ),
        ),
        look="an opposite pair by hand: W = [[1, -1]]. Each has 1 / (1 + 1) = 1/2.",
        atol=1e-4,
    )


def _weight_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"W": torch.tensor([[1.0, -1.0, 0.5]])}
    yield {"W": torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0]])}
    for k in range(18):
        n_hidden, n_features = ask.sizes(2)
        W = torch.randn(n_hidden, n_features, generator=ask.generator)
        if k % 3 == 0 and n_features > 2:
            W[:, ask.random.randrange(n_features)] = 0.0
        yield {"W": W}


def _room_for_each(W: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for value in W.double().flatten():
        total = total + value * value
    return W.shape[0] / total


def _share(
    W: Tensor,
    *,
    itself: bool = True,
    power: int = 2,
    top: int = 2,
    scale_i: bool = True,
    scale_j: bool = False,
) -> Tensor:
    W = W.double()
    lengths = [sum(v * v for v in column) ** 0.5 for column in W.T.tolist()]
    overlaps = (W.T @ W).tolist()
    found = []
    for i in range(W.shape[1]):
        below = 0.0
        for j in range(W.shape[1]):
            over = (lengths[i] if scale_i else 1) * (lengths[j] if scale_j else 1)
            if over and (itself or i != j):
                below += (overlaps[i][j] / over) ** power
        found.append(lengths[i] ** top / below if lengths[i] and below else 0.0)
    return torch.tensor(found, dtype=torch.float64)
