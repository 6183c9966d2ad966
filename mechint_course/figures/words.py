"""What a figure shows, in words: its text alternative, read off what was drawn."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

_MOST = 12
"""Longer lists than this are cut: a text alternative is listened to."""


def describe(figure: Figure) -> str:
    """Panel by panel: title, axes, the named series with their ends and extremes, bars, maps and the words drawn.

    >>> from mechint_course.figures.style import new_figure
    >>> figure = new_figure()
    >>> _ = figure.axes[0].plot([1, 2, 3], [5.0, 2.0, 4.0], label="loss")
    >>> _ = figure.axes[0].set(xlabel="step", title="One model")
    >>> describe(figure)
    'One model. Across: step. loss: from 5 (at 1) to 4 (at 3), lowest 2.'
    """
    title = figure.get_suptitle()
    panels = [axes for axes in figure.axes if axes.axison or axes.texts or axes.lines]
    told = [told for told in map(_panel, panels) if told]
    if len(told) > 1:
        told = [f"Panel {k}: {words}" for k, words in enumerate(told, 1)]
    below = figure.get_supxlabel()
    return " ".join(_sentence(words) for words in [title, *told, below] if words)


def _panel(axes: Axes) -> str:
    titles = (axes.get_title("left"), axes.get_title("center"), axes.get_title("right"))
    title = next(filter(None, titles), "")
    parts = [title]
    if axes.get_xlabel():
        parts.append(f"Across: {axes.get_xlabel()}")
    if axes.get_ylabel():
        parts.append(f"Up: {axes.get_ylabel()}")
    named = [line for line in axes.lines if _named(line)]
    parts += [_line(line) for line in named[:_MOST]]
    if not named and axes.lines:
        parts.append(f"{len(axes.lines)} line{'s' if len(axes.lines) > 1 else ''} or rows of dots")
    parts += [_bars(axes, bars) for bars in axes.containers if isinstance(bars, BarContainer)][:_MOST]
    for image in axes.images:
        drawn: Any = np.ma.masked_invalid(np.ma.asarray(image.get_array()))
        values = np.ma.compressed(drawn)
        rows, columns = drawn.shape[:2]
        ends = f", values from {values.min():.3g} to {values.max():.3g}" if values.size else ""
        parts.append(f"A map of {rows} rows and {columns} columns{ends}")
    words = [text.get_text() for text in axes.texts if text.get_text().strip()]
    if words:
        more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
        parts.append(f"Written in it: {', '.join(_plain(words[:_MOST]))}{more}")
    return " ".join(_sentence(part) for part in parts if part)


def _named(line: Line2D) -> bool:
    return not str(line.get_label()).startswith("_") and np.size(line.get_ydata()) > 0


def _line(line: Line2D) -> str:
    name = line.get_label()
    try:
        x, y = np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)
    except (TypeError, ValueError):
        return f"{name}: {np.size(line.get_ydata())} points"  # Places with names: the ticks tell them.
    if len(y) == 1 or y.min() == y.max():
        return f"{name}: {y[0]:.3g}"
    extremes = [
        f"{word} {value:.3g}"
        for word, value in (("lowest", y.min()), ("highest", y.max()))
        if value not in (y[0], y[-1])
    ]
    ends = f"from {y[0]:.3g} (at {x[0]:.3g}) to {y[-1]:.3g} (at {x[-1]:.3g})"
    return f"{name}: {', '.join([ends, *extremes])}"


def _bars(axes: Axes, bars: BarContainer) -> str:
    name = bars.get_label()
    upright = bars.orientation != "horizontal"
    sizes = [patch.get_height() if upright else patch.get_width() for patch in bars.patches]
    label = "" if str(name).startswith("_") else f" of {name}"
    if len(sizes) > _MOST:
        return f"{len(sizes)} bars{label}, from {min(sizes):.3g} to {max(sizes):.3g}"
    ticks = axes.get_xticklabels() if upright else axes.get_yticklabels()
    names = _plain(tick.get_text() for tick in ticks)
    named = len(names) == len(sizes) and all(names)
    values = [f"{size:.3g}" for size in sizes]
    return f"Bars{label}: " + ", ".join(map(" ".join, zip(names, values, strict=True)) if named else values)


def _plain(words: Iterable[str]) -> list[str]:
    return [" ".join(word.split()) for word in words]


def _sentence(text: str) -> str:
    """On one line, without TeX's dollars, with a full stop."""
    text = " ".join(text.replace("$", "").split())
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."
