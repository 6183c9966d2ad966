"""Chapter 4, section 3: what a best match must beat, for each frequency."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.values import Value


@exercise(
    id="universality.luck",
    title="What luck gives, for each frequency",
    points=3,
    minutes=8,
    difficulty=2,
    core=True,
    hints=(
        "Take one bin: which features are in it, and which value do 95 % of their null matches stay below? All features of "
        "that bin get this value.",
        "inside = (density > 0) & (density >= low) & (density < high) for each pair of neighbouring edges, with <= high for "
        "the last; null[inside].quantile(level) is the value.",
        "thresholds = torch.ones_like(null); for low, high in zip(edges, edges[1:]): ... if inside.any(): "
        "thresholds[inside] = null[inside].quantile(level). What is in no bin keeps its 1.",
    ),
)
def luck(ask: Ask) -> None:
    "Every threshold against sorting the bin by hand; bins that are empty, and densities on an edge."
    ask.compare(
        _cases(ask),
        expected=_by_sorting,
        known=_MISTAKES,
        look="one bin by itself: which features are in it, and what are their null matches, sorted?",
        atol=1e-5,
        rtol=1e-4,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "null": torch.tensor([0.1, 0.3, 0.5, 0.2]),
        "density": torch.tensor([0.5, 0.5, 0.0, 0.125]),
        "edges": [0.0, 0.25, 1.0],
        "level": 0.5,
    }
    for _ in range(16):
        edges = [0.0, *sorted(2.0**-power for power in ask.random.sample(range(1, 10), 3)), 1.0]
        n, empty = ask.random.randint(20, 40), ask.random.randrange(4)
        which = [k for k in range(4) if k != empty]
        density, null = torch.zeros(n), torch.zeros(n)
        for i in range(n):
            k = ask.random.choice(which)
            share = ask.random.uniform(0.1, 0.9)
            density[i] = edges[k] + share * (edges[k + 1] - edges[k])
            null[i] = ask.random.uniform(0, 0.2) + 0.2 * (3 - k)
        for place, low in zip(range(3), [edges[k] for k in which if k], strict=False):
            density[place] = low  # exactly on an edge: it belongs to the bin above
        density[3], null[3] = 1.0, 0.9  # the last bin includes its end
        density[4], null[4] = 0.0, 0.95  # never fires
        yield {"null": null, "density": density, "edges": edges, "level": ask.random.choice([0.5, 0.8, 0.95])}


def _quantile(values: list[float], level: float) -> float:
    """By linear interpolation between the sorted values."""
    values = sorted(values)
    place = level * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def _in_bins(
    null: Tensor, density: Tensor, edges: list[float], value: Callable[[list[float]], float],
    *, upper: bool = False, end: bool = True, dead: bool = False, rest: float = 1.0,
) -> Tensor:  # fmt: skip
    """Each feature gets what `value` makes of its bin's nulls; `upper` puts an edge into the bin below it."""
    found = []
    for own in density.tolist():
        place = _bin(own, edges, upper=upper, end=end, dead=dead)
        if place is None:
            found.append(rest)
            continue
        others = [
            x
            for x, share in zip(null.tolist(), density.tolist(), strict=True)
            if _bin(share, edges, upper=upper, end=end, dead=dead) == place
        ]
        found.append(value(others))
    return torch.tensor(found)


def _bin(share: float, edges: list[float], *, upper: bool, end: bool, dead: bool) -> int | None:
    if share == 0 and not dead:
        return None
    for k in range(len(edges) - 1):
        low, high = edges[k], edges[k + 1]
        below = low < share <= high or share == low == 0
        above = low <= share < high or (end and share == high == edges[-1])
        if below if upper else above:
            return k
    return None


def _by_sorting(null: Tensor, density: Tensor, edges: list[float], level: float) -> Tensor:
    return _in_bins(null, density, edges, lambda values: _quantile(values, level))


def _alive(null: Tensor, density: Tensor, value: float) -> Tensor:
    return torch.where(density > 0, value, torch.ones_like(null))


_MISTAKES = (
    Known(
        "one-for-all",
        "All features get one threshold. Luck is kinder to rare features: each bin needs its own.",
        lambda null, density, edges, level: torch.full_like(null, _quantile(null.tolist(), level)),
    ),
    Known(
        "one-for-all",
        "All features get one threshold. Luck is kinder to rare features: each bin needs its own.",
        lambda null, density, edges, level: _alive(
            null, density, _quantile(null[density > 0].tolist(), level)
        ),
    ),
    Known(
        "wrong-tail",
        "You take the value that only a share `level` of the null matches is above. A share `level` should stay below it.",
        lambda null, density, edges, level: _in_bins(null, density, edges, lambda v: _quantile(v, 1 - level)),
    ),
    Known(
        "mean-of-bin",
        "You take the mean of the bin's null matches: about half of them are luckier. Take the quantile.",
        lambda null, density, edges, level: _in_bins(null, density, edges, lambda v: sum(v) / len(v)),
    ),
    Known(
        "median-of-bin",
        "You take the median of the bin whatever `level` is: half of the lucky ones would pass.",
        lambda null, density, edges, level: _in_bins(null, density, edges, lambda v: _quantile(v, 0.5)),
    ),
    Known(
        "largest-of-bin",
        "You take the largest null match of the bin. It depends on how many features there are; take the quantile.",
        lambda null, density, edges, level: _in_bins(null, density, edges, max),
    ),
    Known(
        "wrong-side-of-edge",
        "A feature whose density is exactly an edge belongs to the bin that begins there: low <= density < high.",
        lambda null, density, edges, level: _in_bins(
            null, density, edges, lambda v: _quantile(v, level), upper=True
        ),
    ),
    Known(
        "end-left-out",
        "A feature that is always on, with density 1, is in no bin of yours. The last bin includes its end.",
        lambda null, density, edges, level: _in_bins(
            null, density, edges, lambda v: _quantile(v, level), end=False
        ),
    ),
    Known(
        "dead-counted",
        "Latents that never fire are in your first bin. They have no threshold to pass: 1, and they count for nobody.",
        lambda null, density, edges, level: _in_bins(
            null, density, edges, lambda v: _quantile(v, level), dead=True
        ),
    ),
    Known(
        "rest-is-zero",
        "Features in no bin have the threshold 0, so that anything passes. A feature that never fires is never above luck: 1.",
        lambda null, density, edges, level: _in_bins(
            null, density, edges, lambda v: _quantile(v, level), rest=0.0
        ),
    ),
    Known(
        "density-not-null",
        "You take the quantile of the densities; the null matches are what luck gave.",
        lambda null, density, edges, level: _of_density(density, edges, level),
    ),
)


def _of_density(density: Tensor, edges: list[float], level: float) -> Tensor:
    return _in_bins(density, density, edges, lambda values: _quantile(values, level))
