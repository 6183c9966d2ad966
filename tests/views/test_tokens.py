"""The token view: what it holds, what it must never hold, and where the bundle comes from."""

import importlib.metadata
import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from mechint_course.features.evidence import Excerpt
from mechint_course.views import circuits
from mechint_course.views.tokens import Example, show_examples, show_side_by_side, show_tokens

HOSTILE = ["<script>alert(1)</script>", "</script>", "&lt;", "{view}", '"', "'", "\u2028", "<!--", "\n", "ש"]
HOSTILE += ["<img src=x onerror=1>"]


class _Reader(HTMLParser):
    """Collects the text outside scripts, the tags and the spans' titles."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.titles, self.script = "", [], [], ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._inside = tag
        if tag == "span":
            self.titles.append(dict(attributes).get("title"))

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.script += data
        else:
            self.text += data


@pytest.fixture
def jupyter(tmp_path, monkeypatch):
    """An environment and a user whose Jupyter folders are empty."""
    monkeypatch.setattr(circuits.sys, "prefix", str(tmp_path / "env"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    folders = [str(tmp_path / "env/share/jupyter"), str(tmp_path / "user")]
    monkeypatch.setattr(
        circuits, "jupyter_path", lambda *sub: [str(Path(folder, *sub)) for folder in folders]
    )
    return tmp_path


def props(html: str) -> list:
    """What the script would hand to circuitsvis, read back as JSON."""
    return json.loads(re.search(r"const views=(\[.*?\]);\n", html, re.DOTALL).group(1))


def test_the_meaning_is_there_without_a_script():
    page = _Reader(
        show_tokens([" Hebrew", "\n", "x"], [3.25, 0.0, -1.0], title="feature 7", label="wiki")._repr_html_()
    )
    assert "feature 7" in page.text and "wiki" in page.text
    assert " Hebrew⏎x" in page.text
    assert 'highest 3.25 at " Hebrew"' in page.text
    assert page.titles == ["3.25", "-1"], "zero tokens need no span, the others tell their value on hovering"


def test_half_of_the_largest_and_above_is_underlined_so_that_colour_is_not_alone():
    html = show_tokens(["a", "b", "c"], [4.0, 2.0, 1.9])._repr_html_()
    spans = re.findall(r"<span[^>]*>", html)
    assert ["underline" in span for span in spans] == [True, True, False]


def test_signs_have_two_colours_and_the_scale_can_be_given():
    shown = show_tokens(["a", "b"], [1.0, -1.0], high=2.0)._repr_html_()
    assert "rgb(242,207,128)" in shown and "rgb(170,218,244)" in shown, (
        "half of the way from white, each side"
    )


def test_nothing_hostile_in_a_token_becomes_markup():
    html = show_examples(
        [Example(HOSTILE, range(1, len(HOSTILE) + 1), "<b>label"), (HOSTILE, [0] * len(HOSTILE))]
    )._repr_html_()
    page = _Reader(html)
    assert page.tags.count("script") == 1 and "img" not in page.tags and html.count("</script>") == 1
    assert "<b>label" in page.text and "<script>alert(1)</script>" in page.text
    for tokens in (call[1]["tokens"] for call in props(html)):
        assert not re.search(r"<[a-zA-Z/!?]|&[a-zA-Z#]", "\0".join(tokens)), "circuitsvis sets tokens as HTML"
        assert [token.replace("\u200b", "") for token in tokens] == [
            token.replace("\n", "⏎") for token in HOSTILE
        ]


def test_circuitsvis_gets_every_token_with_its_value_and_one_scale():
    html = show_examples([(["a", "b"], torch.tensor([0.0, 1 / 3])), (["c"], [2.0])])._repr_html_()
    (first, one), (second, two) = props(html)
    assert (first, second) == ("ColoredTokens", "ColoredTokens")
    assert (one["tokens"], one["values"], two["tokens"], two["values"]) == (
        ["a", "b"],
        [0, 0.333],
        ["c"],
        [2],
    )
    assert one["maxValue"] == two["maxValue"] == 2.0 and one["minValue"] == -2.0


def test_side_by_side_scales_each_column_by_itself():
    html = show_side_by_side({"A <7>": [(["a", "b"], [0, 8.0])], "B": [(["a", "b"], [0, 0.5])]})._repr_html_()
    assert [call[1]["maxValue"] for call in props(html)] == [8.0, 0.5]
    assert "A &lt;7&gt;" in html and html.count("rgb(230,159,0)") == 2


def test_an_excerpt_from_the_evidence_is_shown_as_it_is():
    excerpt = Excerpt((" GATT", "ACA"), (1.5, 0.0), "dna", 0)
    html = show_examples([excerpt])._repr_html_()
    assert "dna" in html and props(html)[0][1]["values"] == [1.5, 0]


def test_no_address_of_another_machine_and_small():
    html = show_tokens(
        [f" word{i}" for i in range(64)], [float(i % 7 == 0) * i for i in range(64)]
    )._repr_html_()
    assert "//" not in html, "no http address, no protocol-relative one"
    assert len(html) < 5_000
    assert len(show_tokens(["a"], [1.0])._repr_html_()) < 2_000


def test_the_same_tokens_give_the_same_output():
    assert show_tokens(["a"], [1.0])._repr_html_() == show_tokens(["a"], [1.0])._repr_html_()


def test_all_zero_is_said_and_drawn():
    view = show_tokens(["a", "b"], [0.0, 0.0])
    assert repr(view) == "2 tokens; zero on every token"
    assert props(view._repr_html_())[0][1]["maxValue"] == 1.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: show_tokens(["a"], [1.0, 2.0]), "found 1 tokens and 2 values"),
        (lambda: show_tokens([], []), "found 0 tokens"),
        (lambda: show_tokens(["a"], [float("nan")]), "finite"),
        (lambda: show_tokens(["a"], [1.0], high=0.0), "above zero"),
        (lambda: show_examples([]), "at least one text"),
        (lambda: show_side_by_side({}), "equally many texts"),
        (lambda: show_side_by_side({"A": [(["a"], [1.0])], "B": []}), "equally many texts"),
        (lambda: circuits.embed("no place", [circuits.View("ColoredTokens", {}, "")]), "found 0"),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_the_bundle_is_installed_at_first_use_from_the_wheel(jupyter):
    wheel = Path(importlib.util.find_spec("circuitsvis").submodule_search_locations[0], "dist/cdn/iife.js")
    served = circuits.served_bundle()
    target = jupyter / "env/share/jupyter/labextensions" / served
    assert served == f"mechint_course/static/circuitsvis-{importlib.metadata.version('circuitsvis')}.js"
    assert target.read_bytes() == wheel.read_bytes()
    written = target.stat().st_mtime_ns
    assert circuits.served_bundle() == served and target.stat().st_mtime_ns == written, "copied once"
    assert [path.name for path in target.parent.iterdir()] == [target.name], "nothing half-written is left"
    assert f"'/{served}'" in show_tokens(["a"], [1.0])._repr_html_()


def test_a_read_only_environment_leaves_the_bundle_with_the_user(jupyter):
    (jupyter / "env").write_text("a file stands where the folder would be: not even root can write below it")
    served = circuits.served_bundle()
    assert (jupyter / "user/labextensions" / served).is_file()


def test_without_any_folder_the_plain_form_remains_and_says_so(jupyter):
    for name in ("env", "user"):
        (jupyter / name).write_text("not a folder")
    html = show_tokens([" Hebrew"], [3.0])._repr_html_()
    assert "<script" not in html and " Hebrew" in html and "missing here" in html


def test_nothing_asks_whether_there_is_a_network(jupyter, monkeypatch):
    def refuse(*_args, **_keywords):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert "ColoredTokens" in show_tokens(["a"], [1.0])._repr_html_()
