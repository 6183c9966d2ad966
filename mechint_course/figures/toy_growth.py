"""Pictures of superposition growing: overlaps, lengths and crowding, the number of features kept."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import DIVERGING, PALETTE, new_figure, series


def overlaps_and_bars(
    W: Float[Tensor, "n_models n_hidden n_features"],
    norms: Float[Tensor, "n_models n_features"],
    interference: Float[Tensor, "n_models n_features"],
    titles: Sequence[str],
) -> Figure:
    """Above, every model's W^T W; below, a bar for each feature's length and a diamond for its interference.

    Features shorter than 0.5 have no diamond: their direction means nothing. The most important feature is on the
    left. Diamonds above the dashed line mean that the others together can drive
    the feature's direction as hard as the feature itself.

    >>> import torch
    >>> len(overlaps_and_bars(torch.eye(2)[None], torch.ones(1, 2), torch.zeros(1, 2), ["one"]).axes)
    3
    """
    count = len(W)
    figure = new_figure(2.5 * count, 4.6, rows=2, columns=count)
    matrices, bars = figure.axes[:count], figure.axes[count:]
    long_enough = norms >= 0.5
    top = 1.1 * max(1.1, float(norms.max()), float((interference * long_enough).max()))
    for k in range(count):
        image = matrices[k].imshow((W[k].T @ W[k]).numpy(), cmap=DIVERGING, vmin=-1.2, vmax=1.2)
        matrices[k].set(title=titles[k], xticks=[], yticks=[])
        places = np.arange(W.shape[2])
        bars[k].bar(places, norms[k].numpy(), color=PALETTE["sky"], label="length")
        there = long_enough[k].numpy()
        bars[k].plot(
            places[there],
            interference[k].numpy()[there],
            "D",
            color=PALETTE["vermilion"],
            markersize=3.5,
            label="interference",
        )
        bars[k].axhline(1, color=PALETTE["grey"], linestyle="--", linewidth=1)
        bars[k].set(ylim=(0, top), xticks=[], xlabel="feature")
        if k:
            bars[k].set_yticklabels([])
    figure.colorbar(image, ax=matrices, shrink=0.8, label="overlap")
    bars[0].set_ylabel("length, interference")
    bars[0].legend(frameon=False, fontsize=8, loc="upper right")
    return figure


def kept_lines(
    density: Float[Tensor, "n_densities"], kept: Mapping[str, Float[Tensor, "n_densities"]], *, n_hidden: int
) -> Figure:
    """How many features models keep, against the density, one line for each kind of model.

    >>> import torch
    >>> kept_lines(torch.tensor([1.0, 0.1]), {"ReLU": torch.tensor([5.0, 9.0])}, n_hidden=5).axes[0].get_ylabel()
    'features kept'
    """
    figure = new_figure(6, 3.4)
    (axes,) = figure.axes
    for i, (label, values) in enumerate(kept.items()):
        axes.plot(density, values, label=label, **series(i))
    axes.axhline(n_hidden, color=PALETTE["grey"], linestyle="--", label="hidden dimensions")
    axes.set(xscale="log", xlabel="density (sparser to the right)", ylabel="features kept", ylim=(0, None))
    axes.set_xticks(density.tolist(), [f"{value:g}" for value in density.tolist()], fontsize=8)
    axes.minorticks_off()
    axes.invert_xaxis()
    axes.legend(frameon=False, loc="lower right")
    return figure
