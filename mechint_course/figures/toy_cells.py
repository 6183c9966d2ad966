"""One cell of the phase map: the models that were tried there, and what each of them costs."""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from mechint_course.figures.style import LINES, PALETTE, CourseFigure, new_figure
from mechint_course.figures.toy_phases import SIGNS

_COLOURS = (PALETTE["black"], PALETTE["blue"], PALETTE["vermilion"])
_REACH = 1.6


def cell(
    W: Float[Tensor, "n_restarts n_hidden n_features"],
    loss: Float[Tensor, "n_restarts"],
    codes: Int[Tensor, "n_restarts"],
    branches: Mapping[str, float],
    *,
    title: str = "",
) -> CourseFigure:
    """Left, where the weights of each model of a cell ended; right, their losses, lowest first, with the branches' as lines.

    The sign of a model is that of the map: – not learned, × superposed, 1 own dimension. The best one is ringed. Only
    models of two features in one dimension have both weights in a plane; of others, the left panel shows two lengths.

    >>> W = torch.tensor([[[1.0, 0.0]], [[1.0, -1.0]]])
    >>> figure = cell(W, torch.tensor([0.1, 0.2]), torch.tensor([0, 1]), {"ignore the extra": 0.1}, title="a cell")
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['weight of the first feature', 'model, best first']
    """
    figure = new_figure(7.4, 3.3, columns=2, ratios=(1, 1.25), title=title or None)
    plane, losses = figure.axes
    in_line = W.shape[1:] == (1, 2)
    places = W[:, 0] if in_line else torch.stack([W[..., 0].norm(dim=1), W[..., -1].norm(dim=1)], dim=1)
    order = loss.argsort()
    plane.axhline(0, color=PALETTE["pale"], zorder=0)
    plane.axvline(0, color=PALETTE["pale"], zorder=0)
    _ring(plane, *places[order[0]].tolist())
    for (x, y), code in zip(places.tolist(), codes.tolist(), strict=True):
        plane.text(x, y, SIGNS[code], color=_COLOURS[code], fontsize=15, ha="center", va="center")
    noun = "weight" if in_line else "length"
    plane.set(xlabel=f"{noun} of the first feature", ylabel=f"{noun} of the extra one", aspect="equal")
    plane.set(xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH))

    finite = {name: value for name, value in branches.items() if value < float("inf")}
    for k, (name, value) in enumerate(finite.items()):
        losses.axhline(value, color=PALETTE["grey"], linestyle=LINES[k], linewidth=1.2, label=name, zorder=0)
    values = loss[order].tolist()
    _ring(losses, 0, values[0])
    for rank, (value, code) in enumerate(zip(values, codes[order].tolist(), strict=True)):
        losses.text(rank, value, SIGNS[code], color=_COLOURS[code], fontsize=15, ha="center", va="center")
    top = max([*values, *finite.values()])
    losses.set(
        xlim=(-0.7, len(values) - 0.3),
        ylim=(-0.08 * top, 1.1 * top),
        ylabel="loss",
        xlabel="model, best first",
    )
    losses.set_xticks(range(len(values)), [str(rank + 1) for rank in range(len(values))])
    if finite:
        figure.legend(frameon=False, fontsize=9, loc="outside lower right", ncols=len(finite))
    return figure


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot(
        [x], [y], "o", markersize=19, markerfacecolor="none", markeredgecolor=PALETTE["black"], clip_on=False
    )
