"""Pictures of single neurons: what they do in each kind of text, how often, and what is lost without them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure


def by_domain(
    values: Float[Tensor, " n_domains"], domains: Sequence[str], *, title: str, unit: str, digits: int = 2
) -> Figure:
    """One bar for each domain, the largest on top, its value written beside it; domains without a value are left out.

    >>> by_domain(Tensor([0.5, 2.0]), ["dna", "http"], title="Neuron 3", unit="mean activation").axes[0].get_xlabel()
    'mean activation'
    """
    rows = [(float(value), name) for value, name in zip(values, domains, strict=True) if value == value]
    rows.sort()
    figure = new_figure(7, 0.26 * len(rows) + 1.1, title=title)
    axes = figure.axes[0]
    numbers, names = [value for value, _ in rows], [name for _, name in rows]
    colours = [PALETTE["vermilion"] if value < 0 else PALETTE["blue"] for value in numbers]
    bars = axes.barh(names, numbers, color=colours)
    axes.bar_label(bars, labels=[f"{value:.{digits}f}" for value in numbers], padding=3, fontsize=8)
    axes.axvline(0, color=PALETTE["grey"], linewidth=0.8)
    axes.set_xlabel(unit)
    axes.margins(x=0.12, y=0.02)
    return figure


def activation_histogram(
    activation: Float[Tensor, "n_sequences n_ctx"], edges: Sequence[float] = (), *, title: str = ""
) -> Figure:
    """How often each strength occurs, on a logarithmic scale; silent tokens are told in words, `edges` are drawn as lines.

    >>> activation_histogram(Tensor([[0.0, 1.0, 2.0, 0.0]])).axes[0].get_title()
    'silent on 50.0 % of the tokens'
    """
    values = activation.flatten().numpy()
    firing = values[values > 0]
    figure = new_figure(7, 3, title=title or None)
    axes = figure.axes[0]
    if len(firing):
        axes.hist(firing, bins=np.linspace(0, firing.max(), 41).tolist(), color=PALETTE["blue"])
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.7)
    for edge in edges:
        axes.axvline(edge, color=PALETTE["vermilion"], linestyle="--", linewidth=1)
    axes.set_title(f"silent on {100 * (1 - len(firing) / max(1, len(values))):.1f} % of the tokens")
    axes.set(xlabel="activation where it fires", ylabel="tokens")
    return figure


PREDICTIONS = {"one": (1, 1), "two or three": (2, 3), "four or more": (4, 99)}
"""What each answer to "how many kinds of text?" covers."""


def domains_per_neuron(
    counts: Int[Tensor, " n_neurons"], guess: str | None = None, *, title: str = ""
) -> Figure:
    """In how many domains each neuron is active, as a histogram over neurons; the predicted part is shaded.

    >>> domains_per_neuron(Tensor([1, 2, 2, 5]).int(), "one").axes[0].get_xlabel()
    'domains that the neuron answers to'
    """
    most = max(4, int(counts.max()))
    heights = [int((counts == number).sum()) for number in range(1, most + 1)]
    figure = new_figure(7, 3.2, title=title or None)
    axes = figure.axes[0]
    if guess in PREDICTIONS:
        low, high = PREDICTIONS[str(guess)]
        axes.axvspan(
            low - 0.5, min(high, most) + 0.5, color=PALETTE["pale"], label=f"your prediction: {guess}"
        )
        axes.legend(frameon=False)
    bars = axes.bar(range(1, most + 1), heights, color=PALETTE["blue"])
    axes.bar_label(bars, fontsize=8)
    axes.margins(y=0.15)
    axes.set(xlabel="domains that the neuron answers to", ylabel="neurons", xticks=range(1, most + 1))
    return figure
