"""Pictures of comparing at scale: what streaming costs and when it settles, and one number for two whole spaces."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mechint_course.figures.style import PALETTE, new_figure, series


def streaming(
    n_tokens: Sequence[int],
    megabytes: Mapping[str, Sequence[float]],
    running: Mapping[str, Sequence[float]],
    *,
    guess: str | None = None,
) -> Figure:
    """Left, the memory that each way needs after so many tokens; right, the correlation of some pairs as the text goes by.

    >>> figure = streaming([10, 20], {"sums": [1, 1], "all activations": [2, 4]}, {"0 and 3": [0.5, 0.7]})
    >>> figure.axes[1].get_ylabel()
    'correlation so far'
    """
    words = [f"{name}: {values[0]:.3g} to {values[-1]:.3g} MB" for name, values in megabytes.items()]
    figure = new_figure(
        10.0, 3.4, columns=2, title=guess and f"You predicted: {guess}.", alt="; ".join(words) + "."
    )
    memory, pairs = figure.axes
    for number, (name, values) in enumerate(megabytes.items()):
        memory.plot(n_tokens, values, label=name, **(series(number) | {"markersize": 4}))
    memory.set(
        xscale="log", yscale="log", xlabel="tokens read", ylabel="megabytes", title="What has to be kept"
    )
    for number, (name, values) in enumerate(running.items()):
        pairs.plot(n_tokens, values, label=name, **(series(number + 2) | {"markersize": 4}))
    pairs.set(
        xscale="log",
        ylim=(-0.1, 1.05),
        xlabel="tokens read",
        ylabel="correlation so far",
        title="Three pairs",
    )
    for axes in figure.axes:
        axes.legend(frameon=False, fontsize=9)
    return figure


def whole_space(n_tokens: Sequence[int], cka: Mapping[str, Sequence[float]], n_dimensions: int) -> Figure:
    """CKA of pairs of layers against the number of tokens it was computed on; a line marks as many tokens as dimensions.

    >>> whole_space([10, 100], {"A and B": [0.9, 0.8], "shuffled": [0.8, 0.1]}, 50).axes[0].get_xscale()
    'log'
    """
    words = [f"{name}: {values[0]:.2f} at first, {values[-1]:.2f} at last" for name, values in cka.items()]
    figure = new_figure(6.5, 3.6, alt="; ".join(words) + ".")
    (axes,) = figure.axes
    for number, (name, values) in enumerate(cka.items()):
        axes.plot(n_tokens, values, label=name, **series(number))
    axes.axvline(n_dimensions, color=PALETTE["grey"], linestyle=":")
    axes.annotate(
        f"{n_dimensions} dimensions",
        (n_dimensions, 0.5),
        ha="right",
        xytext=(-4, 0),
        textcoords="offset points",
        fontsize=9,
    )
    axes.set(xscale="log", ylim=(0, 1.05), xlabel="tokens it was computed on", ylabel="CKA")
    axes.legend(frameon=False, loc="center right", fontsize=9)
    return figure
