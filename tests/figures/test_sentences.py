"""Every picture in a chapter is followed by prose that says what it shows."""

import ast
import re
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "solutions").glob("*/*.py"))
VIEWS = re.compile(r"^(show_\w+|\w+Explorer|\w+Browser|\w+Tree|\w+Rating|\w+View)$")


def cells(text: str) -> list[tuple[str, str]]:
    """The cells of a percent script as (kind, source)."""
    parts = re.split(r"^# %%(.*)$", text, flags=re.MULTILINE)
    return [
        ("prose" if "[markdown]" in head else "code", body)
        for head, body in zip(parts[1::2], parts[2::2], strict=True)
    ]


def makes_a_picture(source: str, modules: set[str]) -> bool:
    """Whether a cell's last line calls a function of the figure modules, or a view."""
    body = ast.parse(source).body
    if not body or not isinstance(body[-1], ast.Expr) or not isinstance(body[-1].value, ast.Call):
        return False
    called = body[-1].value.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id in modules
    return isinstance(called, ast.Name) and bool(VIEWS.match(called.id) or called.id in modules)


def figure_names(text: str) -> set[str]:
    """What a chapter imports from the figures: modules under their names there, and functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mechint_course.figures"):
            found |= {name.asname or name.name for name in node.names}
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_sentence_stands_below_every_picture(path):
    text = path.read_text(encoding="utf-8")
    listed, modules = cells(text), figure_names(text)
    pictures = [
        k for k, (kind, source) in enumerate(listed) if kind == "code" and makes_a_picture(source, modules)
    ]
    assert len(pictures) >= 2, "a chapter without pictures proves nothing"
    for k in pictures:
        # Pictures that follow each other may share the prose below the last of them.
        last = next(n for n in range(k, len(listed)) if n + 1 not in pictures)
        kind, prose = listed[last + 1] if last + 1 < len(listed) else ("nothing", "")
        first = re.sub(r"^# ?", "", prose, flags=re.MULTILINE).strip().split("\n")[0]
        where = f"{path.name}: below {listed[k][1].strip().splitlines()[-1]!r}"
        assert kind == "prose", f"{where} stands {kind}, and no prose"
        assert len(first) >= 60 and not first.startswith(("#", "{{")), (
            f"{where} no sentence says what it shows"
        )


def test_a_cell_is_known_as_a_picture_by_what_it_ends_with():
    modules = figure_names("from mechint_course.figures import toy as pictures\nfrom torch import Tensor")
    assert modules == {"pictures"}
    assert makes_a_picture("x = 1\npictures.samples(x)", modules)
    assert makes_a_picture("PhaseExplorer(grid)", modules) and makes_a_picture("show_tokens([], [])", modules)
    assert not makes_a_picture("pictures.samples(x)\nprint(1)", modules)
    assert not makes_a_picture("y = pictures.samples(x)", modules)
