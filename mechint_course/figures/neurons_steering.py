"""Pictures of steering: how many texts turn, and what is lost where a direction is taken out."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure, series

Curves = Mapping[str, Sequence[tuple[float, float, float]]]
"""For each way of pushing, and each strength, the share of texts that turned, and its interval from low to high."""


def turning(
    strengths: Sequence[float], curves: Mapping[str, Curves], *, columns: int = 3, title: str = ""
) -> Figure:
    """A panel for each domain: the share of texts that turn to it against the strength, one line for each way of pushing.

    >>> line = [(0.5, 0.3, 0.7)]
    >>> len(turning([1.0], {"dna": {"direction": line}, "http": {"direction": line}}, columns=2).axes)
    2
    """
    rows = -(-len(curves) // columns)
    figure = new_figure(
        2.9 * columns,
        2.3 * rows + 0.7,
        rows=rows,
        columns=columns,
        title=title or None,
        share_x=True,
        share_y=True,
    )
    for axes in figure.axes[len(curves) :]:
        axes.set_axis_off()
    for axes, (domain, lines) in zip(figure.axes, curves.items(), strict=False):
        for index, (way, points) in enumerate(lines.items()):
            middle, low, high = np.array(points).T
            spread = [np.maximum(0, middle - low), np.maximum(0, high - middle)]
            # Side by side where they meet, so that no interval hides another.
            at = np.array(strengths) * (1 + 0.05 * (index - (len(lines) - 1) / 2))
            axes.errorbar(at, middle, yerr=spread, label=way, capsize=2, markersize=4, **series(index))
        axes.set(xscale="log", title=domain, ylim=(-0.04, 1.06))
        axes.set_xticks(list(strengths), [f"{strength:g}" for strength in strengths])
        axes.minorticks_off()
    for axes in figure.axes[(rows - 1) * columns :]:
        axes.set_xlabel("strength")
    for axes in figure.axes[::columns]:
        axes.set_ylabel("texts that turn")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=9, loc="outside lower center", ncols=len(labels))
    return figure


def taken_out(
    domains: Sequence[str],
    rises: Mapping[str, Float[Tensor, " n_domains"]],
    *,
    least: float = 0.001,
    unit: str = "rise of the loss, in nats",
    title: str = "",
) -> Figure:
    """A line for each domain, with a mark for each thing taken out: how much the loss rises, on a logarithmic scale.

    Marks of the first half of `rises` are filled, the others hollow. What is below `least` stands at the left edge.

    >>> import torch
    >>> taken_out(["dna"], {"direction": torch.tensor([0.5])}).axes[0].get_xlabel()
    'rise of the loss, in nats'
    """
    figure = new_figure(7, 0.34 * len(domains) + 1.5, title=title or None)
    axes = figure.axes[0]
    half = (len(rises) + 1) // 2
    for index, (what, values) in enumerate(rises.items()):
        style = series(index % half)
        axes.plot(
            values.clamp(min=least).tolist(),
            range(len(domains)),
            linestyle="none",
            marker=style["marker"],
            color=style["color"],
            markerfacecolor=style["color"] if index < half else "white",
            markersize=7,
            label=what,
        )
    axes.set(xscale="log", xlabel=unit, xlim=(0.8 * least, None))
    axes.set_xticks(
        [least * 10**k for k in range(5)],
        [f"{least:g} or less", *(f"{least * 10**k:g}" for k in range(1, 5))],
    )
    axes.minorticks_off()
    axes.grid(axis="y", color=PALETTE["pale"])
    axes.set_axisbelow(True)
    axes.set_yticks(range(len(domains)), list(domains))
    axes.margins(y=0.1)
    axes.invert_yaxis()
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
    return figure
