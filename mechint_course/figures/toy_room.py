"""Pictures of room: how many directions fit, how much the absent features leak, when a sparse vector comes back."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure, series


def directions_that_fit(n_hidden: Sequence[int], counts: Mapping[float, Sequence[int]]) -> Figure:
    """How many random directions may stay, against the number of dimensions; one line for each limit on the cosine.

    The dashed line has as many directions as dimensions.

    >>> directions_that_fit([10, 20], {0.3: [9, 21]}).axes[0].get_yscale()
    'log'
    """
    figure = new_figure(6, 3.6)
    (axes,) = figure.axes
    for i, (limit, kept) in enumerate(counts.items()):
        axes.plot(n_hidden, kept, label=f"cosine at most {limit:g}", **series(i))
    axes.plot(n_hidden, n_hidden, "--", color=PALETTE["grey"], label="as many as dimensions")
    axes.set(xlabel="dimensions", ylabel="directions that stay", yscale="log")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return figure


def leak_by_active(
    k: Sequence[int], leaks: Float[Tensor, "n_k n_samples"], expected: Sequence[float], *, n_hidden: int
) -> Figure:
    """What absent features read, against the number of features that are there: points measured, line expected.

    >>> import torch
    >>> leak_by_active([1, 4], torch.ones(2, 3), [0.1, 0.2], n_hidden=100).axes[0].get_xlabel()
    'features that are there'
    """
    figure = new_figure(6, 3.4)
    (axes,) = figure.axes
    axes.plot(k, expected, color=PALETTE["vermilion"], linestyle="--", label="theory")
    axes.errorbar(
        k,
        leaks.mean(1),
        yerr=leaks.std(1),
        fmt="o",
        color=PALETTE["blue"],
        capsize=3,
        label="measured, and its spread",
    )
    axes.set(
        xlabel="features that are there",
        ylabel="leak into an absent feature",
        title=f"{n_hidden} dimensions",
        ylim=(0, None),
    )
    axes.legend(frameon=False, loc="upper left")
    return figure


def recovery_by_active(
    k: Sequence[int], share: Mapping[int, Float[Tensor, "n_k"]], limits: Mapping[int, int], *, n_features: int
) -> Figure:
    """The share of sparse vectors that come back, against how many of their entries are there, one line for each m.

    The dotted upright lines are where theory puts the end.

    >>> import torch
    >>> figure = recovery_by_active([1, 2], {20: torch.tensor([1.0, 0.0])}, {20: 1}, n_features=100)
    >>> figure.axes[0].get_ylabel()
    'share that comes back'
    """
    figure = new_figure(6, 3.4)
    (axes,) = figure.axes
    for i, (m, values) in enumerate(share.items()):
        style = series(i)
        axes.plot(k, values, label=f"from {m} numbers", **style)
        axes.axvline(limits[m], ymax=0.9, color=style["color"], linestyle=":")
        axes.text(limits[m], 1.06, f"theory: {limits[m]}", color=style["color"], ha="center", fontsize=9)
    axes.set(
        xlabel=f"entries that are there, of {n_features}",
        ylabel="share that comes back",
        ylim=(-0.03, 1.13),
        yticks=[0, 0.5, 1],
    )
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.92))
    return figure
