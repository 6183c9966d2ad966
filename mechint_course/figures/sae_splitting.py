"""A picture of splitting: the directions of whole families, in dictionaries of growing size."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from mechint_course.figures.style import DIVERGING, PALETTE, new_figure


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
