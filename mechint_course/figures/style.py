"""One look for every picture of the course: colours that colour-blind readers tell apart, never colour alone.

A picture that tells series apart uses a marker, a line style, a hatch or a written label besides the colour.
"""

import io
from collections.abc import Iterable
from html import escape
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mechint_course.figures.words import describe

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
    "grey": "#767676",
    "pale": "#D9D9D9",
}
"""Colours by name: the eight of Okabe and Ito (2008, "Color Universal Design"), two greys for what is no data."""

SERIES = ("blue", "vermilion", "green", "purple", "orange", "sky", "black", "yellow")
"""The order in which series take their colours: neighbours differ in lightness too."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""The marker that goes with each colour of `SERIES`."""

LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
"""The line style that goes with each colour of `SERIES`."""

HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "++", "--")
"""The hatch that goes with each colour of `SERIES` where areas or bars are filled."""

SEQUENTIAL = "cividis"
"""The colour map for values from small to large."""

DIVERGING = "PuOr"
"""The colour map for values on both sides of zero; always draw it symmetric about zero."""

_RC: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.titlelocation": "left",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "font.size": 10,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


_WORDS = """<details class="mechint-alt"><summary style="font-size:small">In words</summary>%s<script>(d=>{
const o=d.closest('.jp-OutputArea');if(!o)return;const i=[...o.querySelectorAll('img')].filter(
i=>i.compareDocumentPosition(d)&Node.DOCUMENT_POSITION_FOLLOWING).pop();if(i)i.alt=d.querySelector('p').textContent
})(document.currentScript.parentNode)</script></details>"""
"""JupyterLab gives pictures no text alternative: below each stands a line that unfolds, and the picture is given it."""


class CourseFigure(Figure):
    """A matplotlib Figure that notebooks show by themselves, whatever backend they run with, with a text alternative."""

    summary = ""
    """A sentence on what the figure shows, before what is read off the drawing."""

    @property
    def alt(self) -> str:
        """The text alternative: the summary, then titles, axes, series, bars and maps in words.

        >>> figure = new_figure(alt="Two dots.")
        >>> figure.alt
        'Two dots.'
        """
        return " ".join(filter(None, [self.summary, describe(self)]))

    def _repr_png_(self) -> bytes:
        return png(self)

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        metadata = {"image/png": {"alt": self.alt}}
        display({"image/png": png(self), "text/plain": self.alt}, metadata=metadata, raw=True)
        display(HTML(_WORDS % f"<p>{escape(self.alt)}</p>", metadata={"mechint_course": "text alternative"}))


def new_figure(
    width: float = 6.0,
    height: float = 4.0,
    *,
    rows: int = 1,
    columns: int = 1,
    title: str | None = None,
    share_x: bool = False,
    share_y: bool = False,
    ratios: Iterable[float] | None = None,
    alt: str = "",
) -> CourseFigure:
    """An empty figure of `width` x `height` inches; its `rows` x `columns` axes stand row by row in `.axes`.

    `ratios` are the relative widths of the columns, `alt` begins the text alternative. No window opens and nothing global changes.

    >>> left, right = new_figure(8, 3, columns=2).axes
    >>> left.spines["top"].get_visible()
    False
    """
    with matplotlib.rc_context(_RC):
        figure = CourseFigure(figsize=(width, height), layout="constrained", dpi=100)
        figure.summary = alt
        FigureCanvasAgg(figure)
        figure.subplots(
            rows,
            columns,
            sharex=share_x,
            sharey=share_y,
            width_ratios=None if ratios is None else list(ratios),
        )
        if title is not None:
            figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    return figure


def series(index: int) -> dict[str, Any]:
    """Keywords for `Axes.plot` of series number `index`: its colour, and the marker and line that go with it.

    >>> series(0) == {"color": "#0072B2", "marker": "o", "linestyle": "-"}
    True
    """
    k = index % len(SERIES)
    return {"color": PALETTE[SERIES[k]], "marker": MARKERS[k], "linestyle": LINES[k]}


def fill(index: int) -> dict[str, Any]:
    """Keywords for bars and areas of the series number `index`: its colour with the hatch that goes with it.

    >>> fill(1)["hatch"]
    '//'
    """
    k = index % len(SERIES)
    return {"facecolor": PALETTE[SERIES[k]], "hatch": HATCHES[k], "edgecolor": "white"}


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes, for image widgets and files."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
