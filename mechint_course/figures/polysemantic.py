"""Pictures of chapter 2's core: what one neuron moves, how far its strongest places go, and who tells a domain best."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.features.detectors import Detector, DomainRow
from mechint_course.figures.style import PALETTE, new_figure, series


def effects_by_domain(
    rise: Float[Tensor, " n_domains"],
    silent: Float[Tensor, " n_domains"],
    pinned: Float[Tensor, " n_domains"],
    domains: Sequence[str],
    *,
    title: str = "",
) -> Figure:
    """Left, how much the loss rises without a neuron; right, the share of probability that moves: silenced, and pinned.

    Domains are sorted by the rise, the largest on top. `rise` is in nats, the other two are shares.

    >>> values = Tensor([0.01, 0.2])
    >>> len(effects_by_domain(values, values, values, ["dna", "http"]).axes)
    2
    """
    order = sorted(range(len(domains)), key=lambda d: float(rise[d]))
    names = [domains[d] for d in order]
    figure = new_figure(9, 0.26 * len(names) + 1.4, columns=2, share_y=True, title=title or None)
    left, right = figure.axes
    numbers = [round(1000 * float(rise[d]), 1) + 0.0 for d in order]  # never "-0.0"
    colours = [PALETTE["vermilion"] if value < 0 else PALETTE["blue"] for value in numbers]
    left.bar_label(left.barh(names, numbers, color=colours), fmt="%.1f", padding=3, fontsize=8)
    left.axvline(0, color=PALETTE["grey"], linewidth=0.8)
    left.set_xlabel("rise of the loss when silenced,\nin thousandths of a nat")
    for index, (values, label) in enumerate(
        ((silent, "silenced"), (pinned, "pinned to its largest activation"))
    ):
        look = series(index) | {"linestyle": "none"}
        right.plot([100 * float(values[d]) for d in order], names, label=label, **look)
    right.set_xlabel("probability moved to other next tokens, %")
    right.set_xlim(left=0)
    right.grid(axis="y", color=PALETTE["pale"], linewidth=0.6)
    right.set_axisbelow(True)
    figure.legend(*right.get_legend_handles_labels(), frameon=False, loc="outside upper right", ncols=2)
    left.margins(x=0.16, y=0.02)
    return figure


def share_in_groups(
    top: float, groups: Sequence[float], domain: str, *, guess: str | None = None, title: str = ""
) -> Figure:
    """How much of a neuron's strongest places, and of each group from strong to weak, is in one domain; shares from 0 to 1.

    >>> figure = share_in_groups(1.0, [0.1, 0.3], "http", guess="less than 10 %")
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['its strongest\\nplaces', 'group 2\\n(strong)', 'group 1\\n(weak)']
    """
    numbers = list(range(len(groups), 0, -1))
    words = {len(groups): "\n(strong)", 1: "\n(weak)"}
    names = ["its strongest\nplaces", *(f"group {number}{words.get(number, '')}" for number in numbers)]
    values = [100 * top, *(100 * share for share in reversed(groups))]
    figure = new_figure(7, 3.4, title=title or None)
    axes = figure.axes[0]
    bars = axes.bar(names, values, color=[PALETTE["orange"], *[PALETTE["blue"]] * len(groups)])
    bars[0].set_hatch("//")
    bars[0].set_edgecolor("white")
    axes.bar_label(bars, fmt="%.0f %%", padding=2, fontsize=9)
    axes.set(ylabel=f"of these tokens,\nin {domain}, %", ylim=(0, 112))
    if guess is not None:
        axes.set_title(f"you predicted, for all its activation together: {guess}")
    return figure


def entropies(values: Float[Tensor, " n_neurons"], n_domains: int, *, title: str = "") -> Figure:
    """The entropy of every neuron over the domains, with the number of evenly shared domains that it stands for above.

    >>> entropies(Tensor([0.0, 3.0, 4.0]), 21).axes[0].get_ylabel()
    'neurons'
    """
    largest = float(np.log2(n_domains))
    figure = new_figure(7, 3.3, title=title or None)
    axes = figure.axes[0]
    axes.hist(
        values.numpy(), bins=np.linspace(0, largest, 31).tolist(), color=PALETTE["blue"], edgecolor="white"
    )
    middle = float(values.median())
    axes.axvline(
        middle, color=PALETTE["vermilion"], linestyle="--", label=f"the middle neuron: {middle:.1f} bits"
    )
    axes.axvline(
        largest,
        color=PALETTE["black"],
        linestyle=":",
        label=f"all {n_domains} domains alike: {largest:.1f} bits",
    )
    axes.legend(frameon=False, loc="upper left")
    axes.set(xlabel="entropy over the domains, in bits", ylabel="neurons")
    above = axes.secondary_xaxis("top", functions=(np.exp2, lambda n: np.log2(np.maximum(n, 1e-9))))
    above.set_xticks([n for n in (1, 2, 4, 8, 16) if n <= n_domains])
    above.set_xlabel("as many domains, evenly shared")
    return figure


def threshold_curves(
    thresholds: Float[Tensor, " n"],
    curves: Float[Tensor, "n 3"],
    chosen: float,
    *,
    title: str = "",
) -> Figure:
    """Precision, recall and F1 of "fires at least so strongly", over the threshold, with the chosen one as a line.

    >>> threshold_curves(Tensor([0.0, 1.0]), Tensor([[0.1, 1, 0.2], [0.5, 0.2, 0.3]]), 1.0).axes[0].get_xlabel()
    'threshold: says yes from this activation on'
    """
    figure = new_figure(7, 3.3, title=title or None)
    axes = figure.axes[0]
    for index, name in enumerate(("precision", "recall", "F1")):
        look = series(index) | {"marker": ""}
        axes.plot(thresholds, curves[:, index], label=name, linewidth=3 if name == "F1" else 1.5, **look)
    axes.axvline(chosen, color=PALETTE["grey"], linewidth=1)
    axes.text(chosen, 1.02, " chosen", fontsize=9, color=PALETTE["grey"])
    axes.set(xlabel="threshold: says yes from this activation on", ylim=(0, 1.1))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def detectors(rows: Sequence[DomainRow], *, guess: str | None = None, title: str = "") -> Figure:
    """F1 of the best neuron, the token alone and a probe in every domain, with intervals; hollow marks are fresh words.

    >>> from mechint_course.features.detectors import Measured
    >>> from mechint_course.features.scores import Scores
    >>> half = Detector(Measured(Scores(0.5, 1.0, 0.67), 0.4, 0.9), None)
    >>> row = DomainRow("dna", 7, 1.0, half, half, half)
    >>> [label.get_text() for label in detectors([row]).axes[0].get_yticklabels()]
    ['dna']
    """
    ordered = sorted(rows, key=lambda row: row.neuron.held_out.f1)
    figure = new_figure(8, 0.36 * len(ordered) + 1.6, title=title or None)
    axes = figure.axes[0]
    for index, name in enumerate(("neuron", "token", "probe")):
        look = series(index) | {"linestyle": "none", "markersize": 6}
        label = {"neuron": "best neuron", "token": "token alone", "probe": "probe on all neurons"}[name]
        found: list[Detector] = [getattr(row, name) for row in ordered]
        heights = [place + 0.22 * (1 - index) for place in range(len(ordered))]
        scores = [detector.held_out.f1 for detector in found]
        axes.plot(scores, heights, label=label, **look)
        for detector, height in zip(found, heights, strict=True):
            span = (detector.held_out.low, detector.held_out.high)
            axes.plot(span, (height, height), color=look["color"], linewidth=1.5)
        fresh = [(d.fresh.f1, height) for d, height in zip(found, heights, strict=True) if d.fresh]
        if fresh:
            hollow = look | {"markerfacecolor": "white", "markersize": 5}
            axes.plot(*zip(*fresh, strict=True), label=f"{label}, fresh words", **hollow)
    axes.set_yticks(range(len(ordered)), [row.domain for row in ordered])
    for edge in range(len(ordered) - 1):
        axes.axhline(edge + 0.5, color=PALETTE["pale"], linewidth=0.6)
    axes.set(xlabel="F1 on documents that chose nothing", xlim=(-0.02, 1.02), ylim=(-0.6, len(ordered) - 0.4))
    figure.legend(frameon=False, loc="outside lower center", ncols=3, fontsize=9)
    if guess is not None:
        axes.set_title(f"you predicted: {guess}")
    return figure
