"""Pictures of a vision neuron: the digits it answers to, and the images that excite it."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, SEQUENTIAL, new_figure


def digit_map(relative: Float[Tensor, "n_neurons 10"], *, share: float = 0.5, title: str = "") -> Figure:
    """A row for each neuron, a column for each digit: the mean activation as a share of the neuron's largest, in per cent.

    Cells of at least `share` have a frame: the neuron answers to that digit. A row of zeros is a neuron that never fires.

    >>> import torch
    >>> digit_map(torch.eye(10)[:3]).axes[0].get_ylabel()
    'neuron'
    """
    n_neurons = len(relative)
    figure = new_figure(6, 0.4 * n_neurons + 1.1, title=title or None)
    axes = figure.axes[0]
    image = axes.imshow(relative.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for row in range(n_neurons):
        for digit in range(10):
            value = relative[row, digit].item()
            colour = "black" if value > 0.6 else "white"
            axes.text(digit, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=8)
            if value >= share:
                axes.plot(
                    [digit - 0.42, digit + 0.42, digit + 0.42, digit - 0.42, digit - 0.42],
                    [row - 0.4, row - 0.4, row + 0.4, row + 0.4, row - 0.4],
                    color=PALETTE["vermilion"],
                    linewidth=1.5,
                )
    axes.set(xlabel="digit", ylabel="neuron", xticks=range(10), yticks=range(n_neurons))
    figure.colorbar(image, ax=axes, label="share of its largest mean")
    return figure


def image_rows(
    rows: Sequence[tuple[str, Float[Tensor, "_ n_pixels"], Sequence[str]]],
    *,
    side: int = 8,
    title: str = "",
) -> Figure:
    """Rows of square images, dark ink on white: (what the row shows, images, a caption above each).

    >>> import torch
    >>> figure = image_rows([("means", torch.zeros(2, 64), ["a", "b"]), ("one", torch.zeros(1, 64), ["c"])])
    >>> [axes.get_title() for axes in figure.axes]
    ['a', 'b', 'c', '']
    """
    columns = max(len(images) for _, images, _ in rows)
    figure = new_figure(
        1.0 * columns + 0.8, 1.35 * len(rows) + 0.4, rows=len(rows), columns=columns, title=title or None
    )
    for number, (label, images, captions) in enumerate(rows):
        line = figure.axes[number * columns : (number + 1) * columns]
        for axes, image, caption in zip(line, images, captions, strict=False):
            axes.imshow(image.view(side, side).numpy(), cmap="gray_r", vmin=0, vmax=1)
            axes.set_title(caption, fontsize=8, loc="center")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
        for axes in line[len(images) :]:
            axes.set_axis_off()
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    return figure
