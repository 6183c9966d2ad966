"""Chapter 1, section 1: room for more directions than dimensions."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_room = prediction(
    id="toy.guess_room",
    title="Who may stay?",
    options=("fewer than 100", "exactly 100", "between 100 and 300", "more than 300"),
    core=True,
)


@exercise(
    id="toy.nearly_orthogonal",
    title="Counting directions that keep their distance",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "A newcomer is compared with those who were let in before it. What has to be true of all of them?",
        "Scale every column to length 1; then unit.T @ unit holds all cosines. Leaning away counts like leaning towards, "
        "so take the absolute value. Keep a list of the numbers of those who stay.",
        "for i in range(n): if (overlap[i, kept] <= limit).all(): kept.append(i). With an empty list the "
        "condition holds, so the first always stays. The answer is len(kept).",
    ),
)
def nearly_orthogonal(ask: Ask) -> None:
    "The count against the same rule carried out pair by pair in plain Python."
    ask.compare(
        _direction_cases(ask),
        expected=_one_by_one,
        known=(
            Known(
                "sign-kept",
                "You compare the cosine itself, so directions that are nearly opposite to each other may both stay. "
                "Compare its absolute value.",
                lambda directions, limit: _one_by_one(directions, limit, absolute=False),
            ),
            Known(
                "not-normalised",
                "You compare inner products of columns that are not of length 1. A cosine is the inner product of "
                "two directions, each divided by its length.",
                lambda directions, limit: _one_by_one(directions, limit, normal=False),
            ),
            Known(
                "only-the-last",
                "You compare each newcomer only with the one who was let in last. It must keep its distance from all.",
                lambda directions, limit: _one_by_one(directions, limit, whom="last"),
            ),
            Known(
                "only-the-first",
                "You compare each newcomer only with the first direction. It must keep its distance from all who stay.",
                lambda directions, limit: _one_by_one(directions, limit, whom="first"),
            ),
            Known(
                "compared-with-all",
                "You compare each newcomer with everybody before it, also with those who were sent away. Only those "
                "who stay count.",
                lambda directions, limit: _one_by_one(directions, limit, whom="all"),
            ),
            Known(
                "limit-left-out",
                "You send away a direction whose cosine is exactly the limit; it may stay.",
                lambda directions, limit: _one_by_one(directions, limit, strict=True),
            ),
            Known(
                "counts-rejected",
                "You count those who were sent away.",
                lambda directions, limit: directions.shape[1] - _one_by_one(directions, limit),
            ),
            Known(
                "loners-only",
                "You count the directions that keep their distance from every other one. When two lean towards each "
                "other, only the later one has to go.",
                lambda directions, limit: _loners(directions, limit),
            ),
        ),
        look="three directions in the plane by hand: [1, 0], [0, 1] and [-1, 0.1], with the limit 0.5.",
    )


def _direction_cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"directions": torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.1]]), "limit": 0.5}
    yield {
        "directions": torch.tensor([[2.0, 0.0, 0.0, 1.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]]),
        "limit": 0.0,
    }
    for _ in range(20):
        n_hidden, n_directions = ask.random.randint(2, 6), ask.random.randint(8, 20)
        lengths = 0.3 + 2 * torch.rand(n_directions, generator=ask.generator)
        directions = torch.randn(n_hidden, n_directions, generator=ask.generator)
        yield {
            "directions": directions / directions.norm(dim=0) * lengths,
            "limit": round(0.3 + 0.4 * ask.random.random(), 2) + 0.003,
        }


def _one_by_one(
    directions: Tensor,
    limit: float,
    *,
    absolute: bool = True,
    normal: bool = True,
    whom: str = "kept",
    strict: bool = False,
) -> int:
    columns = directions.double().T.tolist()
    kept: list[int] = []
    for i, one in enumerate(columns):
        others = {"kept": kept, "last": kept[-1:], "first": kept[:1], "all": list(range(i))}[whom]
        overlaps = [_overlap(one, columns[j], normal) for j in others]
        overlaps = [abs(value) for value in overlaps] if absolute else overlaps
        if all(value < limit if strict else value <= limit for value in overlaps):
            kept.append(i)
    return len(kept)


def _overlap(one: list[float], other: list[float], normal: bool) -> float:
    inner = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    return inner / lengths if normal else inner


def _loners(directions: Tensor, limit: float) -> int:
    columns = directions.double().T.tolist()
    return sum(
        all(abs(_overlap(one, other, True)) <= limit for j, other in enumerate(columns) if j != i)
        for i, one in enumerate(columns)
    )


@exercise(
    id="toy.leak",
    title="What the absent ones seem to say",
    points=2,
    minutes=5,
    difficulty=1,
    core=True,
    hints=(
        "A feature is read by projecting the hidden vector on its direction. For an absent feature, whatever you read is "
        "leak.",
        "x @ W.T is the hidden vector of each sample; times W, it is all readings. (x == 0) says which features "
        "are absent. Square, average over the absent ones only, and take the root.",
        "readings = x @ W.T @ W; absent = x == 0; ((readings**2 * absent).sum(dim=1) / absent.sum(dim=1)).sqrt()",
    ),
)
def leak(ask: Ask) -> None:
    "Each sample's root mean square over absent features against loops over samples and features."

    def readings(x: Tensor, W: Tensor) -> Tensor:
        return x.double() @ W.double().T @ W.double()

    def absent(x: Tensor) -> Tensor:
        return (x == 0).double()

    ask.compare(
        _leak_cases(ask),
        expected=_leaks_by_loops,
        known=(
            Known(
                "present-included",
                "You average over all features. A feature that is there is read with its own strength, which is no "
                "leak: leave those out.",
                lambda x, W: (readings(x, W) ** 2).mean(1).sqrt(),
            ),
            Known(
                "divided-by-all",
                "You add up over the absent features, but divide by the number of all features.",
                lambda x, W: (readings(x, W) ** 2 * absent(x)).mean(1).sqrt(),
            ),
            Known(
                "present-only",
                "You look at the features that are there. The leak is what you read of the others.",
                lambda x, W: ((readings(x, W) ** 2 * (1 - absent(x))).sum(1) / (1 - absent(x)).sum(1)).sqrt(),
            ),
            Known(
                "mean-absolute",
                "You average the absolute values. The root mean square is asked for: square, average, root.",
                lambda x, W: (readings(x, W).abs() * absent(x)).sum(1) / absent(x).sum(1),
            ),
            Known(
                "plain-mean",
                "You average the readings themselves, so leaks of opposite sign cancel. Square them first.",
                lambda x, W: (readings(x, W) * absent(x)).sum(1) / absent(x).sum(1),
            ),
            Known(
                "root-missing",
                "The root is missing: you return the mean of the squares.",
                lambda x, W: (readings(x, W) ** 2 * absent(x)).sum(1) / absent(x).sum(1),
            ),
            Known(
                "mean-missing",
                "You add up the squares and do not average, so more features look like more leak.",
                lambda x, W: (readings(x, W) ** 2 * absent(x)).sum(1).sqrt(),
            ),
            Known(
                "one-for-all",
                "You return one number for the batch; one for each sample is expected.",
                lambda x, W: ((readings(x, W) ** 2 * absent(x)).sum() / absent(x).sum()).sqrt(),
            ),
        ),
        look="one sample by hand: which features are absent, and what is their direction's inner product with h?",
    )


def _leak_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"x": torch.tensor([[1.0, 0.0, 0.0]]), "W": torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.8, 1.0]])}
    for _ in range(20):
        n_samples, n_features, n_hidden = ask.sizes(3, low=3, high=10)
        x = torch.rand(n_samples, n_features, generator=ask.generator) + 0.1
        x = x * (torch.rand(n_samples, n_features, generator=ask.generator) < 0.4)
        x[:, 0], x[:, 1] = 0.0, 0.5  # every sample has one that is absent and one that is there
        W = torch.randn(n_hidden, n_features, generator=ask.generator)
        yield {"x": x, "W": W / W.norm(dim=0)}


def _leaks_by_loops(x: Tensor, W: Tensor) -> Tensor:
    found = []
    rows, directions = W.double().tolist(), W.double().T.tolist()
    for sample in x.double().tolist():
        h = [sum(w * v for w, v in zip(row, sample, strict=True)) for row in rows]
        read = [sum(a * b for a, b in zip(h, direction, strict=True)) for direction in directions]
        squares = [value**2 for value, present in zip(read, sample, strict=True) if not present]
        found.append((sum(squares) / len(squares)) ** 0.5)
    return torch.tensor(found, dtype=torch.float64)
