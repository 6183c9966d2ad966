"""Pictures of the frontier: what a dictionary misses against how many latents it uses, and how short it makes things."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from mechint_course.figures.style import PALETTE, new_figure, series


class Point(NamedTuple):
    """One dictionary, scored on text that it was not trained on."""

    l0: float
    """Latents on for one input, on average."""
    fvu: float
    """Share of variance that it misses."""
    shrinkage: float
    """Length of its reconstructions against the right one: below 1 they are too short."""
    fvu_rescaled: float
    """The share missed once every reconstruction is multiplied by the best single factor."""


def frontier(points: Mapping[str, Sequence[Point]], *, guess: str | None = None, title: str = "") -> Figure:
    """Left, FVU against L0, one line for each architecture; right, the shrinkage of the same dictionaries.

    >>> point = Point(16.0, 0.2, 0.9, 0.19)
    >>> [text.get_text() for text in frontier({"L1": [point]}, guess="L1").axes[1].texts]
    ['1: as long as they should be', 'you said: L1']
    """
    figure = new_figure(9.0, 3.8, columns=2, title=title or None)
    missed, length = figure.axes
    for number, (name, line) in enumerate(points.items()):
        ordered = sorted(line)
        at = [point.l0 for point in ordered]
        missed.plot(at, [point.fvu for point in ordered], label=name, **series(number))
        length.plot(at, [point.shrinkage for point in ordered], **series(number))
    for axes in (missed, length):
        axes.set(xscale="log", xlabel="L0: latents on for one token")
        ticks = [tick for tick in (1, 2, 4, 8, 16, 32, 64, 128, 256) if _spans(points, tick)]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    missed.set(title="What they miss", ylabel="FVU", ylim=(0, None))
    length.axhline(1, color=PALETTE["grey"], linestyle=":")
    length.text(
        0.02,
        1.015,
        "1: as long as they should be",
        color=PALETTE["grey"],
        fontsize=8,
        transform=length.get_yaxis_transform(),
    )
    if guess is not None:
        length.text(0.98, 0.04, f"you said: {guess}", transform=length.transAxes, ha="right")
    length.set(title="How long their reconstructions are", ylabel="shrinkage", ylim=(None, 1.06))
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=len(points))
    return figure  # fmt: skip


def _spans(points: Mapping[str, Sequence[Point]], tick: int) -> bool:
    found = [point.l0 for line in points.values() for point in line]
    return 0.6 * min(found) <= tick <= 1.7 * max(found)
