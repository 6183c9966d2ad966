"""A learner's copies: made once, brought up to date, never overwritten; and how JupyterLab is started."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest

from mechint_course import resources
from mechint_course.classroom import lab
from mechint_course.classroom.copies import bring_up_to_date
from mechint_course.classroom.files import as_text, read_notebook, write_whole
from tests.classroom.small import SOURCE, cell_of, released

NEWER = SOURCE.replace("Prose of the top.", "Better prose.")


@pytest.fixture
def chapters(tmp_path):
    folder = tmp_path / "chapters"
    write_whole(folder / "01_toy" / "01_toy.ipynb", as_text(released()))
    return folder


@pytest.fixture
def mine(chapters, tmp_path):
    folder = tmp_path / "my-course"
    assert bring_up_to_date(chapters, folder) == []
    return folder / "01_toy" / "01_toy.ipynb"


def solve(path):
    notebook = read_notebook(path)
    cell_of(notebook, "toy-add").source = "def add(a, b):\n    return a + b"
    nbformat.write(notebook, path)
    return path.read_bytes()


def test_a_copy_is_made_and_then_left_alone(chapters, mine):
    assert mine.read_bytes() == (chapters / "01_toy" / "01_toy.ipynb").read_bytes()
    saved = solve(mine)
    assert bring_up_to_date(chapters, mine.parents[1]) == []
    assert mine.read_bytes() == saved


def test_an_update_keeps_the_answer_and_backs_up(chapters, mine):
    saved = solve(mine)
    write_whole(chapters / "01_toy" / "01_toy.ipynb", as_text(released(NEWER)))
    (said,) = bring_up_to_date(chapters, mine.parents[1])
    assert "1 cell brought up to date" in said and "your answers" in said
    updated = read_notebook(mine)
    assert "return a + b" in cell_of(updated, "toy-add").source
    assert "Better prose." in updated.cells[0].source
    (backup,) = (mine.parents[1] / "backups").iterdir()
    assert backup.read_bytes() == saved
    assert bring_up_to_date(chapters, mine.parents[1]) == []


def test_an_exercise_cell_that_was_deleted_comes_back(chapters, mine):
    notebook = read_notebook(mine)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "toy-add-check"]
    nbformat.write(notebook, mine)
    (said,) = bring_up_to_date(chapters, mine.parents[1])
    assert "1 new or missing cell added" in said
    assert cell_of(read_notebook(mine), "toy-add-check").source == 'check("toy.add")'


def test_prose_that_was_deleted_on_purpose_stays_away_until_the_course_changes(chapters, mine):
    notebook = read_notebook(mine)
    notebook.cells = notebook.cells[1:]
    nbformat.write(notebook, mine)
    assert bring_up_to_date(chapters, mine.parents[1]) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"not json at all", b"\xff\xfe\x00", b"[1, 2]", b'{"cells": []}', b'{"nbformat": 4, "cells": 3}', b"[" * 100_000,
     json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "song"}]}).encode()],
    ids=["empty", "text", "binary", "list", "no format", "cells no list", "deep", "odd cell"],
)  # fmt: skip
def test_what_is_no_notebook_is_set_aside_as_it_is(chapters, mine, content):
    mine.write_bytes(content)
    (said,) = bring_up_to_date(chapters, mine.parents[1])
    assert "not a notebook" in said and "01_toy-set-aside.ipynb" in said
    assert mine.with_name("01_toy-set-aside.ipynb").read_bytes() == content
    assert mine.read_bytes() == (chapters / "01_toy" / "01_toy.ipynb").read_bytes()
    mine.write_bytes(content + b"!")
    bring_up_to_date(chapters, mine.parents[1])
    assert mine.with_name("01_toy-set-aside.ipynb").read_bytes() == content, (
        "the first one is not overwritten"
    )
    assert mine.with_name("01_toy-set-aside-2.ipynb").read_bytes() == content + b"!"


def test_an_older_notebook_format_is_read(chapters, mine):
    notebook = read_notebook(mine)
    cell_of(notebook, "toy-add").source = "def add(a, b):\n    return a + b"
    for cell in notebook.cells:
        del cell["id"]
    notebook.nbformat_minor = 4
    mine.write_text(json.dumps(notebook))
    write_whole(chapters / "01_toy" / "01_toy.ipynb", as_text(released(NEWER)))
    bring_up_to_date(chapters, mine.parents[1])
    assert "return a + b" in cell_of(read_notebook(mine), "toy-add").source


def test_a_write_that_fails_leaves_the_old_file_whole(mine, monkeypatch):
    before = mine.read_bytes()
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space"):
        write_whole(mine, "half")
    assert mine.read_bytes() == before
    assert [path.name for path in mine.parent.iterdir()] == [mine.name], "nothing is left lying about"


def test_a_folder_that_cannot_be_used_gets_a_sentence(chapters, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        bring_up_to_date(chapters, tmp_path / "taken")
    with pytest.raises(ValueError, match="cannot be written"):
        bring_up_to_date(chapters, tmp_path / "taken" / "below")


@pytest.mark.parametrize("wanted", ["01_toy", "toy", "1", "01", "01_toy/", None])
def test_a_chapter_is_found_by_any_of_its_names(chapters, wanted):
    assert lab.find_chapter(wanted, chapters) == "01_toy"


def test_a_wrong_chapter_lists_the_good_ones(chapters, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(resources, "chapters_folder", lambda: chapters)
    assert lab.run("toys", tmp_path / "my-course") == 1
    assert "there is no chapter 'toys'; the chapters are 01_toy" in capsys.readouterr().err
    assert not (tmp_path / "my-course").exists()


def test_jupyterlab_is_this_environments_and_asks_for_no_news(tmp_path):
    arguments = lab.command("01_toy", tmp_path, browser=False)
    assert arguments[:3] == [sys.executable, "-m", "jupyterlab"]
    assert {"--LabApp.news_url=None", "--no-browser"} <= set(arguments)
    assert "--no-browser" not in lab.command("01_toy", tmp_path, browser=True)
    assert lab.environment()["JUPYTER_PREFER_ENV_PATH"] == "1", (
        "a kernel that the user registered comes second"
    )
    settings = Path(lab.environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    overrides = json.loads((settings / "labconfig" / "default_setting_overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
