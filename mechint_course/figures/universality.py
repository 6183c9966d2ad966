"""Pictures of two models side by side: who agrees with whom, how much, and how often it fires."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from mechint_course.features.matching import Bin
from mechint_course.figures.style import DIVERGING, PALETTE, fill, new_figure, series


def matrix(
    correlation: Float[Tensor, "n_left n_right"], *, left: str = "model 1", right: str = "model 2"
) -> Figure:
    """Every correlation as a square, its number written in, the best of each row framed.

    >>> len(matrix(torch.eye(3)).axes)  # the colour bar counts too
    2
    """
    n_left, n_right = correlation.shape
    figure = new_figure(0.5 * n_right + 2.2, 0.45 * n_left + 1.2)
    axes = figure.axes[0]
    image = axes.imshow(correlation.numpy(), cmap=DIVERGING, vmin=-1, vmax=1)
    for i, row in enumerate(correlation.tolist()):
        best = max(range(n_right), key=row.__getitem__)
        for j, r in enumerate(row):
            axes.text(
                j, i, f"{r:.2f}".replace("-0.00", "0.00"), ha="center", va="center",
                fontsize=8, fontweight="bold" if j == best else "normal", color="white" if abs(r) > 0.7 else "black",
            )  # fmt: skip
        axes.add_patch(_frame(best, i))
    axes.set(
        xlabel=f"feature of {right}", ylabel=f"feature of {left}", xticks=range(n_right), yticks=range(n_left)
    )
    figure.colorbar(image, ax=axes, label="correlation", shrink=0.9)
    return figure


def _frame(column: int, row: int) -> Rectangle:
    return Rectangle(
        (column - 0.48, row - 0.48), 0.96, 0.96, fill=False, linewidth=1.8, edgecolor=PALETTE["black"]
    )


def agreement(best: Mapping[str, Float[Tensor, "_"]], paper: Mapping[str, float] | None = None) -> Figure:
    """How well each unit is matched in the other model: a histogram of best correlations for each kind of unit.

    A solid line marks the median of each kind; a dashed one the median that a paper reports for it (`paper`).

    >>> len(agreement({"features": torch.rand(9), "neurons": torch.rand(9)}, paper={"features": 0.72}).axes)
    2
    """
    figure = new_figure(7.0, 1.55 * len(best) + 0.6, rows=len(best), share_x=True)
    edges = torch.linspace(-0.1, 1, 56)
    for number, (axes, (name, values)) in enumerate(zip(figure.axes, best.items(), strict=True)):
        share = torch.histogram(values.float().cpu().clamp(-0.0999, 1), edges).hist / max(1, len(values))
        axes.bar(edges[:-1].numpy(), share.numpy(), width=0.02, align="edge", **fill(number))
        ours, theirs = float(values.median()), (paper or {}).get(name)
        left = theirs is not None and ours < theirs
        _line(axes, ours, "-", f"median {ours:.2f}", left=left)
        if theirs is not None:
            _line(axes, theirs, "--", f"the paper's {theirs:.2f}", left=not left)
        axes.set_title(f"{name} ({len(values):,})")
        axes.set_ylabel("share")
        axes.set_ylim(0, 1.45 * float(share.max()))
        axes.set_xlim(-0.1, 1)
    figure.axes[-1].set_xlabel("correlation with the best match in the other model")
    return figure


def _line(axes: Axes, value: float, style: str, text: str, *, left: bool) -> None:
    """A vertical line with its text on one side, where it stays inside the picture."""
    left = left if 0.15 < value < 0.8 else value >= 0.8
    axes.axvline(value, color=PALETTE["black"], linestyle=style, linewidth=1.5)
    axes.annotate(
        text, (value, 0.98), xycoords=("data", "axes fraction"), fontsize=9, va="top",
        xytext=(-4 if left else 4, 0), textcoords="offset points", ha="right" if left else "left",
    )  # fmt: skip


def by_frequency(bins: Mapping[str, Sequence[Bin]]) -> Figure:
    """The median best correlation of features that fire about equally often, one line for each kind.

    Empty bins are left out; how many features a bin holds is written under it (of the first kind).

    >>> bins = [Bin(0.0, 0.01, 7, 0.5), Bin(0.01, 1.0, 3, 0.25)]
    >>> [text.get_text() for text in by_frequency({"features": bins}).axes[0].get_xticklabels()]
    ['below 0.01\\n7 features', '0.01 or more\\n3 features']
    """
    figure = new_figure(6.5, 3.6)
    axes = figure.axes[0]
    first = next(iter(bins.values()))
    for number, (name, listed) in enumerate(bins.items()):
        inside = [(place, b.median) for place, b in enumerate(listed) if b.count]
        axes.plot([x for x, _ in inside], [y for _, y in inside], label=name, **series(number))
        for x, y in inside:
            axes.annotate(
                f"{y:.2f}",
                (x, y),
                xytext=(0, 7 if number == 0 else -15),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
    axes.set_xticks(range(len(first)), [f"{_range(b, first)}\n{b.count:,} features" for b in first])
    axes.set(xlabel="fires on this share of the tokens", ylabel="median best correlation", ylim=(-0.1, 1))
    axes.set_xlim(-0.4, len(first) - 0.6)
    axes.legend(frameon=False)
    return figure


def _range(b: Bin, bins: Sequence[Bin]) -> str:
    if b is bins[0]:
        return f"below {b.high:g}"
    return f"{b.low:g} or more" if b is bins[-1] else f"{b.low:g} to {b.high:g}"
