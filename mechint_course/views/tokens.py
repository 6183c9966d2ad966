"""Coloured tokens: text with a number on each, by circuitsvis where it can be and by plain HTML everywhere.

A number is told by colour, by an underline (half of the largest and above), on hovering, and in words below.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol, runtime_checkable

from torch import Tensor

from mechint_course.views.circuits import View, embed

POSITIVE, NEGATIVE = (230, 159, 0), (86, 180, 233)
"""Orange and sky blue: told apart by colour-blind readers, and black text is readable on both."""

_CARD = (
    "background-color:#fff;color:#000;padding:4px 8px;margin:2px 0;font-family:monospace;white-space:pre-wrap"
)
_VISIBLE = str.maketrans({"\n": "⏎", "\r": "␍", "\t": "⇥"})

Values = Iterable[float | int] | Tensor
"""One number a token."""


@dataclass(frozen=True)
class Example:
    """A piece of text with a number on each token.

    >>> show_examples([Example(["a", " cat"], [0.0, 2.5], label="pets"), Example(["dogs"], [1.0])])
    2 tokens; highest 2.5 at " cat"
    1 token; highest 1 at "dogs"
    """

    tokens: Sequence[str]
    """The tokens as text."""
    values: Values
    """One finite number a token."""
    label: str = ""
    """Shown before the text, for example its domain."""


@runtime_checkable
class Passage(Protocol):
    """Anything with the attributes of an `Example`, such as `features.evidence.Excerpt`."""

    @property
    def tokens(self) -> Sequence[str]: ...
    @property
    def values(self) -> Values: ...
    @property
    def label(self) -> str: ...


Row = Passage | tuple[Sequence[str], Values]
"""A passage, or its tokens and values alone."""


class TokenView:
    """What `show_tokens` and its relatives return: an HTML display, and one line of text elsewhere."""

    def __init__(self, html: str, views: Sequence[View], summary: str) -> None:
        self._html, self._views, self._summary = html, views, summary

    def _repr_html_(self) -> str:
        return embed(self._html, self._views)

    def __repr__(self) -> str:
        return self._summary


def show_tokens(
    tokens: Sequence[str],
    values: Values,
    *,
    title: str = "",
    label: str = "",
    high: float | None = None,
) -> TokenView:
    """One text, each token coloured by its value: orange above zero, blue below.

    Args:
        tokens: the tokens as text.
        values: one finite number a token, of any unit.
        title: a line above the text.
        label: a word before the text, for example its domain.
        high: the value (in size) that gets the full colour; default, the largest.

    Returns:
        An object that a notebook displays.

    Raises:
        ValueError: no tokens, another number of values than tokens, or a value that is not finite.

    >>> show_tokens(["a", " cat"], [0.0, 2.5])
    2 tokens; highest 2.5 at " cat"
    """
    return show_examples([Example(tokens, values, label)], title=title, high=high)


def show_examples(rows: Iterable[Row], *, title: str = "", high: float | None = None) -> TokenView:
    """Several texts below each other, on one scale of colour.

    Args:
        rows: `Example`s, excerpts, or pairs of tokens and values.
        title: a line above the texts.
        high: the value (in size) that gets the full colour; default, the largest of all rows.

    Returns:
        An object that a notebook displays.

    Raises:
        ValueError: as `show_tokens`, or `high` is not above zero.

    >>> show_examples([(["a", " cat"], [0.0, 2.5]), (["dogs"], [1.0])])
    2 tokens; highest 2.5 at " cat"
    1 token; highest 1 at "dogs"
    """
    examples = [_checked(row) for row in rows]
    if not examples:
        raise ValueError("expected at least one text to show, found none: pass tokens and their values.")
    if high is not None and not (math.isfinite(high) and high > 0):
        raise ValueError(
            f"expected high above zero and finite, found {high}: leave it out for the largest value."
        )
    scale = high or _largest(examples)
    html = _heading(title) + "".join(_frame(example) for example in examples)
    return TokenView(
        html, [_view(example, scale) for example in examples], "\n".join(_in_words(e) for e in examples)
    )


def show_side_by_side(columns: Mapping[str, Iterable[Row]]) -> TokenView:
    """The same texts under two or more units, one column each, every column on its own scale of colour.

    Args:
        columns: heading of the column -> its rows, equally many in each.

    Returns:
        An object that a notebook displays.

    Raises:
        ValueError: no column, columns of different lengths, or as `show_tokens`.

    >>> text = ["a", "b"]
    >>> show_side_by_side({"3 of A": [(text, [0.0, 2.0])], "9 of B": [(text, [0.0, 1.0])]})
    3 of A: 2 tokens; highest 2 at "b"
    9 of B: 2 tokens; highest 1 at "b"
    """
    rows = {heading: [_checked(row) for row in column] for heading, column in columns.items()}
    if len({len(column) for column in rows.values()}) != 1 or not all(rows.values()):
        found = {heading: len(column) for heading, column in rows.items()}
        raise ValueError(
            f"expected columns of equally many texts, found {found}: pass the same texts for each."
        )
    scales = [_largest(column) for column in rows.values()]
    cell = '<td style="vertical-align:top;text-align:left">'
    head = "".join(f'<th style="text-align:left">{safe_text(heading)}</th>' for heading in rows)
    lines = list(zip(*rows.values(), strict=True))
    body = "".join("<tr>" + "".join(f"{cell}{_frame(e)}</td>" for e in line) + "</tr>" for line in lines)
    views = [_view(example, scale) for line in lines for example, scale in zip(line, scales, strict=True)]
    words = "\n".join(f"{heading}: {_in_words(e)}" for heading, column in rows.items() for e in column)
    return TokenView(f'<table style="width:100%"><tr>{head}</tr>{body}</table>', views, words)


def plain_html(row: Row, *, high: float | None = None) -> str:
    """One text as HTML without any script, for places where none runs: inside widgets, in a page that is sent away.

    Args:
        row: as for `show_examples`.
        high: the value (in size) that gets the full colour; default, the largest of this text.

    Raises:
        ValueError: as `show_tokens`.

    >>> "background-color:rgb(230,159,0)" in plain_html((["a", " cat"], [0.0, 2.5]))
    True
    """
    example = _checked(row)
    return _frame(example).replace(
        "{view}", f"<div>{_view(example, high or _largest([example])).plain}</div>"
    )


@dataclass(frozen=True)
class _Text:
    tokens: list[str]
    values: list[float]
    label: str


def _checked(row: Row) -> _Text:
    example = Example(*row) if isinstance(row, tuple) else row
    tokens, values = list(example.tokens), [float(value) for value in example.values]
    if not tokens or len(tokens) != len(values):
        found = f"{len(tokens)} tokens and {len(values)} values"
        raise ValueError(f"expected one value for each token, found {found}: pass equally many.")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("expected finite values, found NaN or infinity: look where they come from.")
    return _Text(tokens, values, example.label)


def _largest(examples: Sequence[_Text]) -> float:
    return max((abs(value) for example in examples for value in example.values), default=0.0) or 1.0


def visible(token: str) -> str:
    """A token with its line breaks and tabs made visible."""
    return token.translate(_VISIBLE)


def safe_text(text: str) -> str:
    """Text as HTML for `embed`: neither markup nor the place of a view."""
    # Braces would be taken for the place of a view.
    return escape(text).replace("{", "&#123;")


def _heading(title: str) -> str:
    return f"<div><b>{safe_text(title)}</b></div>" if title else ""


def _frame(example: _Text) -> str:
    label = f"<small><b>{safe_text(example.label)}</b></small> " if example.label else ""
    return f'{label}<div style="{_CARD}">{{view}}<small>{safe_text(_peak(example))}</small></div>'


def _peak(example: _Text) -> str:
    top = max(range(len(example.tokens)), key=lambda place: abs(example.values[place]))
    value = example.values[top]
    word = "lowest" if value < 0 else "highest"
    return f'{word} {value:.3g} at "{visible(example.tokens[top])}"' if value else "zero on every token"


def _in_words(example: _Text) -> str:
    count = len(example.tokens)
    return f"{count} token{'s' if count != 1 else ''}; {_peak(example)}"


def _view(example: _Text, scale: float) -> View:
    values = [float(f"{value:.3g}") for value in example.values]
    pairs = zip(example.tokens, values, strict=True)
    plain = "".join(_span(visible(token), value, scale) for token, value in pairs)
    props = {
        # circuitsvis sets tokens as HTML: a zero-width space after "<" and "&" keeps them text.
        "tokens": [
            visible(token).replace("<", "<\u200b").replace("&", "&\u200b") for token in example.tokens
        ],
        "values": [int(value) if value == int(value) else value for value in values],
        "minValue": -scale,
        "maxValue": scale,
        "negativeColor": "rgb({}, {}, {})".format(*NEGATIVE),
        "positiveColor": "rgb({}, {}, {})".format(*POSITIVE),
        "paddingBottom": 0,
    }
    return View("ColoredTokens", props, plain)


def _span(token: str, value: float, scale: float) -> str:
    if value == 0:
        return safe_text(token)
    share = min(abs(value) / scale, 1.0)
    red, green, blue = (round(255 - share * (255 - part)) for part in (POSITIVE if value > 0 else NEGATIVE))
    style = f"background-color:rgb({red},{green},{blue})" + (
        ";text-decoration:underline" if share >= 0.5 else ""
    )
    return f'<span title="{value:.3g}" style="{style}">{safe_text(token)}</span>'
