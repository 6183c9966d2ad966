"""Pictures of two models side by side: who agrees with whom, how much, and how often it fires."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from mechint_course.features.matching import EDGES, Bin, by_frequency
from mechint_course.figures.style import DIVERGING, PALETTE, fill, new_figure


def matrix(
    correlation: Float[Tensor, "n_left n_right"],
    *,
    left: str = "model 1",
    right: str = "model 2",
    label: str = "correlation",
) -> Figure:
    """Every correlation (or cosine, `label` says which) as a square, its number written in, the best of each row framed.

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
    figure.colorbar(image, ax=axes, label=label, shrink=0.9)
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


def by_bin(
    best: Float[Tensor, " n"],
    null: Float[Tensor, " n"],
    density: Float[Tensor, " n"],
    edges: Sequence[float] = EDGES,
    thresholds: Float[Tensor, " n"] | None = None,
) -> Figure:
    """A histogram of best matches for features that fire about equally often, real and on shuffled tokens.

    Bins without a feature are left out, and shuffled bars much higher than the real ones are cut. A dotted line marks the
    bin's threshold, where `thresholds` says what luck gives.

    >>> best, null = torch.tensor([0.9, 0.5, 0.7]), torch.tensor([0.1, 0.2, 0.1])
    >>> figure = by_bin(best, null, torch.tensor([0.05, 0.5, 0.5]), (0, 0.1, 1))
    >>> [axes.get_title() for axes in figure.axes]
    ['fire on less than 0.1 of the tokens: 1 feature', 'fire on 0.1 or more: 2 features']
    """
    bins = list(zip(by_frequency(best, density, edges), by_frequency(null, density, edges), strict=True))
    found = [(real, luck) for real, luck in bins if real.count]
    words = [
        f"{_range(real, edges)}: median {real.median:.2f}, shuffled {luck.median:.2f}" for real, luck in found
    ]
    figure = new_figure(
        7.0,
        1.45 * max(1, len(found)) + 0.9,
        rows=max(1, len(found)),
        share_x=True,
        alt="; ".join(words) + ".",
    )
    cuts = torch.linspace(-0.1, 1, 56)
    for axes, (real, luck) in zip(figure.axes, found, strict=False):
        inside = (density > 0) & (density >= real.low) & ((density < real.high) | (real.high == edges[-1]))
        highest = 0.0
        for number, (name, values) in enumerate((("real", best), ("tokens shuffled", null))):
            share = torch.histogram(values[inside].float().clamp(-0.0999, 1), cuts).hist / real.count
            highest = highest or float(share.max())
            axes.stairs(
                share.numpy(), cuts.numpy(), label=name, fill=True, linewidth=0, alpha=0.75, **fill(number)
            )
        _line(axes, real.median, "-", f"median {real.median:.2f}", left=real.median > 0.5)
        axes.axvline(luck.median, color=PALETTE["black"], linewidth=1)
        if thresholds is not None:
            axes.axvline(float(thresholds[inside][0]), color=PALETTE["black"], linestyle=":", linewidth=1.5)
        axes.set_title(f"{_range(real, edges)}: {real.count:,} feature{'s' if real.count != 1 else ''}")
        axes.set(ylabel="share", xlim=(-0.1, 1))
        axes.set_ylim(0, 2.5 * highest)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.axes[-1].set_xlabel("correlation with the best match in the other model")
    return figure


def _range(b: Bin, edges: Sequence[float]) -> str:
    if b.low == edges[0]:
        return f"fire on less than {b.high:g} of the tokens"
    return f"fire on {b.low:g} or more" if b.high == edges[-1] else f"fire on {b.low:g} to {b.high:g}"
