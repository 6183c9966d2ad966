"""Pictures of one toy model trained twice: the directions of both before and after a rotation, and what finds twins."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import LINES, MARKERS, PALETTE, SERIES, new_figure


def turned(
    left: Float[Tensor, "2 n_features"],
    right: Float[Tensor, "2 n_features"],
    rotation: Float[Tensor, "2 2"],
) -> Figure:
    """The directions of two models in one picture, as they are and with the left model's turned by `rotation`.

    Column i of `right` is the twin of column i of `left`, and both carry the number i: in the disc for the left model,
    outside the square for the right one.

    >>> quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    >>> figure = turned(torch.eye(2), quarter, quarter)
    >>> [axes.get_title() for axes in figure.axes]
    ['as they are', 'model 1 turned']
    """
    after = rotation @ left
    figure = new_figure(
        7.6, 4.0, columns=2, share_x=True, share_y=True,
        alt="Arrows from the middle, one for each feature, for two models. The angle between a feature's two arrows is "
        f"{_angles(left, right)} as they are, and {_angles(after, right)} once model 1 is turned.",
    )  # fmt: skip
    reach = 1.45 * max(float(columns.norm(dim=0).max()) for columns in (left, right))
    for axes, columns, title in zip(
        figure.axes, (left, after), ("as they are", "model 1 turned"), strict=True
    ):
        _arrows(axes, right, 1, "model 2")
        _arrows(axes, columns, 0, "model 1")
        for i, (one, two) in enumerate(zip(columns.T.tolist(), right.T.tolist(), strict=True)):
            axes.text(
                one[0], one[1], str(i), ha="center", va="center", color="white", fontsize=8, fontweight="bold"
            )
            axes.text(
                1.24 * two[0],
                1.24 * two[1],
                str(i),
                ha="center",
                va="center",
                color=PALETTE["vermilion"],
                fontsize=10,
            )
        axes.set(
            title=title,
            xlim=(-reach, reach),
            ylim=(-reach, reach),
            aspect="equal",
            xlabel="hidden dimension 0",
        )
    figure.axes[0].set_ylabel("hidden dimension 1")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2, frameon=False)
    return figure


def _arrows(axes: Axes, columns: Tensor, number: int, label: str) -> None:
    """Every column as a line from the origin with a marker at its end: discs for series 0, hollow squares for series 1."""
    for i, (x, y) in enumerate(columns.T.tolist()):
        axes.plot(
            [0, x],
            [0, y],
            color=PALETTE[SERIES[number]],
            linestyle=LINES[number],
            linewidth=1.6,
            marker=MARKERS[number],
            markevery=[1],
            markersize=13 if number == 0 else 17,
            markerfacecolor=PALETTE[SERIES[0]] if number == 0 else "none",
            markeredgewidth=1.6,
            label=label if i == 0 else None,
        )


def _angles(one: Tensor, two: Tensor) -> str:
    cosine = torch.nn.functional.cosine_similarity(one, two, dim=0).clamp(-1, 1)
    return ", ".join(f"{angle:.0f}" for angle in cosine.arccos().rad2deg().tolist()) + " degrees"


def twins_found(found: Mapping[str, Mapping[str, Sequence[float]]], luck: float) -> Figure:
    """For how many features each way of matching finds the true twin: a dot for each pair of models.

    `found` maps the kind of world to the way of matching to the shares, one for each pair. A dashed line marks `luck`.

    >>> figure = twins_found({"opposites": {"raw": [0.1, 0.0], "turned": [1.0, 1.0]}, "rare": {"raw": [0.0], "turned": [0.5]}}, 0.1)
    >>> [axes.get_title() for axes in figure.axes]
    ['opposites', 'rare']
    """
    figure = new_figure(
        4.0 * len(found) + 1.4, 0.62 * max(map(len, found.values())) + 1.4, columns=len(found), share_y=True,
        alt=" ".join(
            f"In {world}: " + "; ".join(f"{way} {min(shares):.2f} to {max(shares):.2f}" for way, shares in ways.items()) + "."
            for world, ways in found.items()
        ),
    )  # fmt: skip
    for axes, (world, ways) in zip(figure.axes, found.items(), strict=True):
        axes.axvline(luck, color=PALETTE["grey"], linestyle="--", linewidth=1.2, label=f"luck, {luck:.2f}")
        for row, (way, shares) in enumerate(ways.items()):
            # Pairs with the same share stand side by side instead of on each other.
            heights = [row + 0.11 * (k - (len(shares) - 1) / 2) for k in range(len(shares))]
            axes.plot(
                shares,
                heights,
                linestyle="none",
                marker=MARKERS[row],
                color=PALETTE[SERIES[row]],
                markersize=6,
                label=way,
            )
        axes.set(title=world, xlim=(-0.05, 1.05), xlabel="share of features matched with the true twin")
        axes.set_yticks(range(len(ways)), list(ways))
        axes.set_ylim(len(ways) - 0.4, -0.6)
    figure.axes[0].legend(*_luck(figure.axes[0]), loc="center", frameon=False, fontsize=9)
    return figure


def _luck(axes: Axes) -> tuple[list, list[str]]:
    """The legend entry of the line alone: the rows are named by the axis."""
    handles, labels = axes.get_legend_handles_labels()
    return handles[:1], labels[:1]
