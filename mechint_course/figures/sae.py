"""Pictures of dictionaries: how a training went, what the model's loss says, and where units fire."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mechint_course.features.domains import Reading
from mechint_course.features.splice import LossRecovered
from mechint_course.figures.style import PALETTE, fill, new_figure, series
from mechint_course.sae import TrainingLog

_GUESSES = {
    "under 50 %": (0.0, 0.5),
    "50 to 80 %": (0.5, 0.8),
    "80 to 90 %": (0.8, 0.9),
    "over 90 %": (0.9, 1.0),
}


def training_curves(log: TrainingLog) -> Figure:
    """What the dictionary still misses (FVU) and how many latents are dead, along the training.

    >>> from mechint_course.sae import Entry
    >>> log = TrainingLog([Entry(20, 0.5, 0.5, 16.0, 0), Entry(40, 0.3, 0.3, 16.0, 2)], n_steps=40, n_inputs=80)
    >>> len(training_curves(log).axes)
    2
    """
    figure = new_figure(8.0, 3.0, columns=2)
    error, dead = figure.axes
    seen = [entry.step * log.n_inputs / max(1, log.n_steps) for entry in log.entries]
    error.plot(seen, [entry.fvu for entry in log.entries], **(series(0) | {"marker": ""}))
    error.set(
        title="Share of variance missed",
        xlabel="activations seen",
        ylabel="FVU (1: the mean)",
        ylim=(0, None),
    )
    dead.plot(seen, [entry.dead for entry in log.entries], **(series(1) | {"marker": ""}))
    dead.set(
        title="Latents that have fallen silent",
        xlabel="activations seen",
        ylabel="dead latents",
        ylim=(0, None),
    )
    return figure


def losses(found: LossRecovered, guess: str | None = None) -> Figure:
    """The model's loss under four treatments of its layer and, below, the share recovered beside a prediction.

    >>> found = LossRecovered(clean=3.0, patched=3.2, zero_ablated=5.0, mean_ablated=4.0, n_tokens=100)
    >>> [text.get_text() for text in losses(found, "over 90 %").axes[1].texts]
    ['recovered: 90.0 %', 'you said: over 90 %']
    """
    figure = new_figure(9.0, 3.0, columns=2, ratios=(3, 2))
    bars, scale = figure.axes
    named = {
        "untouched": found.clean,
        "dictionary": found.patched,
        "mean activation": found.mean_ablated,
        "zeros": found.zero_ablated,
    }
    drawn = bars.barh(list(named), list(named.values()), color=PALETTE["pale"], edgecolor=PALETTE["black"])
    drawn[1].set(**fill(0))
    bars.bar_label(drawn, fmt="%.2f", padding=3)
    bars.invert_yaxis()
    bars.set(
        title="Loss with the layer replaced by ...",
        xlabel="nats a token",
        xlim=(0, 1.12 * max(named.values())),
    )
    scale.axhline(0, color=PALETTE["grey"])
    if guess in _GUESSES:
        low, high = _GUESSES[guess]
        scale.axvspan(low, high, ymin=0.35, ymax=0.65, color=PALETTE["sky"], alpha=0.5)
    scale.plot([found.recovered], [0], markersize=11, **(series(1) | {"linestyle": ""}))
    scale.text(0.02, 0.8, f"recovered: {100 * found.recovered:.1f} %", transform=scale.transAxes)
    if guess is not None:
        scale.text(0.02, 0.7, f"you said: {guess}", transform=scale.transAxes)
    scale.set(
        title="Loss recovered", xlabel="0: as bad as zeros, 1: untouched", ylim=(-1, 1), yticks=[],
        xlim=(min(-0.05, found.recovered - 0.05), 1.05),
    )  # fmt: skip
    return figure


def side_by_side(found: Mapping[str, LossRecovered]) -> Figure:
    """The model's loss with each dictionary in place of its layer, between the untouched model and zeros.

    >>> one = LossRecovered(clean=3.0, patched=3.2, zero_ablated=5.0, mean_ablated=4.0, n_tokens=100)
    >>> [label.get_text() for label in side_by_side({"top-k": one, "L1": one}).axes[0].get_yticklabels()]
    ['untouched', 'top-k', 'L1', 'zeros']
    """
    figure = new_figure(7.0, 2.4)
    (axes,) = figure.axes
    first = next(iter(found.values()))
    named = {"untouched": first.clean} | {name: each.patched for name, each in found.items()}
    named["zeros"] = first.zero_ablated
    bars = axes.barh(list(named), list(named.values()), color=PALETTE["pale"], edgecolor=PALETTE["black"])
    for number, bar in enumerate(bars[1:-1]):
        bar.set(**fill(number))
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.set(
        title="Loss with the layer replaced by ...",
        xlabel="nats a token",
        xlim=(0, 1.12 * max(named.values())),
    )
    return figure


def feature_against_neuron(readings: Sequence[Reading]) -> Figure:
    """For each domain the precision of its best latent and of its best neuron, on text that chose neither.

    >>> readings = [Reading("dna", 7, 0.9, 0.5, 3, 0.4, 0.2, 0.1)]
    >>> [label.get_text() for label in feature_against_neuron(readings).axes[0].get_yticklabels()]
    ['dna']
    """
    figure = new_figure(7.5, 0.9 + 0.34 * len(readings))
    (axes,) = figure.axes
    ordered = sorted(readings, key=lambda reading: reading.precision)
    rows = range(len(ordered))
    columns = {
        "feature": [reading.precision for reading in ordered],
        "neuron, its strongest moments": [reading.neuron_precision for reading in ordered],
        "neuron, whenever it is on": [reading.neuron_whole for reading in ordered],
    }
    for number, (label, values) in enumerate(columns.items()):
        axes.plot(values, rows, label=label, zorder=3 - number, **(series(number) | {"linestyle": ""}))
    axes.hlines(rows, 0, 1, color=PALETTE["pale"], linewidth=0.8, zorder=0)
    axes.set(
        yticks=list(rows), yticklabels=[reading.domain for reading in ordered], xlim=(-0.03, 1.03),
        xlabel="precision: share of the places that lie in the domain",
    )  # fmt: skip
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
    return figure


def logits(up: Sequence[tuple[str, float]], down: Sequence[tuple[str, float]], *, title: str = "") -> Figure:
    """The tokens that a direction makes likelier, and those it makes less likely.

    >>> figure = logits([(" a", 2.0)], [("b", -1.0)])
    >>> [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    ["' a'", "'b'"]
    """
    figure = new_figure(8.0, 0.9 + 0.26 * max(len(up), len(down)), columns=2, title=title or None)
    for axes, tokens, name, number in zip(
        figure.axes, (up, down), ("Likelier", "Less likely"), (0, 1), strict=True
    ):
        rows = range(len(tokens))
        axes.barh(rows, [weight for _, weight in tokens], **fill(number))
        axes.invert_yaxis()
        axes.set(
            title=name,
            yticks=list(rows),
            yticklabels=[repr(token) for token, _ in tokens],
            xlabel="logit weight",
        )
    return figure
