"""Pictures of models with few or many training examples: hidden vectors, feature directions, losses."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure, series
from mechint_course.toy import Regimes


def vectors_and_directions(
    hidden: Sequence[Float[Tensor, "_ 2"]],
    W: Sequence[Float[Tensor, "2 _"]],
    titles: Sequence[str],
) -> Figure:
    """Above, the hidden vector of every training example; below, the direction of every feature. A column a model.

    Every panel has a scale of its own: the longest vector reaches its edge.

    >>> len(vectors_and_directions([torch.ones(3, 2)], [torch.ones(2, 4)], ["3 examples"]).axes)
    2
    """
    figure = new_figure(2.2 * len(W), 4.6, rows=2, columns=len(W))
    for k, (vectors, weights, title) in enumerate(zip(hidden, W, titles, strict=True)):
        for row, points in enumerate((vectors, weights.T)):
            axes = figure.axes[row * len(W) + k]
            style = series(row)
            reach = 1.15 * max(float(points.norm(dim=1).max()), 1e-6)
            if len(points) <= 12 or row == 1:
                rays = torch.stack(
                    [torch.zeros_like(points), points, torch.full_like(points, torch.nan)], dim=1
                )
                axes.plot(*rays.flatten(0, 1).T, color=style["color"], linewidth=0.6, alpha=0.6)
            axes.plot(
                points[:, 0], points[:, 1], linestyle="none", marker=style["marker"], color=style["color"],
                markersize=4 if len(points) <= 50 else 2,
            )  # fmt: skip
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
            if row == 0:
                axes.set_title(title, fontsize=10)
            if k == 0:
                axes.set_ylabel(("examples", "features")[row])
    return figure


def regimes_by_size(regimes: Regimes, yours: Mapping[int, tuple[float, float]] | None = None) -> Figure:
    """Left, the losses against the number of training examples; right, the largest fraction of a dimension that one
    training example, or one feature, has to itself. Lines are medians over seeds, small marks single models.

    `yours` maps a number of examples to (training loss, test loss) of a model that was fitted here and now.

    >>> from mechint_course.toy import load_regimes
    >>> [axes.get_xlabel() for axes in regimes_by_size(load_regimes(), {5: (0.1, 1.2)}).axes]
    ['training examples', 'training examples']
    """
    figure = new_figure(9.6, 3.6, columns=2)
    losses, shares = figure.axes
    sizes = regimes.n_examples
    for axes, tables in (
        (losses, {"on new samples": regimes.test_loss, "on the training set": regimes.train_loss}),
        (shares, {"an example": regimes.largest_example, "a feature": regimes.largest_feature}),
    ):
        for i, (label, table) in enumerate(tables.items()):
            style = series(i)
            axes.plot(sizes, table.median(1).values, label=label, **style | {"markersize": 4})
            axes.plot(
                sizes.repeat_interleave(table.shape[1]), table.flatten(), linestyle="none",
                marker=style["marker"], color=style["color"], markersize=2, alpha=0.4,
            )  # fmt: skip
    stars = [(size, loss) for size, pair in (yours or {}).items() for loss in pair]
    if stars:
        losses.plot(
            *zip(*stars, strict=True), "*", markersize=12, color=PALETTE["black"], label="fitted here"
        )
    losses.axhline(1, color=PALETTE["grey"], linestyle=":", linewidth=1)
    losses.text(12, 0.97, "no model at all", color=PALETTE["grey"], fontsize=8, va="top")
    losses.set_yscale("symlog", linthresh=1)
    losses.set(ylabel="loss", ylim=(-0.05, None))
    losses.set_yticks([0, 0.5, 1, 10], ["0", "0.5", "1", "10"])
    shares.set(ylabel="largest fraction of a dimension", ylim=(0, None))
    for axes in figure.axes:
        axes.set(xscale="log", xlabel="training examples")
        axes.legend(frameon=False, fontsize=8)
    return figure
