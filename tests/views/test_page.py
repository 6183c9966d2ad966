"""The page that is sent to a friend: what it holds, what it can never hold, and what happens to a file that is there."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace

import pytest

from mechint_course.features.cards import Cards
from mechint_course.views import page as module
from mechint_course.views.browser import UnitBrowser
from mechint_course.views.page import page_html, save_page
from tests.views import small

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 ' \" & $x"


@pytest.fixture
def cards() -> Cards:
    return Cards(small.features(), twin=small.features(50, 1), wider=small.dictionary(90, 2))


def data_of(html: str) -> dict:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    return json.loads(found)


def test_the_page_holds_what_the_cards_hold(cards, tmp_path):
    path = save_page(tmp_path / "page.html", cards, [7, 3, 7])
    data = data_of(path.read_text(encoding="utf-8"))
    assert [unit["unit"] for unit in data["units"]] == [7, 3] and data["twin"] == "small-50"
    for found in data["units"]:
        card = cards.card(found["unit"])
        assert found["counts"] == list(card.counts)
        assert [data["strings"][token] for token, _ in found["up"]] == [token for token, _ in card.up]
        assert found["neurons"] == [[link.unit, round(link.value, 2)] for link in card.neurons]
        assert found["children"] == [[link.unit, round(link.value, 2)] for link in card.children]
        for (title, high, shown), group in zip(found["groups"], card.groups, strict=True):
            assert title == group.title and math.isclose(high, group.high, rel_tol=0.01)
            for (domain, tokens, places, values, focus), excerpt in zip(shown, group.excerpts, strict=True):
                assert data["domains"][domain] == excerpt.label
                assert [data["strings"][token] for token in tokens] == list(excerpt.tokens)
                dense = [0.0] * len(tokens)
                for place, value in zip(places, values, strict=True):
                    dense[place] = value
                assert dense == pytest.approx(excerpt.values, rel=0.01)
                assert data["strings"][focus] == excerpt.tokens[excerpt.focus]


def test_nothing_is_loaded_from_anywhere_and_only_its_own_script_runs(cards):
    html = page_html(cards, [cards.card(1)])
    without_name = html.replace('"http" + "://www.w3.org/2000/svg"', "")
    assert "//www" not in without_name and "http:" not in without_name and "https:" not in without_name
    assert not re.search(r"\b(src|href|action|srcset)\s*=", html), "nothing that could be fetched"
    assert "innerHTML" not in html and "eval(" not in html and "fetch(" not in html
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    for part, kind in ((script, "script"), (style, "style")):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html and "prefers-color-scheme: dark" in style and "<noscript>" in html


def test_hostile_text_stays_text(cards):
    card = cards.card(1)
    texts = tuple(replace(e, tokens=(HOSTILE, *e.tokens[1:])) for e in card.groups[0].excerpts)
    hostile = replace(
        card, groups=(card.groups[0]._replace(title=HOSTILE, excerpts=texts),), up=((HOSTILE, 1.0),)
    )
    html = page_html(cards, [hostile], title=HOSTILE)
    assert html.count("<script") == 2 and html.count("</script>") == 2 and "<!-- " not in html
    assert "&lt;/script&gt;" in html
    data = data_of(html)
    assert data["units"][0]["groups"][0][0] == HOSTILE and HOSTILE in data["strings"]


def test_by_default_it_holds_every_unit_that_is_ever_on(tmp_path):
    cards = Cards(small.features(200, 5))
    path = UnitBrowser(cards.units).save_html(tmp_path / "all.html")
    data = data_of(path.read_text(encoding="utf-8"))
    assert [unit["unit"] for unit in data["units"]] == [u for u in range(200) if cards.units.density[u] > 0]
    assert (data["twin"], data["wider"]) == (None, None)


def test_a_file_that_is_there_is_kept_unless_told_otherwise(cards, tmp_path):
    path = tmp_path / "thesis.html"
    path.write_text("my own work")
    with pytest.raises(FileExistsError, match=r"thesis.html is there already: .* overwrite=True"):
        save_page(path, cards, [1])
    assert path.read_text() == "my own work"
    save_page(path, cards, [1], overwrite=True)
    assert "1 feature of small-40" in path.read_text(encoding="utf-8")
    with pytest.raises(FileExistsError):
        save_page(tmp_path, cards, [1], overwrite=True)
    with pytest.raises(FileNotFoundError, match="is not there: make it"):
        save_page(tmp_path / "no" / "page.html", cards, [1])
    for units, words in (([40], "from 0 to 39, found 40"), ([], "at least one unit")):
        with pytest.raises(ValueError, match=words):
            save_page(tmp_path / "other.html", cards, units)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["thesis.html"], "nothing half-written is left"


def test_stopped_it_writes_what_was_gathered(cards, tmp_path, monkeypatch, capsys):
    gathered = cards.card

    def stops(unit):
        if unit == 5:
            raise KeyboardInterrupt
        return gathered(unit)

    monkeypatch.setattr(cards, "card", stops)
    path = save_page(tmp_path / "page.html", cards, [3, 4, 5, 6])
    assert [unit["unit"] for unit in data_of(path.read_text(encoding="utf-8"))["units"]] == [3, 4]
    assert "stopped after 2 of 4" in capsys.readouterr().out
    save_page(tmp_path / "none.html", cards, [5])
    assert not (tmp_path / "none.html").exists() and "was not written" in capsys.readouterr().out


def test_the_parts_of_the_page_come_with_the_package():
    for name in ("page.html", "page.css", "page.js"):
        assert module._part(name)
    assert "</" not in module._part("page.js"), "it would end the script element"
