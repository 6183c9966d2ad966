"""Cards as one page that can be sent to a friend: a file that asks for nothing from any network.

The page holds its units as compact JSON, tokens by number into one list of strings, and draws a card when it is looked
at. What the script may do is settled by a content security policy: only this page's own script and style run, and
nothing is loaded from anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import date
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from mechint_course.features.cards import Card, Cards
from mechint_course.features.evidence import Excerpt
from mechint_course.resources import replace_file
from mechint_course.views.cards import histogram_words
from mechint_course.work import work


def save_page(
    path: str | Path,
    cards: Cards,
    units: Sequence[int] | None = None,
    *,
    title: str = "",
    overwrite: bool = False,
) -> Path:
    """Writes the cards of some units, by default all that are ever on, as one page of HTML.

    Args:
        path: where to; its folder must be there.
        cards: what is known about the units.
        units: their numbers, in any order.
        title: default, what the units are and how many.
        overwrite: whether a file that is there already may be replaced.

    Returns:
        The path of the page.

    Raises:
        FileExistsError: there is a file already and `overwrite` is not said.
        FileNotFoundError: the folder is not there.
        ValueError: no units, or one that there is not.
    """
    path = Path(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise FileExistsError(
            f"{path} is there already: choose another name, or say overwrite=True to replace it."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {path.parent} is not there: make it, or choose another one.")
    chosen = (
        [u for u in range(cards.units.n_units) if cards.units.density[u] > 0]
        if units is None
        else list(units)
    )
    chosen = list(dict.fromkeys(chosen))
    for unit in chosen:
        cards.units.check(unit)
    if not chosen:
        raise ValueError("Expected at least one unit to write, found none: pass the numbers of some.")
    done: list[Card] = []
    with work(len(chosen), "Gathering cards", unit="card", disable=len(chosen) < 100) as bar:
        for unit in chosen:
            done.append(cards.card(unit))
            bar.update()
    if not done:
        print(f"{path} was not written.")
        return path
    replace_file(path, page_html(cards, done, title=title).encode("utf-8"))
    return path


def page_html(cards: Cards, done: Sequence[Card], *, title: str = "") -> str:
    """The page itself."""
    units = cards.units
    title = title or f"{len(done):,} {units.kind}{'s' if len(done) != 1 else ''} of {units.name}"
    about = (
        f"What each {units.kind} does on {units.columns.shape[0]:,} tokens of {len(units.text.domains)} kinds of text. "
        "A token is the darker the more strongly the unit is on; its numbers are written below. "
        "The domain score is the F1 of the unit at its best threshold on this text. "
        f"Made by mechint_course on {date.today().isoformat()}; this file needs no network."
    )
    script, style = _part("page.js"), _part("page.css")
    return Template(_part("page.html")).substitute(
        title=escape(title), about=escape(about), data=_embedded(_data(cards, done)),
        script=script, style=style, script_hash=_hash(script), style_hash=_hash(style),
    )  # fmt: skip


def _data(cards: Cards, done: Sequence[Card]) -> dict[str, Any]:
    strings: dict[str, int] = {}
    domains = {name: number for number, name in enumerate(cards.units.text.domains)}

    def number(text: str) -> int:
        return strings.setdefault(text, len(strings))

    def excerpt(found: Excerpt) -> list[Any]:
        on = [place for place, value in enumerate(found.values) if value > 0]
        values = [_short(found.values[place]) for place in on]
        tokens = [number(token) for token in found.tokens]
        return [domains[found.label], tokens, on, values, tokens[found.focus]]

    def one(card: Card) -> dict[str, Any]:
        scores = cards.scores[card.unit]
        return {
            "unit": card.unit,
            "density": _short(card.density),
            "peak": _short(card.peak),
            "counts": card.counts,
            "words": histogram_words(card) if sum(card.counts) else "",
            "groups": [[g.title, _short(g.high), [excerpt(e) for e in g.excerpts]] for g in card.groups],
            "up": [[number(token), round(weight, 2)] for token, weight in card.up],
            "down": [[number(token), round(weight, 2)] for token, weight in card.down],
            "domains": [[domains[d.domain], *(round(v, 2) for v in d[1:])] for d in card.domains],
            "neurons": [[link.unit, round(link.value, 2)] for link in card.neurons],
            "children": [[link.unit, round(link.value, 2)] for link in card.children],
            "effect": card.effect
            and [_short(card.effect.mean), _short(card.effect.strongest), card.effect.n_places],
            "twin": card.twin and [card.twin.unit, round(card.twin.value, 2)],
            "best": [int(scores.argmax()), round(float(scores.max()), 2)],
            "scores": {d: round(v, 2) for d, v in enumerate(scores.tolist()) if v >= 0.01},
        }

    listed = [one(card) for card in done]
    wider = f"the dictionary of {cards.wider.d_sae:,}" if cards.wider else None
    return {
        "name": cards.units.name, "kind": cards.units.kind, "twin": cards.twin and cards.twin.name, "wider": wider,
        "domains": list(domains), "strings": list(strings), "units": listed,
    }  # fmt: skip


def _short(value: float) -> float:
    """Three digits are all that a page shows."""
    return float(f"{value:.3g}")


def _embedded(data: dict[str, Any]) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(part: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()


def _part(name: str) -> str:
    return files("mechint_course.views").joinpath(name).read_text(encoding="utf-8").strip()
