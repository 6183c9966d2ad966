"""Pictures of doubt: what a control reaches too, what one latent covers, what absorption costs, what an explanation foretells."""

from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.figure import Figure

from mechint_course.figures.style import PALETTE, fill, new_figure, series


def beside_control(
    losses: Mapping[str, tuple[float, float, float]],
    scores: Mapping[str, Mapping[str, float]],
    *,
    chance: float = 0.5,
    title: str = "",
) -> Figure:
    """Left, each model's loss untouched, with its dictionary's reconstruction and with zeros; right, scores from 0 to 1.

    `losses` maps a model to its three losses, `scores` a model to its named scores. The dotted line is `chance`.

    >>> figure = beside_control({"A": (3.0, 3.1, 5.0)}, {"A": {"next token": 0.8}})
    >>> [label.get_text() for label in figure.axes[1].get_yticklabels()]
    ['next token']
    """
    words = [f"{name}: {score} {value:.2f}" for name, row in scores.items() for score, value in row.items()]
    figure = new_figure(10.0, 3.2, columns=2, title=title or None, alt="; ".join(words) + ".")
    bars, marks = figure.axes
    treatments = ("untouched", "reconstruction", "zeros")
    for number, treatment in enumerate(treatments):
        at = [place + 0.27 * (number - 1) for place in range(len(losses))]
        bars.bar(at, [row[number] for row in losses.values()], width=0.25, label=treatment, **fill(number))
    bars.set_xticks(range(len(losses)), list(losses))
    bars.set(title="The model's loss with its layer ...", ylabel="nats a token")
    names = list(next(iter(scores.values())))
    for number, (name, row) in enumerate(scores.items()):
        style = series(number) | {"linestyle": "", "markersize": 8}
        at = [place + 0.2 * (number - (len(scores) - 1) / 2) for place in range(len(names))]
        marks.plot([row[score] for score in names], at, label=name, **style)
    marks.axvline(chance, color=PALETTE["grey"], linestyle=":", linewidth=1)
    marks.set_yticks(range(len(names)), names)
    marks.set(title="Other scores", xlim=(0, 1))
    marks.set_ylim(len(names) - 0.5, -0.5)
    bars.set_ylim(0, 1.3 * max(max(row) for row in losses.values()))
    bars.legend(frameon=False, fontsize=8, loc="upper left", ncols=3)
    figure.legend(
        *marks.get_legend_handles_labels(),
        frameon=False,
        fontsize=9,
        loc="outside lower right",
        ncols=len(scores),
    )
    return figure


def by_size(
    sizes: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]], *, guess: str | None = None
) -> Figure:
    """One panel for each measure: a thin line for each domain over the dictionaries' sizes, a thick one for the middle.

    >>> figure = by_size([512, 4096], {"recall": {"dna": [0.8, 0.4], "http": [0.6, 0.2]}})
    >>> [round(float(y), 1) for y in figure.axes[0].lines[-1].get_ydata()]
    [0.7, 0.3]
    """
    middles = {
        name: [median(values) for values in zip(*rows.values(), strict=True)] for name, rows in panels.items()
    }
    words = [
        f"{name}, in the middle of the field: {', '.join(f'{value:.2f}' for value in middle)}"
        for name, middle in middles.items()
    ]
    figure = new_figure(
        3.4 * len(panels),
        3.2,
        columns=len(panels),
        title=guess and f"You predicted: {guess}.",
        alt="; ".join(words) + ".",
    )
    for axes, (name, rows) in zip(figure.axes, panels.items(), strict=True):
        for values in rows.values():
            axes.plot(sizes, values, color=PALETTE["pale"], linewidth=1)
        axes.plot(sizes, middles[name], **(series(0) | {"linewidth": 2.5}))
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set(title=name, ylim=(0, 1.03), xlabel="latents")
    return figure


def absorbed(found: Mapping[str, Mapping[str, Sequence[float]]], *, title: str = "") -> Figure:
    """For each measure the value of every run of each kind of dictionary, one mark a run.

    >>> figure = absorbed({"top-k": {"silent": [0.9, 0.8]}, "Matryoshka": {"silent": [0.0, 0.1]}})
    >>> [float(x) for x in figure.axes[0].lines[0].get_xdata()]
    [0.9, 0.8]
    """
    names = list(next(iter(found.values())))
    words = [
        f"{kind}, {name}: {', '.join(f'{value:.2f}' for value in row[name])}"
        for kind, row in found.items()
        for name in names
    ]
    figure = new_figure(8.0, 0.55 * len(names) + 1.3, title=title or None, alt="; ".join(words) + ".")
    (axes,) = figure.axes
    for number, (kind, row) in enumerate(found.items()):
        offset = 0.24 * (number - (len(found) - 1) / 2)
        at = [place + offset for place, name in enumerate(names) for _ in row[name]]
        style = series(number) | {"linestyle": "", "markersize": 7}
        axes.plot([value for name in names for value in row[name]], at, label=kind, **style)
    axes.axvline(0, color=PALETTE["grey"], linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(-0.05, 1.05))
    axes.margins(y=0.2)
    axes.invert_yaxis()
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=len(found))
    return figure


def foretold(scores: Mapping[str, Mapping[str, Sequence[float]]], *, guess: str | None = None) -> Figure:
    """One panel for each score: a row of marks for each kind of unit, one mark a unit, and a bar at the median.

    >>> figure = foretold({"latents": {"token rule": [0.2, 0.4, 0.9]}})
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['latents']
    """
    panels = list(next(iter(scores.values())))
    words = [
        f"median of {kind}, {panel}: {median(row[panel]):.2f}"
        for kind, row in scores.items()
        for panel in panels
    ]
    figure = new_figure(
        10.0,
        0.5 * len(scores) + 1.4,
        columns=len(panels),
        share_y=True,
        title=guess and f"You predicted: {guess}.",
        alt="; ".join(words) + ".",
    )
    for axes, panel in zip(figure.axes, panels, strict=True):
        for number, row in enumerate(scores.values()):
            style = series(number) | {"linestyle": "", "markersize": 4, "alpha": 0.5}
            axes.plot(row[panel], [number] * len(row[panel]), **style)
            axes.plot(
                [median(row[panel])] * 2, [number - 0.3, number + 0.3], color=PALETTE["black"], linewidth=2
            )
        axes.set(title=panel, xlim=(-0.3, 1.05), xticks=[0, 0.5, 1], xlabel="correlation")
    figure.axes[0].set_yticks(range(len(scores)), list(scores))
    figure.axes[0].margins(y=0.1)
    figure.axes[0].invert_yaxis()
    return figure
