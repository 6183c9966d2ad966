"""Pictures of toy models: sparse samples, feature directions in the plane, the loss along training."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import MARKERS, PALETTE, SEQUENTIAL, SERIES, new_figure

_REACH = 1.55
_SHORT = 0.5

SKETCHES: Mapping[str, Sequence[float]] = {
    "two features at a right angle": (90, 0),
    "two opposite pairs": (0, 90, 180, 270),
    "a regular pentagon": (90, 162, 234, 306, 18),
    "a fan within a quarter turn": (0, 22.5, 45, 67.5, 90),
}
"""What a prediction about features in the plane looks like: the bearings in degrees of those that are kept."""


def samples(batches: Mapping[str, Float[Tensor, "_ _"]], *, n_shown: int = 40) -> Figure:
    """The first samples of some batches, one panel each: a row is a sample, a column a feature, dark is zero.

    >>> len(samples({"dense": torch.rand(50, 5), "sparse": torch.zeros(50, 5)}).axes)  # the colour bar counts too
    3
    """
    figure = new_figure(2.6 * len(batches) + 1.2, 4.2, columns=len(batches), share_y=True)
    panels = list(figure.axes)
    for axes, (title, x) in zip(panels, batches.items(), strict=True):
        image = axes.imshow(
            x[:n_shown].numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto", interpolation="nearest"
        )
        axes.set(title=title, xlabel="feature", xticks=range(x.shape[1]))
    panels[0].set_ylabel("sample")
    figure.colorbar(image, ax=panels, label="value (dark: 0, not there)", shrink=0.8)
    return figure


def directions(
    W: Float[Tensor, "n_panels 2 n_features"], titles: Sequence[str] | None = None, *, columns: int = 5
) -> Figure:
    """Each feature's direction in a two-dimensional hidden space, one panel for each matrix.

    Features of length 0.5 or more are arrows that end in a numbered marker; shorter ones are grey stubs without a
    number. The circle has radius 1.

    >>> len(directions(torch.zeros(3, 2, 5), columns=2).axes)  # two rows of two, and the last panel stays empty
    4
    """
    n_panels = len(W)
    columns = min(columns, n_panels)
    rows = -(-n_panels // columns)
    figure = new_figure(2.3 * columns, 2.5 * rows, rows=rows, columns=columns)
    # Panels that stay square leave a title less room than the layout thinks.
    figure.set_layout_engine("constrained", h_pad=0.12)
    for i, axes in enumerate(figure.axes):
        if i < n_panels:
            draw_directions(axes, W[i], "" if titles is None else titles[i])
        else:
            axes.set_axis_off()
    return figure


def prediction_beside(
    prediction: str | None, W: Float[Tensor, "2 n_features"], *, title: str = "What the model does"
) -> Figure:
    """A sketch of what was predicted, and beside it the directions that the model learned.

    `prediction` is one of the keys of `SKETCHES`, or None where nothing was predicted.

    >>> len(prediction_beside("a regular pentagon", torch.zeros(2, 5)).axes)
    2
    """
    figure = new_figure(6.2, 3.3, columns=2)
    left, right = figure.axes
    if prediction is not None and prediction in SKETCHES:
        bearings = torch.deg2rad(torch.tensor(SKETCHES[prediction]))
        draw_directions(
            left,
            torch.stack([bearings.cos(), bearings.sin()]),
            f"You predicted:\n{prediction}",
            numbers=False,
        )
    else:
        _plane(left, "You predicted:\nnothing yet")
        left.text(0, 0, "?", ha="center", va="center", fontsize=40, color=PALETTE["grey"])
    draw_directions(right, W, f"{title}\n")
    return figure


def draw_directions(
    axes: Axes, W: Float[Tensor, "2 n_features"], title: str = "", *, numbers: bool = True
) -> None:
    """Draws the feature directions of one model into existing axes; features that end in one place share a label.

    >>> axes = new_figure().axes[0]
    >>> draw_directions(axes, torch.tensor([[1.0, 1.0, 0.0, 0.1], [0.0, 0.0, 1.0, 0.0]]))
    >>> [text.get_text() for text in axes.texts]  # 0 and 1 are one arrow, and 3 is a stub without a number
    ['0,1', '2']
    """
    _plane(axes, title)
    labels: list[tuple[float, float, str]] = []
    for i, (x, y) in enumerate(W.detach().T.tolist()):
        length = float(np.hypot(x, y))
        if length < _SHORT:
            axes.plot([0, x], [0, y], color=PALETTE["grey"], linewidth=2, solid_capstyle="round")
            continue
        colour = PALETTE[SERIES[i % len(SERIES)]]
        axes.plot([0, x], [0, y], color=colour, linewidth=2)
        axes.plot([x], [y], marker=MARKERS[i % len(MARKERS)], color=colour, markersize=7)
        if numbers:
            away = 1 + 0.22 / length
            labels = _joined(labels, x * away, y * away, str(i))
    for x, y, text in labels:
        axes.text(x, y, text, ha="center", va="center", fontsize=9)


def _joined(
    labels: list[tuple[float, float, str]], x: float, y: float, text: str
) -> list[tuple[float, float, str]]:
    """The labels with one more, or with one of them longer where the new one would cover it."""
    for k, (other_x, other_y, other) in enumerate(labels):
        if np.hypot(x - other_x, y - other_y) < 0.12:
            return [*labels[:k], (other_x, other_y, f"{other},{text}"), *labels[k + 1 :]]
    return [*labels, (x, y, text)]


def kept_by_density(
    density: Float[Tensor, "n_densities"], kept: Int[Tensor, "n_densities n_seeds"], *, n_hidden: int
) -> Figure:
    """How many features each model keeps, against the density: a dot for each seed, the line is their mean.

    The dashed line is the number of hidden dimensions; dots above it are models in superposition.

    >>> kept_by_density(torch.tensor([1.0, 0.1]), torch.tensor([[2], [5]]), n_hidden=2).axes[0].get_ylabel()
    'features kept'
    """
    figure = new_figure(6, 3.4)
    (axes,) = figure.axes
    n_seeds = kept.shape[1]
    shift = torch.linspace(-0.04, 0.04, n_seeds) if n_seeds > 1 else torch.zeros(1)
    spread = density[:, None] * torch.exp(shift)
    axes.plot(density, kept.float().mean(1), color=PALETTE["blue"], linewidth=2, label="mean over seeds")
    axes.plot(spread.flatten(), kept.flatten(), "o", color=PALETTE["vermilion"], alpha=0.6, label="one model")
    axes.axhline(n_hidden, color=PALETTE["grey"], linestyle="--", label="hidden dimensions")
    axes.set(
        xscale="log",
        xlabel="density: how often a feature is active (sparser to the right)",
        ylabel="features kept",
    )
    axes.set_xticks(density.tolist(), [f"{value:g}" for value in density.tolist()], fontsize=8)
    axes.minorticks_off()
    axes.set_ylim(0, float(kept.max()) + 0.6)
    axes.invert_xaxis()
    axes.legend(frameon=False, loc="lower right")
    return figure


def _plane(axes: Axes, title: str) -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angle), np.sin(angle), color=PALETTE["pale"], linewidth=1)
    axes.set(
        xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH), xticks=[], yticks=[], aspect="equal", title=title
    )
    for side in axes.spines.values():
        side.set_visible(False)
