"""Pictures of the phase change: losses of the candidate solutions, and maps of what becomes of the extra feature."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure, series

SIGNS = ("–", "×", "1")
"""What stands in a cell: not learned, superposed, own dimension."""
_COLOURS = (PALETTE["pale"], PALETTE["sky"], PALETTE["orange"])


def branch_curves(
    density: Float[Tensor, "n_densities"], losses: Mapping[str, Float[Tensor, "n_densities"]]
) -> Figure:
    """The loss of each candidate solution against the density, divided by the density; the lowest line wins.

    >>> import torch
    >>> len(branch_curves(torch.tensor([1.0, 0.1]), {"a": torch.ones(2), "b": torch.ones(2)}).axes[0].lines)
    2
    """
    figure = new_figure(6.4, 3.6)
    (axes,) = figure.axes
    for i, (label, loss) in enumerate(losses.items()):
        axes.plot(density, loss / density, label=label, markevery=max(1, len(density) // 8), **series(i))
    axes.set(xlabel="density (sparser to the right)", ylabel="loss / density", ylim=(0, None))
    axes.invert_xaxis()
    axes.legend(frameon=False, fontsize=9)
    return figure


def phase_maps(
    maps: Mapping[str, Int[Tensor, "n_densities n_importances"]],
    density: Float[Tensor, "n_densities"],
    importance: Float[Tensor, "n_importances"],
    words: Sequence[str],
    unclear: Mapping[str, Bool[Tensor, "n_densities n_importances"]] | None = None,
) -> Figure:
    """Maps of importance (across) and density (down): each cell has the colour and the sign of what became of the feature.

    Cells of `unclear`, a mask for some of the maps by their title, are framed: two solutions are nearly as good there.

    >>> import torch
    >>> one = torch.zeros(2, 2, dtype=torch.long)
    >>> figure = phase_maps({"a": one, "b": one}, torch.ones(2), torch.ones(2), ["not learned", "superposed", "own"])
    >>> len(figure.axes)
    2
    """
    figure = new_figure(3.7 * len(maps), 4.2, columns=len(maps))
    for k, (axes, (title, codes)) in enumerate(zip(figure.axes, maps.items(), strict=True)):
        axes.imshow(codes.numpy(), cmap=ListedColormap(_COLOURS), vmin=0, vmax=2, aspect="auto")
        for i, j in np.ndindex(*codes.shape):
            axes.text(j, i, SIGNS[int(codes[i, j])], ha="center", va="center", fontsize=8)
            if unclear is not None and title in unclear and bool(unclear[title][i, j]):
                frame = Rectangle(
                    (j - 0.45, i - 0.45), 0.9, 0.9, fill=False, edgecolor=PALETTE["black"], linewidth=1.2
                )
                axes.add_patch(frame)
        across = np.linspace(0, len(importance) - 1, 3).round().astype(int)
        down = np.linspace(0, len(density) - 1, 3).round().astype(int)
        axes.set_xticks(across, [f"{float(importance[j]):.2g}" for j in across])
        axes.set_yticks(down, [f"{float(density[i]):.2g}" for i in down])
        axes.set(title=title, xlabel="importance of the extra feature")
        if k == 0:
            axes.set_ylabel("density (sparser downwards)")
    meaning = "     ".join(f"{sign}  {word}" for sign, word in zip(SIGNS, words, strict=True))
    figure.supxlabel(meaning, fontsize=10)
    return figure
