"""Pictures of the feature graph: the strip with one model marked, and one cluster of that model."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from mechint_course.figures.style import PALETTE, CourseFigure, new_figure
from mechint_course.toy.clusters import Cluster

_ROUND = 16
"""Clusters of up to so many features are drawn as a ring with numbers, larger ones as a cloud."""
_MIN_OVERLAP = 0.3
_TICKS = (1, 2, 3, 5, 10, 20, 50, 100)


def strip_and_cluster(
    density: Float[Tensor, "n_densities"],
    dimensionality: Float[Tensor, "n_densities n_features"],
    at: int,
    cluster: Cluster | None,
    *,
    values: Sequence[tuple[str, float]] = (("1", 1.0), ("1/2", 1 / 2), ("2/5", 2 / 5)),
) -> CourseFigure:
    """Left, the D_i of every feature of every model, that of number `at` marked; right, the graph of one of its clusters.

    Diamonds are the features of the cluster. A solid line joins two features that overlap positively, a dashed one two
    that are opposite; the thicker, the stronger. Up to 16 features stand in a ring in the order of their directions.

    >>> import torch
    >>> from mechint_course.toy import feature_clusters
    >>> W = torch.tensor([[[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]])
    >>> figure = strip_and_cluster(torch.ones(1), torch.rand(1, 3), 0, feature_clusters(W[0])[0])
    >>> figure.axes[1].get_title()
    '2 features in 1 dimension'
    """
    figure = new_figure(9.0, 4.0, columns=2, ratios=(1.35, 1))
    strip, graph = figure.axes
    sparsity = 1 / density
    for label, value in values:
        strip.axhline(value, color=PALETTE["grey"], linestyle="--", linewidth=0.8)
        strip.text(1.015, value, label, transform=strip.get_yaxis_transform(), va="center", fontsize=9)
    for chosen, look in ((False, ("sky", 0.3)), (True, ("vermilion", 0.5))):
        models = [at] if chosen else [k for k in range(len(density)) if k != at]
        if models:
            shares = dimensionality[models]
            there = shares > 0.02
            strip.plot(
                sparsity[models][:, None].expand_as(shares)[there],
                shares[there],
                "o",
                markersize=4,
                markeredgewidth=0,
                color=PALETTE[look[0]],
                alpha=look[1],
            )
    here = float(sparsity[at])
    strip.axvline(here, color=PALETTE["vermilion"], linewidth=1, zorder=0)
    if cluster is not None:
        size = len(cluster.features)
        strip.plot([here] * size, cluster.dimensionality, "D", color=PALETTE["black"], markersize=5)
    strip.set(
        xscale="log",
        ylim=(0, 1.08),
        xlabel="1 / density (sparser to the right)",
        ylabel="$D_i$ of each feature",
    )
    strip.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    strip.minorticks_off()
    strip.set_title(f"density {float(density[at]):.3g}")
    graph.set_axis_off()
    graph.set(aspect="equal", xlim=(-1.35, 1.35), ylim=(-1.35, 1.35))
    if cluster is None:
        graph.text(0, 0, "no feature stands out", ha="center", va="center")
    else:
        _graph(graph, cluster)
    return figure


def _graph(axes: Axes, cluster: Cluster) -> None:
    size, room = len(cluster.features), cluster.dimensions
    rounded = f"{room:.1f}".removesuffix(".0")
    axes.set_title(
        f"{size} feature{'s' if size > 1 else ''} in {rounded} dimension{'s' if rounded != '1' else ''}"
    )
    places = _ring(cluster) if size <= _ROUND else _cloud(cluster)
    crowded = size > _ROUND
    overlap = cluster.overlap
    pairs = [(i, j) for i, j in (overlap.abs() >= _MIN_OVERLAP).nonzero().tolist() if j < i]
    edges = LineCollection(
        [(places[i], places[j]) for i, j in pairs],
        colors=[PALETTE["blue" if overlap[i, j] > 0 else "vermilion"] for i, j in pairs],
        linestyles=["-" if overlap[i, j] > 0 else "--" for i, j in pairs],
        linewidths=[0.5 if crowded else 4 * float(overlap[i, j].abs()) for i, j in pairs],
        alpha=0.4 if crowded else 0.8,
        zorder=0,
    )
    axes.add_collection(edges)
    x, y = zip(*places, strict=True)
    axes.plot(
        x,
        y,
        "o",
        markersize=4 if crowded else 19,
        markerfacecolor="white",
        markeredgecolor=PALETTE["black"],
        linestyle="none",
    )
    if not crowded:
        for (across, up), feature in zip(places, cluster.features.tolist(), strict=True):
            axes.text(across, up, str(feature), ha="center", va="center", fontsize=8)


def _ring(cluster: Cluster) -> list[tuple[float, float]]:
    """Evenly around a circle, in the order of the directions in the cluster's own plane."""
    size = len(cluster.features)
    if size == 1:
        return [(0.0, 0.0)]
    order = np.arctan2(cluster.place[:, 1].numpy(), cluster.place[:, 0].numpy()).argsort().tolist()
    turn = {feature: 2 * pi * rank / size for rank, feature in enumerate(order)}
    return [(cos(turn[i]), sin(turn[i])) for i in range(size)]


def _cloud(cluster: Cluster) -> list[tuple[float, float]]:
    place = cluster.place / cluster.place.abs().max()
    return [(float(x), float(y)) for x, y in 1.25 * place]
