"""`new-exercise` writes a skeleton that compiles, and never over anything."""

import ast
from pathlib import Path

import pytest

from mechint_course.exercises import new


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "toy").mkdir()
    monkeypatch.setattr(new, "__file__", str(tmp_path / "new.py"))
    monkeypatch.setattr(new, "catalogue", lambda: ())
    monkeypatch.setattr(new, "checkout", lambda: tmp_path)
    return tmp_path / "toy"


def test_the_skeleton_compiles_and_says_what_remains(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new.run("toy.fresh", '"Fresh", and a \\ too') == 0
    text = (folder / "fresh.py").read_text()
    namespace: dict[str, object] = {}
    exec(compile(ast.parse(text), "fresh.py", "exec"), namespace)
    assert namespace["fresh"].id == "toy.fresh"  # type: ignore[attr-defined]
    said = capsys.readouterr().out
    assert '"grade_id": "toy-fresh", "solution": true' in said and "{{exercise toy.fresh}}" in said
    ast.parse(said[said.index("# %% [markdown]") : said.index("3. add")])


def test_it_writes_over_nothing(folder: Path) -> None:
    (folder / "fresh.py").write_text("mine")
    with pytest.raises(FileExistsError):
        new.run("toy.fresh", "A fresh one")
    assert (folder / "fresh.py").read_text() == "mine"


@pytest.mark.parametrize("id", ["toy", "toy.", "toy.two words", "toy.class", "cooking.eggs"])
def test_bad_ids_are_refused_in_a_sentence(folder: Path, id: str) -> None:
    with pytest.raises(ValueError, match=r"topic\.name"):
        new.run(id, "x")


def test_an_installed_package_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "checkout", lambda: None)
    with pytest.raises(FileNotFoundError, match="clone the course"):
        new.run("toy.fresh", "x")
