"""The capstone's picture: how surprised two models are by the same texts."""

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure


def two_surprises(
    writer: Float[Tensor, " n_texts"],
    reader: Float[Tensor, " n_texts"],
    *,
    beyond: float = 3.0,
    names: tuple[str, str] = ("A", "B"),
) -> Figure:
    """A dot for each text: the mean loss of the model that wrote it across, that of the one that reads it upwards.

    Texts on the diagonal surprise both alike. Those that cost the reader over `beyond` nats more are drawn as squares.

    >>> import torch
    >>> figure = two_surprises(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 9.0]))
    >>> figure.alt.split(". ")[0]
    '2 texts; 1 of them costs B over 3 nats a token more than A'
    """
    apart = reader - writer > beyond
    count, (a, b) = int(apart.sum()), names
    figure = new_figure(
        5.6, 4.6,
        alt=f"{len(writer)} texts; {count} of them cost{'s' if count == 1 else ''} {b} over {beyond:g} nats a token more than {a}.",
    )  # fmt: skip
    axes = figure.axes[0]
    top = 1.05 * max(float(writer.max()), float(reader.max()))
    axes.plot([0, top], [0, top], color=PALETTE["grey"], linewidth=1, linestyle="--", label="both alike")
    for chosen, marker, colour, label in (
        (~apart, "o", "blue", "texts"),
        (apart, "s", "vermilion", f"over {beyond:g} nats apart"),
    ):
        if chosen.any():
            axes.plot(
                writer[chosen],
                reader[chosen],
                marker,
                color=PALETTE[colour],
                markersize=6,
                alpha=0.6,
                label=label,
            )
    axes.set(
        xlabel=f"surprise of {a}, which wrote the text (nats a token)",
        ylabel=f"surprise of {b} (nats a token)",
        xlim=(0, top),
        ylim=(0, top),
    )
    axes.legend(frameon=False, loc="lower right")
    return figure
