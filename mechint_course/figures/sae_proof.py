"""Pictures of interventions on features: damage inside and outside a domain, and texts that turn."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mechint_course.figures.style import PALETTE, fill, new_figure, series

Share = tuple[float, float, float]
"""A share, and its interval from low to high."""


def damage(
    domains: Sequence[str],
    inside: Mapping[str, Sequence[float]],
    outside: Mapping[str, Sequence[float]],
    *,
    title: str = "",
) -> Figure:
    """For each domain how much the loss rises, on the domain's tokens (filled) and on all others (hollow).

    One marker for each way of switching something off. The scale is linear near 0 and logarithmic further out.

    >>> damage(["dna"], {"feature off": [0.3]}, {"feature off": [0.0]}).axes[0].get_xscale()
    'symlog'
    """
    figure = new_figure(7.5, 0.42 * len(domains) + 1.5, title=title or None)
    (axes,) = figure.axes
    rows = range(len(domains))
    for number, name in enumerate(inside):
        style = series(number) | {"linestyle": "", "markersize": 7}
        axes.plot(inside[name], rows, label=f"{name}: in the domain", **style)
        axes.plot(outside[name], rows, label=f"{name}: elsewhere", **(style | {"markerfacecolor": "white"}))
    axes.hlines(
        rows,
        0,
        max(max(values) for values in inside.values()),
        color=PALETTE["pale"],
        linewidth=0.8,
        zorder=0,
    )
    axes.set_xscale("symlog", linthresh=1e-3, linscale=0.5)
    axes.set_xticks([0, 1e-3, 1e-2, 1e-1, 1], ["0", "0.001", "0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.axvline(0, color=PALETTE["grey"], linewidth=0.8)
    axes.set(yticks=list(rows), yticklabels=list(domains), xlabel="rise of the loss, in nats a token")
    axes.margins(y=0.1)
    axes.invert_yaxis()
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
    return figure  # fmt: skip


def turned(shares: Mapping[str, Mapping[str, Share]], *, guess: str | None = None, title: str = "") -> Figure:
    """For each domain and each way of pushing, the share of neutral texts that turned to it, with its interval.

    >>> turned({"dna": {"feature": (0.5, 0.3, 0.7)}}).axes[0].get_ylabel()
    'texts that turn'
    """
    figure = new_figure(9.0, 3.4, title=title or None)
    (axes,) = figure.axes
    ways = list(dict.fromkeys(way for row in shares.values() for way in row))
    width = 0.8 / max(1, len(ways))
    for number, way in enumerate(ways):
        at = [place + (number - (len(ways) - 1) / 2) * width for place in range(len(shares))]
        values = [row[way] for row in shares.values()]
        middle = [value for value, _, _ in values]
        spread = [[v - low for v, low, _ in values], [high - v for v, _, high in values]]
        axes.bar(at, middle, width=0.92 * width, label=way, **fill(number))
        axes.errorbar(at, middle, yerr=spread, linestyle="", color=PALETTE["black"], capsize=2, linewidth=0.9)
    axes.set_xticks(range(len(shares)), list(shares))
    axes.set(ylim=(0, 1.05), ylabel="texts that turn")
    if guess is not None:
        axes.text(0.99, 0.95, f"you said: {guess}", transform=axes.transAxes, ha="right")
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=len(ways))
    return figure
