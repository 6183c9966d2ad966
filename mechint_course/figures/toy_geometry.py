"""Pictures of features that share dimensions: the strip, its jumps along training, what it costs under attack."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import LINES, MARKERS, PALETTE, SERIES, new_figure, series

_SPARSER = "1 / density (sparser to the right)"


def strip(
    density: Float[Tensor, "n_densities"],
    dimensions_per_feature: Float[Tensor, "n_densities"],
    dimensionality: Float[Tensor, "n_densities n_features"],
    *,
    values: Sequence[str] = ("3/4", "2/3", "1/2", "2/5", "3/8"),
    yours: Mapping[float, float] | None = None,
) -> Figure:
    """Above, dimensions per feature against 1 / density; below, the D_i of every feature, one column of dots a model.

    `values` are the fractions to draw as dashed lines in the lower panel, `yours` maps densities to D* of models that
    are laid over as diamonds.

    >>> import torch
    >>> figure = strip(torch.tensor([1.0, 0.1]), torch.tensor([1.0, 0.4]), torch.rand(2, 5), yours={0.2: 0.5})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['D*', '$D_i$ of each feature']
    """
    figure = new_figure(7.2, 6.4, rows=2, share_x=True)
    above, below = figure.axes
    sparsity = 1 / density
    for value in ("1", "1/2"):
        _level(above, value)
    above.plot(sparsity, dimensions_per_feature, label="the strip", **series(0))
    if yours:
        above.plot(
            [1 / p for p in yours],
            list(yours.values()),
            "D",
            color=PALETTE["vermilion"],
            markersize=9,
            markeredgecolor=PALETTE["black"],
            linestyle="none",
            label="yours",
        )
    above.set(ylabel="D*", ylim=(0, 1.08), title="Dimensions for each feature")
    above.legend(frameon=False)
    for k, value in enumerate(values):
        near = k + 1 < len(values) and Fraction(value) - Fraction(values[k + 1]) < Fraction(1, 20)
        _level(below, value, shift=0.02 if near else -0.02 if k and value == values[-1] else 0)
    for place, shares in zip(sparsity.tolist(), dimensionality, strict=True):
        there = shares[shares > 0.02]
        below.plot(
            [place] * len(there),
            there,
            "o",
            color=PALETTE["blue"],
            markersize=4,
            alpha=0.25,
            markeredgewidth=0,
        )
    below.set(
        xscale="log",
        xlabel=_SPARSER,
        ylabel="$D_i$ of each feature",
        ylim=(0, 1.08),
        title="The share of every feature (those above 0.02)",
    )
    ticks = [1, 2, 3, 5, 10, 20, 50, 100]
    below.set_xticks(ticks, [str(tick) for tick in ticks])
    below.minorticks_off()
    return figure


def along_training(
    steps: Int[Tensor, "n_records"],
    losses: Float[Tensor, "n_records n_shown"],
    dimensionality: Float[Tensor, "n_records n_shown n_features"],
    jumps: Sequence[Sequence[tuple[int, int, int]]],
    titles: Sequence[str],
) -> Figure:
    """For each model, its loss above and the D_i of all features below, over the same steps.

    `jumps` holds, for each model, (record before, record after, feature); the time between is shaded, and the feature
    that moved is drawn thick and named.

    >>> import torch
    >>> shown = along_training(torch.tensor([1, 2, 3]), torch.rand(3, 1), torch.zeros(3, 1, 4), [[(0, 1, 2)]], ["seed 0"])
    >>> [text.get_text() for text in shown.axes[1].get_legend().texts]
    ['feature 2']
    """
    n_shown = losses.shape[1]
    figure = new_figure(3.3 * n_shown + 0.4, 5.0, rows=2, columns=n_shown, share_x=True)
    above, below = figure.axes[:n_shown], figure.axes[n_shown:]
    # The first tenth of the records is one steep fall that would flatten all the rest.
    tops = losses[len(steps) // 10 :]
    low, high = float(losses.min()), float(tops.max())
    for k in range(n_shown):
        above[k].plot(steps, losses[:, k], color=PALETTE["black"])
        above[k].set(title=titles[k], ylim=(low - 0.05 * (high - low), high))
        below[k].plot(steps, dimensionality[:, k], color=PALETTE["grey"], linewidth=0.7, alpha=0.6)
        for place, (before, after, feature) in enumerate(jumps[k]):
            for axes in (above[k], below[k]):
                axes.axvspan(
                    float(steps[before]), float(steps[after]), color=PALETTE["yellow"], alpha=0.5, lw=0
                )
            colour = SERIES[place % len(SERIES)]
            below[k].plot(
                steps,
                dimensionality[:, k, feature],
                color=PALETTE[colour],
                linestyle=LINES[place % len(LINES)],
                linewidth=2,
                marker=MARKERS[place % len(MARKERS)],
                markevery=max(1, len(steps) // 8),
                label=f"feature {feature}",
            )
        if jumps[k]:
            below[k].legend(frameon=False, loc="upper right", fontsize=9)
        below[k].set(ylim=(0, 1.02), xlabel="step")
        below[k].set_yticks([0, 0.25, 0.5, 0.75, 1])
    above[0].set_ylabel("loss")
    below[0].set_ylabel("$D_i$ of each feature")
    return figure


def vulnerability(
    density: Float[Tensor, "n_densities"],
    score: Float[Tensor, "n_densities"],
    features_per_dimension: Float[Tensor, "n_densities"],
) -> Figure:
    """Vulnerability beside features per dimension, against 1 / density; both axes are logarithmic.

    >>> import torch
    >>> one = torch.tensor([1.0, 0.1])
    >>> len(vulnerability(one, 1 / one, 1 / one).axes[0].lines)
    3
    """
    figure = new_figure(6.4, 3.8)
    (axes,) = figure.axes
    axes.axhline(3, color=PALETTE["grey"], linestyle=":", linewidth=1)
    axes.plot(1 / density, features_per_dimension, label="features per dimension", **series(0))
    axes.plot(1 / density, score, label="vulnerability, without superposition = 1", **series(1))
    ticks = [1, 2, 3, 5, 10, 20, 50, 100]
    axes.set(xscale="log", yscale="log", xlabel=_SPARSER, ylabel="times")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_yticks([1, 2, 3, 5, 10, 20], ["1", "2", "3", "5", "10", "20"])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="upper left")
    return figure


def _level(axes: Axes, fraction: str, *, shift: float = 0.0) -> None:
    """A dashed line at a fraction, with its name at the right end, moved up or down by `shift`."""
    value = float(Fraction(fraction))
    axes.axhline(value, color=PALETTE["grey"], linestyle="--", linewidth=0.8)
    axes.text(
        1.015,
        value + shift,
        fraction,
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=9,
        clip_on=False,
    )
