"""Pictures of a feature that is read: the neurons it is made of, and how it compares with its nearest neuron."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, fill, new_figure, series


def neurons_of(
    direction: Float[Tensor, " d_mlp"], needed: Sequence[int], *, title: str, n: int = 20
) -> Figure:
    """Left, the neurons with the largest entries in one direction; right, how many neurons all directions need.

    >>> import torch
    >>> left, right = neurons_of(torch.tensor([0.6, 0.0, -0.8]), [2, 3], title="a feature", n=2).axes
    >>> [label.get_text() for label in left.get_xticklabels()]
    ['2', '0']
    """
    figure = new_figure(9.0, 3.2, columns=2, ratios=(3, 2))
    bars, histogram = figure.axes
    order = direction.abs().argsort(descending=True)[:n]
    values = direction[order].tolist()
    bars.bar(range(len(values)), values, **fill(0))
    bars.axhline(0, color=PALETTE["black"], linewidth=0.8)
    bars.set_xticks(range(len(values)), [str(i) for i in order.tolist()], rotation=90, fontsize=8)
    bars.set(title=title, xlabel="neuron", ylabel="entry of the direction")
    histogram.hist(list(needed), bins=range(1, max(needed) + 2), **(fill(1) | {"hatch": ""}))
    histogram.set(
        title="All features of the dictionary", xlabel="neurons that make up half of it", ylabel="features"
    )
    return figure


def across_strengths(
    shares: Mapping[str, Sequence[float]], domain: str, *, base: float | None = None, title: str = ""
) -> Figure:
    """For each unit the share of its places that lie in a domain, from its weakest places to its strongest.

    `base` is the domain's share of all tokens, drawn as a dotted line.

    >>> float(across_strengths({"feature": [0.5, 1.0], "neuron": [0.1, 0.9]}, "dna").axes[0].get_ylim()[0])
    0.0
    """
    figure = new_figure(6.5, 3.4, title=title or None)
    (axes,) = figure.axes
    n_groups = max(len(values) for values in shares.values())
    for number, (name, values) in enumerate(shares.items()):
        axes.plot(range(1, len(values) + 1), values, label=name, **series(number))
    if base is not None:
        axes.axhline(base, color=PALETTE["grey"], linestyle=":")
        axes.text(n_groups + 0.05, base + 0.01, "all tokens", color=PALETTE["grey"], fontsize=8, ha="right")
    names = ["weakest", *[""] * (n_groups - 2), "strongest"] if n_groups > 1 else ["all"]
    axes.set_xticks(range(1, n_groups + 1), names)
    axes.set(
        ylim=(0, 1.03), xlabel="places where the unit is on, in equal groups", ylabel=f"share in {domain}"
    )
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return figure
