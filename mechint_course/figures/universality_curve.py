"""Pictures of the whole: the price of agreement over dictionaries, and the full matching under a part of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.features.matching_data import Matching
from mechint_course.figures.style import PALETTE, new_figure, series

Point = Mapping[str, Any]
"""A pair of dictionaries: `l0`, `recovered` and `median`."""
_ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}
"""Behind a label, so that no line runs through its letters."""


def price(
    swept: Sequence[Point], here: Sequence[Point], *, guess: str | None = None, paper: float = 0.72
) -> Figure:
    """The median agreement of pairs of dictionaries against the loss that they recover, L0 written at each.

    `swept` is what is shipped, `here` what this notebook measured; a dashed line marks the paper's median.

    >>> point = {"l0": 8.0, "recovered": 0.95, "median": 0.73}
    >>> price([], [point]).axes[0].get_ylabel()
    'median best correlation'
    """
    words = [
        f"L0 {p['l0']:.0f}: {p['recovered']:.1%} recovered, median {p['median']:.2f}" for p in [*swept, *here]
    ]
    figure = new_figure(6.8, 4.0, title=guess and f"You predicted: {guess}.", alt="; ".join(words) + ".")
    (axes,) = figure.axes
    for number, (name, points) in enumerate((("shipped sweep", swept), ("this notebook", here))):
        if not points:
            continue
        style = series(number) | ({} if number == 0 else {"linestyle": "", "markersize": 9})
        axes.plot([100 * p["recovered"] for p in points], [p["median"] for p in points], label=name, **style)
        for p in points:
            axes.annotate(
                f"L0 {p['l0']:.0f}", (100 * p["recovered"], p["median"]), xytext=(0, 8 if number else -15),
                textcoords="offset points", ha="center", fontsize=9, bbox=_ON_WHITE,
            )  # fmt: skip
    axes.axhline(paper, color=PALETTE["grey"], linestyle="--", linewidth=1, label=f"the paper's {paper}")
    axes.set(xlabel="loss recovered, in %", ylabel="median best correlation", ylim=(0, 1))
    axes.margins(x=0.15)
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    return figure


def laid_over(
    density: Float[Tensor, " n"],
    best: Float[Tensor, " n"],
    full: Matching | None = None,
    *,
    threshold: float = 1e-4,
) -> Figure:
    """Each feature by how often it fires and how well it is matched: yours over the full matching, where there is one.

    >>> import torch
    >>> laid_over(torch.tensor([0.5, 0.01]), torch.tensor([0.25, 0.75])).axes[0].get_xlabel()
    'fires on this share of the tokens'
    """
    words = f"Yours: {len(best)} features, median {float(best.median()):.2f}."
    if full is not None:
        counted = full.correlation[full.density >= threshold]
        words += f" Full matching: {len(counted):,} features, median {float(counted.median()):.2f}."
    figure = new_figure(6.8, 4.0, alt=words)
    (axes,) = figure.axes
    if full is not None:
        alive = full.density > 0
        dots: dict[str, Any] = {
            "color": PALETTE["grey"],
            "marker": ".",
            "linestyle": "",
            "markersize": 3,
            "alpha": 0.5,
        }
        axes.plot(full.density[alive], full.correlation[alive], label="full matching", **dots)
    style = series(1) | {"linestyle": "", "markersize": 4, "alpha": 0.8}
    axes.plot(density, best, label="yours", **style)
    axes.axvline(threshold, color=PALETTE["grey"], linestyle=":", linewidth=1)
    axes.set(
        xscale="log",
        ylim=(-0.05, 1.02),
        xlabel="fires on this share of the tokens",
        ylabel="best correlation",
    )
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def found(
    shares: Mapping[str, float],
    everywhere: Float[Tensor, " n_bins"],
    labels: Sequence[str],
    *,
    guess: str | None = None,
) -> Figure:
    """Left, the share of features found in each dictionary and in all; right, found in all by how often they fire.

    >>> import torch
    >>> figure = found({"A-512": 0.25, "in all": 0.2}, torch.tensor([0.1, 0.3]), ["rare", "frequent"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['25%', '20%']
    """
    words = [f"{name}: {share:.0%}" for name, share in shares.items()]
    figure = new_figure(
        10.0,
        0.42 * len(shares) + 1.9,
        columns=2,
        title=guess and f"You predicted: {guess}.",
        alt="; ".join(words) + ".",
    )
    bars, line = figure.axes
    for place, share in enumerate(shares.values()):
        last = place == len(shares) - 1
        bars.barh(
            place,
            share,
            0.7,
            color=PALETTE["vermilion" if last else "blue"],
            hatch="//" if last else "",
            edgecolor="white",
        )
        bars.text(share + 0.01, place, f"{share:.0%}", va="center", fontsize=9)
    bars.set_yticks(range(len(shares)), list(shares))
    bars.invert_yaxis()
    bars.set(xlim=(0, 1.1), xlabel="share of the features of A-sparse", title="Found in")
    line.plot(range(len(labels)), everywhere, **series(1))
    for x, y in enumerate(everywhere.tolist()):
        if y == y:
            line.annotate(
                f"{y:.0%}", (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9
            )
    line.set_xticks(range(len(labels)), labels)
    line.set(
        ylim=(0, max(0.3, 1.3 * float(everywhere.nan_to_num(0.0).max()))),
        xlabel="fires on this share of the tokens",
        ylabel="found in all",
        title="By how often it fires",
    )
    line.margins(x=0.15)
    return figure
