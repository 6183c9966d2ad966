"""Pictures of splitting: the directions of whole families, and where in a dictionary the latents of whole domains sit."""

from collections.abc import Mapping, Sequence
from statistics import median

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from mechint_course.figures.style import DIVERGING, PALETTE, new_figure, series


def cosine_map(families: Mapping[str, Float[Tensor, "_ d_in"]], labels: Sequence[str]) -> Figure:
    """The cosine of every member with every other, one framed block on the diagonal for each family.

    Args:
        families: for each name the directions of its members, of length 1, the root first.
        labels: one for each member of all families, in their order.

    >>> figure = cosine_map({"the": torch.eye(2), "base64": torch.eye(2)[:1]}, ["512", "4,096", "512"])
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['512', '4,096', '512']
    """
    everyone = torch.cat(list(families.values())).detach()
    cosines = everyone @ everyone.T
    inside = torch.block_diag(*(torch.ones(len(some), len(some)) for some in families.values())).bool()
    others = ~torch.eye(len(everyone), dtype=torch.bool)
    words = [
        f"Mean cosine {where}: {float(cosines[mask].mean()):.2f}."
        for where, mask in (("of two members of one family", inside & others), ("across families", ~inside))
        if mask.any()
    ]
    side = 0.24 * len(everyone) + 1.4
    figure = new_figure(side + 1.2, side, alt=" ".join(words))
    axes = figure.axes[0]
    image = axes.imshow(cosines.numpy(), cmap=DIVERGING, vmin=-1, vmax=1)
    first = 0
    for some in families.values():
        axes.add_patch(
            Rectangle(
                (first - 0.5, first - 0.5), len(some), len(some),
                fill=False, linewidth=2, edgecolor=PALETTE["black"],
            )
        )  # fmt: skip
        first += len(some)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_title(" and ".join(families))
    figure.colorbar(image, ax=axes, label="cosine", shrink=0.8)
    return figure


def places(
    found: Mapping[str, Sequence[tuple[int, float]]], prefixes: Sequence[int], *, guess: str | None = None
) -> Figure:
    """For each dictionary a mark for every domain: the number of its best latent across, that latent's recall upwards.

    A line across marks the middle recall of a dictionary's domains, a dotted one upwards the end of each of `prefixes`.

    >>> figure = places({"nested": [(3, 0.6), (100, 0.4), (7, 0.5)]}, prefixes=(128, 4096))
    >>> [float(y) for y in figure.axes[0].lines[1].get_ydata()]
    [0.5, 0.5]
    """
    middles = {name: median(recall for _, recall in marks) for name, marks in found.items()}
    within = {name: sum(latent < prefixes[0] for latent, _ in marks) for name, marks in found.items()}
    words = [
        f"{name}: {within[name]} of {len(marks)} among the first {prefixes[0]}, middle recall {middles[name]:.2f}"
        for name, marks in found.items()
    ]
    figure = new_figure(8.0, 3.8, title=guess and f"You predicted: {guess}.", alt="; ".join(words) + ".")
    (axes,) = figure.axes
    for number, (name, marks) in enumerate(found.items()):
        style = series(number)
        # The first latent has the number 0, which a logarithm cannot place.
        at = [latent + 1 for latent, _ in marks]
        axes.plot(
            at, [recall for _, recall in marks], **(style | {"linestyle": "", "markersize": 6}), label=name
        )
        axes.axhline(middles[name], color=style["color"], linestyle=style["linestyle"], linewidth=1.2)
    for size in prefixes:
        axes.axvline(size, color=PALETTE["grey"], linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 8, *prefixes], [f"{size:,}" for size in (1, 8, *prefixes)])
    axes.minorticks_off()
    axes.set(xlabel="place of a domain's best latent in its dictionary", ylabel="its recall", ylim=(0, 1.03))
    figure.legend(frameon=False, fontsize=9, loc="outside upper right", ncols=len(found))
    return figure
