"""Pictures of latents that fall silent: how often latents are on, and how many are dead along a training."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, fill, new_figure, series
from mechint_course.sae import TrainingLog, census, density_histogram


def densities(
    found: Mapping[str, Float[Tensor, " d_sae"]], *, lowest: float, ultralow_below: float, title: str = ""
) -> Figure:
    """For each dictionary how many latents have which density; the dead stand in a bar of their own, at the left.

    The dashed line is where "ultralow" begins.

    >>> import torch
    >>> figure = densities({"L1": torch.tensor([0.0, 0.01, 0.2])}, lowest=1e-4, ultralow_below=1e-3)
    >>> figure.axes[0].get_title()
    'L1: 1 dead, 0 ultralow'
    """
    columns = 2 if len(found) > 1 else 1
    rows = -(-len(found) // columns)
    figure = new_figure(9.0, 2.5 * rows + 0.4, rows=rows, columns=columns, title=title or None, share_x=True)
    for axes in figure.axes[len(found) :]:
        axes.set_axis_off()
    for number, (axes, (name, density)) in enumerate(zip(figure.axes, found.items(), strict=False)):
        histogram, counts = (
            density_histogram(density, lowest=lowest),
            census(density, ultralow_below=ultralow_below),
        )
        edges = np.log10(histogram.edges.numpy())
        axes.bar(
            edges[:-1],
            histogram.counts.numpy(),
            width=np.diff(edges),
            align="edge",
            **(fill(0) | {"hatch": ""}),
        )
        silent = edges[0] - 0.8
        axes.bar([silent], [counts.dead], width=0.5, **fill(1))
        axes.axvline(np.log10(ultralow_below), color=PALETTE["black"], linestyle="--", linewidth=0.9)
        axes.set_title(f"{name}: {counts.dead} dead, {counts.ultralow} ultralow")
        ticks = list(range(int(np.ceil(edges[0])), 1))
        axes.set_xticks([silent, *ticks], ["never", *[f"$10^{{{tick}}}$" for tick in ticks]])
        if number >= len(found) - columns:
            axes.set_xlabel("density: share of tokens on which it is on")
            axes.tick_params(labelbottom=True)
        if number % columns == 0:
            axes.set_ylabel("latents")
    return figure  # fmt: skip


def silent_along(logs: Mapping[str, TrainingLog], *, total: int, title: str = "") -> Figure:
    """How many latents are dead along each training, and what each dictionary still misses.

    >>> from mechint_course.sae import Entry
    >>> log = TrainingLog([Entry(20, 0.5, 0.5, 16.0, 0), Entry(40, 0.3, 0.3, 16.0, 2)], n_steps=40, n_inputs=80)
    >>> len(silent_along({"L1": log}, total=8).axes)
    2
    """
    figure = new_figure(9.0, 3.4, columns=2, title=title or None)
    dead, missed = figure.axes
    for number, (name, log) in enumerate(logs.items()):
        style = series(number) | {"markevery": max(1, len(log.entries) // 6), "markersize": 5}
        seen = [entry.step * log.n_inputs / max(1, log.n_steps) for entry in log.entries]
        dead.plot(seen, [entry.dead for entry in log.entries], label=name, **style)
        missed.plot(seen, [entry.fvu for entry in log.entries], **style)
    dead.set(
        title=f"Dead latents, of {total:,}", xlabel="activations seen", ylabel="dead latents", ylim=(0, None)
    )
    missed.set(title="Share of variance missed", xlabel="activations seen", ylabel="FVU", ylim=(0, 1.02))
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=len(logs))
    return figure
