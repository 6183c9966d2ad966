"""A unit's card as HTML without scripts: for the widgets, and for the notebook that nobody runs.

Colours never stand alone: every number is also written out, and the picture has its sentence.
"""

from collections.abc import Iterable, Sequence
from html import escape

from mechint_course.features.cards import Card, Cards, Link
from mechint_course.features.reading import Typed
from mechint_course.figures.style import PALETTE
from mechint_course.views.tokens import Example, plain_html

_VISIBLE = str.maketrans({"\n": "⏎", "\r": "␍", "\t": "⇥", " ": "␣"})
_BLOCK = "flex:1 1 13em;min-width:13em;margin:0 1.2em .6em 0"
_CODE = "background:#fff;color:#000;padding:0 2px;font-family:monospace;white-space:pre"


def head_html(card: Card, name: str, *, twin: str = "", typed: Example | None = None) -> str:
    """A unit in short: what somebody typed under it, and the texts where it is strongest.

    `name` and `twin` say what the collections are called.
    """
    said = "" if typed is None else f"<b>what you typed</b>{plain_html(typed, high=card.peak or None)}"
    return f"<div>{_head(card, name)}{_sentences(card, twin)}{said}{_texts(card, 0, 1) or 'It is on nowhere here.'}</div>"


def facts_html(card: Card, *, wider: str = "") -> str:
    """The rest of a card: numbers, then texts where the unit is weaker, and the strongest under its twin."""
    blocks = [_block("How strongly it is on", histogram_svg(card)), _block("Where it is on", _domains(card))]
    blocks += [
        _block("Likelier next tokens", _weights(card.up)),
        _block("Less likely next tokens", _weights(card.down)),
    ]
    if card.neurons:
        blocks.append(_block("Neurons it is made of", _links(card.neurons, "neuron", "weight")))
    if card.children:
        title = f"Its children in {wider or 'the wider dictionary'}"
        blocks.append(_block(title, _links(card.children, "feature", "cosine")))
    flowing = f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start">{"".join(blocks)}</div>'
    return f"<div>{flowing}{_texts(card, 1, None)}</div>"


def typed_html(typed: Typed, k: int = 3) -> str:
    """Each token with the numbers of the units that are strongest on it."""
    columns = []
    for place, token in enumerate(typed.tokens):
        listed = "".join(
            f'<div title="activation {value:.3g}">{unit} <small>({value:.2g})</small></div>'
            for unit, value in typed.at(place, k)
        )
        columns.append(
            f'<div style="margin:0 .6em .4em 0"><span style="{_CODE}">{_token(token)}</span>{listed or "none"}</div>'
        )
    return f'<div style="display:flex;flex-wrap:wrap">{"".join(columns)}</div>'


def table_html(cards: Cards, units: Sequence[int], *, lines: bool = True) -> str:
    """Some units below each other, each with the text where it is strongest; `lines` puts its line above it."""
    found = []
    for unit in units:
        groups = cards.card(unit).groups
        text = plain_html(groups[0].excerpts[0], high=groups[0].high) if groups else ""
        head = f"<div><b>{escape(cards.line(unit))}</b></div>" if lines else ""
        found.append(f"<div>{head}{text}</div>")
    return "".join(found)


def histogram_svg(card: Card) -> str:
    """The histogram of a unit's activations; heights are logarithms, and a sentence says what it shows.

    >>> "<svg" in histogram_svg(Card(0, "feature", 0, 0, (0,), (), (), (), (), (), None, None, ()))
    False
    """
    total = sum(card.counts)
    if not total:
        return "It is on nowhere in this text."
    heights = [len(f"{count:b}") if count else 0 for count in card.counts]
    step, top = 200 / len(heights), max(heights)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{62 - 60 * h / top:.1f}" width="{step - 1:.1f}" height="{60 * h / top:.1f}"/>'
        for i, h in enumerate(heights)
    )
    says = histogram_words(card)
    return (
        f'<svg viewBox="0 0 200 66" role="img" aria-label="{escape(says)}" style="width:100%;max-width:15em">'
        f'<g fill="{PALETTE["blue"]}">{bars}</g><path d="M0 63H200" stroke="currentColor"/></svg>'
        f"<div><small>{escape(says)}</small></div>"
    )


def histogram_words(card: Card) -> str:
    """What the histogram shows, in a sentence.

    >>> histogram_words(Card(0, "feature", 0.1, 2.0, (30, 10), (), (), (), (), (), None, None, ()))
    'On for 40 tokens, from 0 (left) to 2 (right); half of them below 1. Each doubling is one step higher.'
    """
    total, seen = sum(card.counts), 0
    step = card.peak / len(card.counts)
    half = card.peak
    for place, count in enumerate(card.counts):
        seen += count
        if seen * 2 >= total:
            half = (place + 1) * step
            break
    return (
        f"On for {total:,} token{'s' if total != 1 else ''}, from 0 (left) to {card.peak:.3g} (right); "
        f"half of them below {half:.2g}. Each doubling is one step higher."
    )


def _head(card: Card, name: str) -> str:
    return (
        f'<div style="font-size:1.15em"><b>{card.kind.capitalize()} {card.unit} of {escape(name)}</b></div>'
        f"<div>On for {card.density:.3%} of the tokens; at most {card.peak:.3g}.</div>"
    )


def _sentences(card: Card, twin: str) -> str:
    said = []
    if card.effect is not None:
        said.append(
            f"Without it the next token's loss changes by {card.effect.mean:+.3f} nats where it is on "
            f"(mean of {card.effect.n_places} places), by {card.effect.strongest:+.3f} where it is strongest."
        )
    if card.twin is not None:
        said.append(
            f"Its twin is number {card.twin.unit} of {twin or 'the other model'}, correlation {card.twin.value:.2f}."
        )
    return "".join(f"<div>{escape(sentence)}</div>" for sentence in said)


def _texts(card: Card, first: int, last: int | None) -> str:
    """Some groups of texts, each under its title."""
    parts = []
    for group in card.groups[first:last]:
        texts = "".join(plain_html(excerpt, high=group.high) for excerpt in group.excerpts)
        parts.append(f"<b>{escape(group.title)}</b>{texts}")
    return f'<div style="line-height:1.4">{"".join(parts)}</div>' if parts else ""


def _block(title: str, body: str) -> str:
    return f'<div style="{_BLOCK}"><div><b>{escape(title)}</b></div>{body}</div>'


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cell = "padding:0 .6em 0 0;text-align:left"
    top = "".join(f'<th style="{cell};font-weight:normal">{escape(word)}</th>' for word in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{part}</td>' for part in row) + "</tr>" for row in rows
    )
    return f'<table style="font-size:.9em"><tr>{top}</tr>{body}</table>'


def _domains(card: Card) -> str:
    rows = (
        (escape(row.domain), f"{row.share:.0%}", f"{row.precision:.2f}", f"{row.recall:.2f}")
        for row in card.domains
    )
    return _table(("domain", "share", "precision", "recall"), rows)


def _weights(weights: Iterable[tuple[str, float]]) -> str:
    rows = ((f'<span style="{_CODE}">{_token(token)}</span>', f"{weight:+.2f}") for token, weight in weights)
    return _table(("token", "weight"), rows)


def _links(links: Iterable[Link], unit: str, value: str) -> str:
    return _table((unit, value), ((str(link.unit), f"{link.value:+.2f}") for link in links))


def _token(token: str) -> str:
    return escape(token.translate(_VISIBLE))
