"""Chapter 1, section 9: which shapes the features of a model form, told by how much of a dimension each has."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="toy.sticky",
    title="Which shapes are they?",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "Compare every D_i with every value; each feature belongs to one value at most, the nearest.",
        "distance = (D[:, None] - values).abs() has a row for each feature. The smallest of a row says how far, its "
        "place says to which value.",
        "near = distance.min(dim=1); torch.bincount(near.indices[near.values <= tolerance], minlength=len(values))",
    ),
)
def sticky(ask: Ask) -> None:
    "Counts against a loop over the features, with values whose neighbourhoods overlap."
    ask.compare(
        _share_cases(ask),
        expected=_counts,
        known=(
            Known(
                "counted-twice",
                "A feature that lies near two values is counted for both. It belongs to the nearest one.",
                lambda D, values, tolerance: _table(D, values, tolerance).sum(0),
            ),
            Known(
                "tolerance-ignored",
                "You give every feature to its nearest value, however far that is.",
                lambda D, values, tolerance: _counts(D, values, 10.0),
            ),
            Known(
                "shares-not-counts",
                "You return which part of the features lies at each value; asked is how many.",
                lambda D, values, tolerance: _counts(D, values, tolerance) / len(D),
            ),
            Known(
                "first-not-nearest",
                "A feature goes to the first value within the tolerance. It belongs to the nearest one.",
                lambda D, values, tolerance: _first(D, values, tolerance),
            ),
            Known(
                "one-sided",
                "You count only features at a value or above it. The tolerance goes both ways.",
                lambda D, values, tolerance: _one_sided(D, values, tolerance, above=True),
            ),
            Known(
                "one-sided",
                "You count only features at a value or below it. The tolerance goes both ways.",
                lambda D, values, tolerance: _one_sided(D, values, tolerance, above=False),
            ),
            Known(
                "per-feature",
                "You return a value for each feature; asked is a count for each value.",
                lambda D, values, tolerance: (D[:, None] - values).abs().argmin(1),
            ),
        ),
        look="D = [0.49, 0.41, 0.39, 0.2] with the values 0.5, 0.4 and the tolerance 0.03: one and two.",
    )


def _share_cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {
        "D": torch.tensor([0.49, 0.41, 0.39, 0.2]),
        "values": torch.tensor([0.5, 0.4]),
        "tolerance": 0.03,
    }
    yield {
        "D": torch.tensor([0.75, 0.1]),
        "values": torch.tensor([0.5, 0.4]),
        "tolerance": 0.25,
    }  # at the edge
    yield {"D": torch.tensor([0.9, 0.1]), "values": torch.tensor([0.5, 0.4, 0.3]), "tolerance": 0.05}
    for _ in range(18):
        n_features, n_values = ask.random.randint(20, 40), ask.random.randint(3, 7)
        values = 0.1 + 0.9 * torch.rand(n_values, generator=ask.generator)
        tolerance = round(0.03 + 0.05 * ask.random.random(), 3)
        D = torch.rand(n_features, generator=ask.generator)
        yield {"D": D[_clear(D, values, tolerance)], "values": values, "tolerance": tolerance}


def _clear(D: Tensor, values: Tensor, tolerance: float) -> Tensor:
    """Which features are neither at the edge of a tolerance nor half-way between two values."""
    distance = (D[:, None] - values).abs()
    nearest = distance.sort(dim=1).values
    at_edge = ((distance - tolerance).abs() < 1e-4).any(dim=1)
    return ~at_edge & (nearest[:, 1] - nearest[:, 0] > 1e-4)


def _table(D: Tensor, values: Tensor, tolerance: float) -> Tensor:
    return torch.tensor([[abs(d - v) <= tolerance for v in values.tolist()] for d in D.tolist()]).view(
        len(D), len(values)
    )


def _counts(D: Tensor, values: Tensor, tolerance: float) -> Tensor:
    counts = [0] * len(values)
    for d in D.tolist():
        distances = [abs(d - value) for value in values.tolist()]
        if min(distances) <= tolerance:
            counts[distances.index(min(distances))] += 1
    return torch.tensor(counts)


def _first(D: Tensor, values: Tensor, tolerance: float) -> Tensor:
    counts = [0] * len(values)
    for row in _table(D, values, tolerance).tolist():
        if any(row):
            counts[row.index(True)] += 1
    return torch.tensor(counts)


def _one_sided(D: Tensor, values: Tensor, tolerance: float, *, above: bool) -> Tensor:
    sign = 1 if above else -1
    return torch.tensor([sum(0 <= sign * (d - v) <= tolerance for d in D.tolist()) for v in values.tolist()])
