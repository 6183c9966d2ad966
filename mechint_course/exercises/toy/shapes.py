"""Chapter 1, section 2: five features in two dimensions, and the shape that they make."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

SHAPES = (
    "two features at a right angle",
    "two opposite pairs",
    "a regular pentagon",
    "a fan within a quarter turn",
)

guess_dense = prediction(
    id="toy.guess_dense", title="Two dimensions, everything present", options=SHAPES, core=True
)
guess_sparse = prediction(
    id="toy.guess_sparse", title="Two dimensions, hardly anything present", options=SHAPES, core=True
)


@exercise(
    id="toy.angles",
    title="Which shape is this?",
    points=3,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "Imagine walking once around the circle and noting how far you turn from each arrow to the next. "
        "How many turns are there, and what do they add up to?",
        "Throw away the short columns. torch.atan2(y, x) gives each remaining arrow's bearing; sorted, their "
        "differences are the turns. One is missing: from the last arrow back to the first.",
        "With sorted bearings b in degrees: torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]), then sort once more. "
        "Slices of length one keep this working for a single arrow and for none.",
    ),
)
def angles(ask: Ask) -> None:
    "Angles between neighbours around the circle against bearings worked out with math.atan2, arrow by arrow."
    ask.compare(
        _angle_cases(ask),
        expected=_walk_around,
        known=(
            Known(
                "not-closed",
                "The turn from the last arrow back to the first is missing: your angles do not add up to 360.",
                lambda W, min_norm=0.5: _bearings(W, min_norm).diff().sort().values,
            ),
            Known(
                "short-ones-kept",
                "You count features that are shorter than min_norm. They are not represented, and their direction is noise.",
                lambda W, min_norm=0.5: _walk_around(W, 0.0),
            ),
            Known(
                "radians",
                "Your angles are in radians; degrees are expected.",
                lambda W, min_norm=0.5: torch.deg2rad(_walk_around(W, min_norm)),
            ),
            Known(
                "not-sorted",
                "Your angles are right, but not sorted from small to large.",
                lambda W, min_norm=0.5: _unsorted(_bearings(W, min_norm)),
            ),
            Known(
                "largest-first",
                "Your angles are right, but sorted from large to small.",
                lambda W, min_norm=0.5: _walk_around(W, min_norm).flip(0),
            ),
            Known(
                "not-neighbours",
                "You take the angles between features in the order of their numbers. Sort the arrows around the circle first.",
                lambda W, min_norm=0.5: _by_number(W, min_norm),
            ),
            Known(
                "bearings",
                "You return where each arrow points; what is asked for is the turn from each arrow to the next.",
                lambda W, min_norm=0.5: _bearings(W, min_norm),
            ),
            Known(
                "lines-not-arrows",
                "You use atan of y / x, which cannot tell an arrow from its opposite. torch.atan2(y, x) can.",
                lambda W, min_norm=0.5: _turns(_half_bearings(W, min_norm)),
            ),
            Known(
                "limit-left-out",
                "You leave out a feature that is exactly min_norm long. Only shorter ones are to go.",
                lambda W, min_norm=0.5: _walk_around(W, min_norm * (1 + 1e-6)),
            ),
            Known(
                "squared-norm",
                "You compare the squared length with min_norm; compare the length.",
                lambda W, min_norm=0.5: _walk_around(W, math.sqrt(min_norm)),
            ),
        ),
        look="the number of angles (one for each arrow that is kept) and their sum (always 360).",
        atol=1e-2,
    )


def _angle_cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"W": torch.tensor([[1.0, 0.0, 0.1], [0.0, 1.0, 0.0]]), "min_norm": 0.5}
    yield {"W": torch.tensor([[0.0, 1.0, 0.0, -1.0], [1.0, 0.0, -1.0, 0.0]]), "min_norm": 0.5}
    for _ in range(20):
        n_features = ask.random.randint(4, 9)
        min_norm = round(0.3 + 0.3 * ask.random.random(), 2)
        n_kept = ask.random.randint(3, n_features)
        lengths = [min_norm * (1.05 + ask.random.random()) for _ in range(n_kept)]
        # Some lie between min_norm and its root, some below its square: other readings of the limit keep others.
        lengths += [min_norm * (0.1 + 0.8 * ask.random.random()) for _ in range(n_features - n_kept)]
        ask.random.shuffle(lengths)
        bearing = torch.rand(n_features, generator=ask.generator, dtype=torch.float64) * 2 * math.pi
        W = torch.stack([bearing.cos(), bearing.sin()]) * torch.tensor(lengths, dtype=torch.float64)
        yield {"W": W.float(), "min_norm": min_norm}
    yield {"W": torch.tensor([[0.6, 0.0], [-0.6, 0.1]]), "min_norm": 0.5}
    yield {"W": torch.tensor([[0.5, 0.0, 0.8], [0.0, 1.0, 0.6]]), "min_norm": 0.5}
    yield {"W": torch.tensor([[0.55, 0.0, -1.0, 0.45], [0.0, 1.0, 1.0, 0.0]])}
    yield {"W": torch.tensor([[0.1, 0.0, 0.2], [0.1, 0.2, 0.0]]), "min_norm": 0.5}


def _walk_around(W: Tensor, min_norm: float = 0.5) -> Tensor:
    return torch.tensor(sorted(_turns(_bearings(W, min_norm)).tolist()), dtype=torch.float64)


def _bearings(W: Tensor, min_norm: float = 0.5) -> Tensor:
    kept = [(x, y) for x, y in W.T.tolist() if math.hypot(x, y) >= min_norm]
    return torch.tensor(sorted(math.degrees(math.atan2(y, x)) for x, y in kept), dtype=torch.float64)


def _half_bearings(W: Tensor, min_norm: float = 0.5) -> Tensor:
    kept = W[:, W.norm(dim=0) >= min_norm].double()
    return torch.rad2deg(torch.atan(kept[1] / kept[0])).sort().values


def _turns(bearings: Tensor) -> Tensor:
    """From each bearing to the next, and from the last to the first."""
    turns = [
        (after - before) for before, after in zip(bearings.tolist(), bearings.tolist()[1:], strict=False)
    ]
    if len(bearings):
        turns.append(360 - sum(turns))
    return torch.tensor(sorted(turns), dtype=torch.float64)


def _unsorted(bearings: Tensor) -> Tensor:
    return torch.cat([bearings.diff(), bearings[:1] + 360 - bearings[-1:]])


def _by_number(W: Tensor, min_norm: float = 0.5) -> Tensor:
    """The angle between each kept feature and the next by number, as the arc cosine gives it."""
    kept = W[:, W.norm(dim=0) >= min_norm].double()
    unit = kept / kept.norm(dim=0)
    return torch.rad2deg((unit * unit.roll(-1, dims=1)).sum(0).clamp(-1, 1).acos()).sort().values
