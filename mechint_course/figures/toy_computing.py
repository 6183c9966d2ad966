"""Pictures of neurons in toy models: what each one listens to, and how many serve one feature or several."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, fill, new_figure

Corners = list[tuple[float, float]]

_BLOCKS = 10
"""How many weights of a neuron are drawn one by one; the rest is one pale block."""


def neuron_stacks(
    W1: Sequence[Float[Tensor, "_ _"]],
    titles: Sequence[str],
    *,
    share: float = 0.3,
    columns: int = 4,
) -> Figure:
    """A bar for every neuron: its weights without their signs, stacked, scaled so that its largest is 1.

    A neuron with one weight of at least `share` is monosemantic, plain and blue; one with more is polysemantic, hatched
    and vermilion. Weights below `share`, and those after the tenth, are pale. Where there is room, blocks carry the number
    of their feature, with a minus sign for a negative weight. Monosemantic neurons stand on the left.

    >>> figure = neuron_stacks([torch.eye(2, 3), torch.ones(2, 3)], ["dense", "sparse"])
    >>> [axes.get_title() for axes in figure.axes]
    ['dense\\n2 of 2 monosemantic', 'sparse\\n0 of 2 monosemantic']
    """
    columns = min(columns, len(W1))
    rows = -(-len(W1) // columns)
    figure = new_figure(2.6 * columns, 2.6 * rows, rows=rows, columns=columns)
    for axes, (weights, title) in zip(figure.axes, zip(W1, titles, strict=True), strict=False):
        W = weights.detach()
        scaled = W / W.abs().amax(1, keepdim=True).clamp_min(torch.finfo(W.dtype).tiny)
        sizes, features = scaled.abs().sort(dim=1, descending=True)
        counts = (sizes >= share).sum(1)
        order = (counts + sizes.sum(1) / (2 * sizes.shape[1])).argsort()
        sizes, features, counts = sizes[order], features[order], counts[order]
        signs = scaled[order].gather(1, features)
        base = torch.zeros(len(W))
        blocks: tuple[list[Corners], list[Corners]] = ([], [])
        numbered = len(W) <= 8 and int(counts.max()) <= 6
        for k in range(min(_BLOCKS, sizes.shape[1])):
            for i in (sizes[:, k] >= share).nonzero()[:, 0].tolist():
                low, high = float(base[i]), float(base[i] + sizes[i, k])
                blocks[int(counts[i] > 1)].append(
                    [(i - 0.4, low), (i + 0.4, low), (i + 0.4, high), (i - 0.4, high)]
                )
                if numbered:
                    axes.text(
                        i, (low + high) / 2, f"{'-' if signs[i, k] < 0 else ''}{int(features[i, k])}",
                        ha="center", va="center", fontsize=8,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                    )  # fmt: skip
            base += sizes[:, k].where(sizes[:, k] >= share, 0.0)
        for kind, corners in enumerate(blocks):  # one collection a kind: a bar for each block takes seconds
            axes.add_collection(PolyCollection(corners, linewidth=0.8, **fill(kind)))
        axes.bar(range(len(W)), sizes.sum(1) - base, bottom=base, width=0.8, color=PALETTE["pale"])
        axes.set_title(f"{title}\n{int((counts == 1).sum())} of {len(W)} monosemantic", fontsize=9)
        axes.set(xticks=[], ylim=(0, 1.05 * float(sizes.sum(1).max())))
    for axes in figure.axes[len(W1) :]:
        axes.set_axis_off()
    figure.supxlabel(
        "neurons     (plain blue: one feature; hatched: several; pale: the other weights)", fontsize=9
    )
    figure.supylabel("weights, largest = 1", fontsize=9)
    return figure


def changes_by_turning(changes: Mapping[str, Float[Tensor, "_"]]) -> Figure:
    """How much the loss of each model changes when its hidden space is turned: a dot for each random rotation.

    >>> changes_by_turning({"a": torch.zeros(3), "b": torch.ones(3)}).axes[0].get_xlabel()
    'change of the loss when the hidden space is turned'
    """
    figure = new_figure(6.4, 0.9 + 0.65 * len(changes))
    (axes,) = figure.axes
    for i, (label, values) in enumerate(changes.items()):
        height = len(changes) - 1 - i + torch.linspace(-0.2, 0.2, len(values))
        style = fill(i)
        axes.plot(values, height, "os"[i % 2], color=style["facecolor"], alpha=0.7, label=label, markersize=4)
    axes.axvline(0, color=PALETTE["grey"], linestyle="--", linewidth=1)
    axes.set_yticks(range(len(changes)), list(changes)[::-1])
    axes.set(xlabel="change of the loss when the hidden space is turned", ylim=(-0.5, len(changes) - 0.5))
    return figure
