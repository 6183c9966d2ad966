"""Pictures of blind ratings: how features and neurons were rated, by one person and by a class."""

from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mechint_course.figures.style import PALETTE, CourseFigure, fill, new_figure

Totals = Mapping[str, Sequence[int]]
"""For each kind of unit the sums of the rubric."""


def ratings(people: Mapping[str, Totals], *, most: int = 15, guess: str | None = None) -> CourseFigure:
    """How often each sum was given: a column for each rater or group of raters, a row for each kind of unit.

    The dashed line is the median. Where nothing was rated, the panel says so. `most` is the largest sum there can be.

    >>> figure = ratings({"you": {"feature": [12, 14, 9], "neuron": []}})
    >>> figure.axes[0].get_title(), figure.axes[1].texts[0].get_text()
    ('you: feature, median 12 of 3 ratings', 'nothing rated yet')
    """
    kinds = list(dict.fromkeys(kind for totals in people.values() for kind in totals))
    figure = new_figure(
        4.6 * len(people) + 1.0,
        1.7 * len(kinds) + 0.9,
        rows=len(kinds),
        columns=len(people),
        share_x=True,
        title=guess and f"You predicted: {guess}.",
        alt="; ".join(_words(who, kind, totals[kind]) for who, totals in people.items() for kind in totals)
        + ".",
    )
    panels = iter(figure.axes)
    for number, kind in enumerate(kinds):
        for who, totals in people.items():
            _panel(next(panels), number, f"{who}: {kind}", totals.get(kind, ()), most)
    for axes in figure.axes[-len(people) :]:
        axes.set_xlabel("sum of the rubric")
    return figure


def _panel(axes: Axes, number: int, name: str, values: Sequence[int], most: int) -> None:
    axes.set(xlim=(-0.7, most + 0.7), xticks=range(0, most + 1, 3), ylabel="units")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    if not values:
        axes.set(title=name, yticks=[])
        axes.text(most / 2, 0.5, "nothing rated yet", ha="center", va="center", color=PALETTE["grey"])
        axes.set_ylim(0, 1)
        return
    counts = [list(values).count(total) for total in range(most + 1)]
    axes.bar(range(most + 1), counts, width=0.9, **fill(number))
    axes.axvline(median(values), color=PALETTE["black"], linestyle="--", linewidth=1.5)
    axes.set_ylim(0, max(counts) * 1.15)
    axes.set_title(
        f"{name}, median {median(values):g} of {len(values)} rating{'s' if len(values) != 1 else ''}"
    )


def _words(who: str, kind: str, values: Sequence[int]) -> str:
    if not values:
        return f"{who}, {kind}: nothing rated yet"
    return f"{who}, {kind}: median {median(values):g} of {len(values)} rated, from {min(values)} to {max(values)}"
