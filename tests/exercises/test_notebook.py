"""`check` and `hint` in a notebook's namespace: nobody is blocked, nothing of a learner's is lost."""

import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mechint_course.exercises import notebook, references
from mechint_course.exercises.model import Ask, exercise, prediction
from mechint_course.exercises.progress import Progress


@exercise(
    id="toy.double",
    title="Double <it>",
    points=3,
    minutes=1,
    difficulty=1,
    core=True,
    hints=("first", "second", "third"),
)
def double(ask: Ask) -> None:
    """Twice x."""
    ask.require(ask(x=2) == 4, "not-doubled", "That is not twice as much.")


guess = prediction(id="toy.guess", title="Guess", options=("more", "less"), core=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for module in ("judge", "notebook"):
        monkeypatch.setattr(
            sys.modules[f"mechint_course.exercises.{module}"],
            "find",
            {"toy.double": double, "toy.guess": guess}.__getitem__,
        )
    monkeypatch.setattr(notebook, "_notebook_names", lambda: held)
    monkeypatch.setattr(references, "imports", lambda topic: "import math")
    monkeypatch.setattr(
        references, "source", lambda exercise: "def double(x):\n    return math.trunc(2 * x)\n"
    )
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return held


def right(x: int) -> int:
    return x + x


def wrong(x: int) -> int:
    return x


def test_a_missing_answer_gets_the_reference_and_no_points(names: dict[str, Any]) -> None:
    shown = notebook.check("toy.double")
    assert repr(shown) == "0" and references.is_marked(names["double"]) and names["double"](3) == 6
    assert "stands in" in shown.message and "<code>double</code>" in shown._repr_html_()


def test_a_marked_reference_is_never_judged(names: dict[str, Any]) -> None:
    notebook.check("toy.double")
    assert repr(notebook.check("toy.double")) == "0"


def test_a_wrong_answer_is_kept_and_takes_over_once_it_passes(names: dict[str, Any]) -> None:
    helper = {"factor": 1}

    def through_a_helper(x: int) -> int:
        return helper["factor"] * x

    names["double"] = through_a_helper
    assert repr(notebook.check("toy.double")) == "0" and references.is_marked(names["double"])
    helper["factor"] = 2  # mended elsewhere, the answer's own cell not run again
    assert repr(notebook.check("toy.double")) == "3" and names["double"] is through_a_helper


def test_a_right_answer_stays(names: dict[str, Any]) -> None:
    names["double"] = right
    shown = notebook.check("toy.double")
    assert repr(shown) == "3" and names["double"] is right
    assert Progress().standings()["toy.double"].points == 3


def test_an_answer_in_numpy_gives_tensors_to_the_cells_below(names: dict[str, Any]) -> None:
    Named = namedtuple("Named", "values")
    names["double"] = in_numpy = lambda x: Named(np.array([2.0 * x])) if x > 2 else np.array([2.0 * x])
    shown = notebook.check("toy.double")
    assert repr(shown) == "3" and "numpy" in shown.message
    assert names["double"].__wrapped__ is in_numpy
    later = names["double"](3)
    assert isinstance(later, Named) and torch.equal(later.values, torch.tensor([6.0]))
    assert "numpy" not in notebook.check("toy.double").message, "said once, and wrapped once"
    assert names["double"].__wrapped__ is in_numpy


def test_a_prediction_is_noted_and_a_missing_one_is_none(names: dict[str, Any]) -> None:
    assert repr(notebook.check("toy.guess")) == "0" and names["guess"] is None
    names["guess"] = "a lot"
    assert "'more', 'less'" in notebook.check("toy.guess").message
    names["guess"] = "less"
    assert repr(notebook.check("toy.guess")) == "1" and names["guess"] == "less"


def test_under_nbgrader_zero_points_raise_and_nothing_is_recorded(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    names["double"] = wrong
    with pytest.raises(notebook.CheckFailed, match="not twice"):
        notebook.check("toy.double")
    assert references.is_marked(names["double"])
    names["double"] = right
    assert repr(notebook.check("toy.double")) == "3"
    assert Progress().standings() == {}


def test_a_failing_progress_file_does_not_fail_a_check(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path / "file"))
    names["double"] = right
    shown = notebook.check("toy.double")
    assert repr(shown) == "3" and "could not be written" in shown.message


def test_what_is_shown_is_escaped(names: dict[str, Any]) -> None:
    names["double"] = lambda x: "<script>alert(1)</script>"
    page = notebook.check("toy.double")._repr_html_()
    assert "<script>" not in page and "Double &lt;it&gt;" in page


def test_hints_come_by_name_are_recorded_and_never_punished(names: dict[str, Any]) -> None:
    assert "first" in notebook.hint("toy.double").message
    assert "third" in notebook.hint("toy.double", 3).message
    assert "math.trunc" in notebook.hint("toy.double", "solution")._repr_html_()
    assert "4 was asked for" in notebook.hint("toy.double", 4).message
    names["double"] = right
    notebook.check("toy.double")
    standing = Progress().standings()["toy.double"]
    assert standing.hints == ("1", "3", "solution") and standing.points == 3


def test_an_unknown_id_is_a_sentence_not_a_traceback() -> None:
    for shown in (notebook.check("toy.nothing_like_it"), notebook.hint("nothing")):
        assert "there is no exercise" in shown.message


def test_outside_a_notebook_check_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "find", lambda id: double)
    with pytest.raises(RuntimeError, match=r"judge\(id, answer\)"):
        notebook.check("toy.double")
