"""Pictures of a contest of dictionaries: the card of one, and where each stands between sparse and faithful."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from mechint_course.figures.style import PALETTE, new_figure, series


class Place(NamedTuple):
    """Where a dictionary stands.

    >>> places = [Place("small", l0=8, recovered=0.7), Place("large", l0=16, recovered=0.9)]
    >>> max(places, key=lambda place: place.recovered).name
    'large'
    """

    name: str
    l0: float
    """Latents on for a token."""
    recovered: float
    """Share of the loss (or, without a model, of the variance) that survives."""
    baseline: bool = False


def score_card(
    title: str,
    notes: Sequence[str],
    shares: Mapping[str, tuple[float, float | None]],
    by_domain: Mapping[str, tuple[float, float | None]],
    *,
    baseline: str = "baseline",
) -> Figure:
    """A dictionary's scores as bars from 0 to 1, its best latent for every domain, and notes in words below the title.

    Each value stands beside the baseline's, a white diamond; None where the baseline has none.

    >>> figure = score_card("mine", ["L0 16.0"], {"loss recovered": (0.9, 0.95)}, {"dna": (0.8, None)})
    >>> [axes.get_title() for axes in figure.axes]
    ['Scores', 'Best latent for each domain, F1']
    """
    height = 1.5 + 0.24 * len(notes) + max(0.42 * len(shares), 0.24 * len(by_domain))
    figure = new_figure(10, height, columns=2 if by_domain else 1)
    heading = "\n".join([title, *notes])
    figure.suptitle(heading, x=0.01, ha="left", fontsize=10, linespacing=1.4)
    panels = [("Scores", shares), ("Best latent for each domain, F1", by_domain)]
    for number, (axes, (name, values)) in enumerate(zip(figure.axes, panels, strict=False)):
        rows = range(len(values))
        mine, theirs = [pair[0] for pair in values.values()], [pair[1] for pair in values.values()]
        bars = axes.barh(
            rows, [min(max(value, 0.0), 1.0) for value in mine], color=PALETTE["sky"], height=0.6
        )
        axes.bar_label(bars, labels=[f"{value:.2f}" for value in mine], padding=8, fontsize=8)
        known = [(value, row) for value, row in zip(theirs, rows, strict=True) if value is not None]
        if known:
            axes.plot(
                *zip(*known, strict=True),
                "D",
                color=PALETTE["black"],
                markerfacecolor="white",
                markersize=5,
                label=baseline,
            )
        axes.set_yticks(rows, list(values), fontsize=9 if number == 0 else 8)
        axes.invert_yaxis()
        axes.set(title=name, xlim=(0, 1.12), xticks=[0, 0.25, 0.5, 0.75, 1])
        if known and number == 0:
            axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.06), borderaxespad=0.2)
    return figure


def frontier(places: Sequence[Place], *, budget: float, what: str = "loss recovered") -> Figure:
    """Every dictionary by how many latents are on for a token (to the left is sparser) and what survives (up is better).

    The line joins those that no other one beats in both; left of the dashed line are those within the budget.

    >>> frontier([Place("a", 16, 0.9), Place("b", 8, 0.7)], budget=16).axes[0].get_ylabel()
    'loss recovered'
    """
    figure = new_figure(8, 5)
    axes = figure.axes[0]
    best = unbeaten(places)
    axes.plot(
        [place.l0 for place in best],
        [place.recovered for place in best],
        color=PALETTE["grey"],
        linewidth=1,
        zorder=1,
    )
    axes.axvline(budget, color=PALETTE["black"], linestyle="--", linewidth=0.8)
    axes.annotate(
        f"budget: {budget:g} ", (budget, 0.02), xycoords=("data", "axes fraction"), ha="right", fontsize=9
    )
    for number, place in enumerate(places):
        look = series(number) | {"linestyle": "", "markersize": 9}
        if place.baseline:
            look |= {"marker": "D", "markerfacecolor": "white", "color": PALETTE["black"]}
        axes.plot(place.l0, place.recovered, label=place.name, zorder=2, **look)
    axes.set_xscale("log")
    axes.set(xlabel="L0: latents on for a token, on average (logarithmic)", ylabel=what)
    low, high = min(place.l0 for place in places), max(place.l0 for place in places)
    axes.set_xlim(min(low, budget) / 1.6, max(high, budget) * 1.6)
    ticks = [
        n for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if axes.get_xlim()[0] <= n <= axes.get_xlim()[1]
    ]
    axes.set_xticks(ticks, [str(n) for n in ticks])
    axes.minorticks_off()
    axes.grid(color=PALETTE["pale"], linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    return figure


def unbeaten(places: Sequence[Place]) -> list[Place]:
    """Those that no other is at once at least as sparse and better than, from sparse to dense.

    >>> [place.name for place in unbeaten([Place("a", 16, 0.9), Place("b", 8, 0.7), Place("c", 20, 0.8)])]
    ['b', 'a']
    """
    best: list[Place] = []
    for place in sorted(places, key=lambda one: (one.l0, -one.recovered)):
        if not best or place.recovered > best[-1].recovered:
            best.append(place)
    return best
