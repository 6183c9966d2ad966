"""Pictures of how special the neurons' own directions are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure


class Axes(NamedTuple):
    """The kurtosis along every axis of one place in a model: along its own axes, and along axes turned at random."""

    title: str
    own: Float[Tensor, " n_own"]
    turned: Float[Tensor, " n_turned"]


def kurtoses(places: Sequence[Axes], *, title: str = "") -> Figure:
    """One panel for each place: how the kurtosis is distributed over its own axes (filled) and over turned ones (outline).

    The dashed line is a bell curve's 3. The scale of the kurtosis is logarithmic and the same in every panel.

    >>> import torch
    >>> len(kurtoses([Axes("MLP", torch.rand(9) + 3, torch.rand(9) + 3)] * 2).axes)
    2
    """
    figure = new_figure(3.2 * len(places) + 0.6, 3.4, columns=len(places), title=title or None, share_x=True)
    values = np.concatenate([part.numpy() for place in places for part in (place.own, place.turned)])
    edges = np.geomspace(values.min() / 1.05, values.max() * 1.05, 46)
    for axes, place in zip(figure.axes, places, strict=True):
        own, turned = place.own.numpy(), place.turned.numpy()
        axes.hist(
            own,
            bins=edges.tolist(),
            weights=np.full(len(own), 100 / len(own)),
            color=PALETTE["sky"],
            label="own axes",
        )
        axes.hist(
            turned,
            bins=edges.tolist(),
            weights=np.full(len(turned), 100 / len(turned)),
            histtype="step",
            color=PALETTE["vermilion"],
            linewidth=1.5,
            label="turned at random",
        )
        axes.axvline(3, color=PALETTE["grey"], linestyle="--", linewidth=1, label="bell curve")
        axes.set(xscale="log", xlabel="kurtosis", title=place.title)
        wide = edges[-1] > 6 * edges[0]
        marks = (2, 3, 5, 10, 20, 50, 100, 200) if wide else (2, 3, 4, 5, 6, 8, 10, 12)
        ticks = [tick for tick in marks if edges[0] < tick < edges[-1]]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.margins(y=0.08)
    figure.axes[0].set_ylabel("% of the axes")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=9, loc="outside lower center", ncols=len(labels))
    return figure
