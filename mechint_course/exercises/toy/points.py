"""Chapter 1, data points instead of features: what a model does with few examples."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_points = prediction(
    id="toy.guess_points",
    title="Five examples",
    options=(
        "five features in a pentagon",
        "five examples in a pentagon",
        "two examples at a right angle",
        "no pattern",
    ),
    core=False,
)
guess_bump = prediction(
    id="toy.guess_bump",
    title="From few examples to many",
    options=(
        "it falls all the way",
        "it rises first, then falls",
        "it falls first, then rises",
        "it stays the same",
    ),
    core=False,
)


@exercise(
    id="toy.sample_dimensionality",
    title="A fraction of a dimension for every example",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "It is the dimensionality of a feature, with the hidden vectors of the examples in the place of feature directions.",
        "hidden = x @ W.T holds a hidden vector in each row. Scale it to length 1 on one side only: unit @ hidden.T. Clamp the "
        "lengths at a tiny number first, for vectors that are zero.",
        "overlaps = (unit @ hidden.T) ** 2; the answer is lengths squared / overlaps.sum(dim=1), and 0 where the length is 0.",
    ),
)
def sample_dimensionality(ask: Ask) -> None:
    "The fraction of every example against double loops."
    ask.compare(
        _cases(ask),
        expected=_fractions,
        known=(
            Known(
                "features-for-examples",
                "You measure the columns of W, which are features. Here it is about the hidden vectors of the examples.",
                lambda x, W: _measured(W.T),
            ),
            Known(
                "inputs-for-hidden",
                "You measure the examples themselves. Squeeze them first: h = W x.",
                lambda x, W: _measured(x),
            ),
            Known(
                "itself-excluded",
                "You leave the example itself out of the sum; it belongs in, or an example alone would have 0 below.",
                lambda x, W: _measured(x @ W.T, itself=False),
            ),
            Known(
                "both-scaled",
                "You scale both vectors to length 1. Only the one you look along is scaled.",
                lambda x, W: _measured(x @ W.T, scale_j=True),
            ),
            Known(
                "not-scaled",
                "You scale neither vector. Divide h_i by its length in the sum below.",
                lambda x, W: _measured(x @ W.T, scale_i=False),
            ),
            Known(
                "not-squared",
                "You add up the overlaps below without squaring them.",
                lambda x, W: _measured(x @ W.T, power=1),
            ),
            Known(
                "length-not-squared",
                "The numerator is the length; it should be the length squared.",
                lambda x, W: _measured(x @ W.T, numerator=1),
            ),
            Known(
                "zero-divided",
                "An example whose hidden vector is zero gives NaN: 0 divided by 0. It has the fraction 0.",
                lambda x, W: _divided_by_zero(x, W),
            ),
        ),
        look="two opposite examples by hand: each has half of a dimension.",
        atol=1e-4,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"x": torch.tensor([[1.0, 0.0], [0.0, 1.0]]), "W": torch.tensor([[1.0, -1.0]])}
    yield {"x": torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.5, 0.0]]), "W": torch.eye(2, 3)}
    for _ in range(7):
        n_examples, n_hidden, n_features = ask.sizes(3)
        x = torch.rand(n_examples, n_features, generator=ask.generator)
        yield {"x": x, "W": torch.randn(n_hidden, n_features, generator=ask.generator)}


def _measured(
    vectors: Tensor,
    *,
    itself: bool = True,
    scale_i: bool = True,
    scale_j: bool = False,
    power: int = 2,
    numerator: int = 2,
) -> Tensor:
    rows = vectors.double().tolist()
    lengths = [sum(v * v for v in row) ** 0.5 for row in rows]
    found = []
    for i, one in enumerate(rows):
        below = 0.0
        for j, other in enumerate(rows):
            over = (lengths[i] if scale_i else 1) * (lengths[j] if scale_j else 1)
            if over and (itself or i != j):
                below += (sum(a * b for a, b in zip(one, other, strict=True)) / over) ** power
        nothing = torch.inf if power == 1 and lengths[i] else 0.0  # overlaps that cancel
        found.append(lengths[i] ** numerator / below if below else nothing)
    return torch.tensor(found, dtype=torch.float64)


def _fractions(x: Tensor, W: Tensor) -> Tensor:
    return _measured(x.double() @ W.double().T)


def _divided_by_zero(x: Tensor, W: Tensor) -> Tensor:
    hidden = x.double() @ W.double().T
    return torch.where((hidden == 0).all(1), torch.nan, _fractions(x, W))
