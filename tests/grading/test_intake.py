"""Files as they come: every broken or hostile one has its row and its reason, and the others are found beside it."""

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from mechint_course.classroom.grading import intake
from mechint_course.classroom.grading.intake import find
from mechint_course.classroom.grading.one import Task, grade_one
from mechint_course.classroom.grading.plan import course, recognise, set_up
from tests.grading.submissions import CHAPTER, submission
from tests.notebooks import versions

GOOD = nbformat.writes(nbformat.v4.new_notebook()).encode()


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_learners_are_taken_from_moodles_names(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "CS101-Task 1-77.zip",
        {
            "Zoë Ångström_4711_assignsubmission_file/01_toy.ipynb": GOOD,
            "李 小龙_4712_assignsubmission_file/work.ipynb": GOOD,
            "Bo van den Berg_4713_assignsubmission_file_/x.ipynb": GOOD,
        },
    )
    found = {one.learner: one.number for one in find([path])}
    assert found == {"Zoë Ångström": "4711", "李 小龙": "4712", "Bo van den Berg": "4713"}


def test_learners_are_taken_from_canvas_names(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "submissions.zip",
        {"doejane_101_9001_01_toy-1.ipynb": GOOD, "poejo_LATE_102_9002_a.ipynb": GOOD},
    )
    assert {one.learner: one.number for one in find([path])} == {"doejane": "101", "poejo": "102"}


def test_learners_are_taken_from_nbgraders_folders_and_from_plain_files(tmp_path: Path) -> None:
    for learner in ("ann", "bob"):
        versions.writes(
            nbformat.v4.new_notebook(), tmp_path / "submitted" / learner / CHAPTER / f"{CHAPTER}.ipynb"
        )
    assert [one.learner for one in find([tmp_path])] == ["ann", "bob"]
    flat = tmp_path / "flat"
    for learner in ("cy", "dora"):
        versions.writes(nbformat.v4.new_notebook(), flat / f"{learner}.ipynb")
    assert [one.learner for one in find([flat])] == ["cy", "dora"]


def test_a_pattern_of_the_teachers_own_comes_first(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"group7-ann.ipynb": GOOD})
    assert [one.learner for one in find([path], r"-(?P<learner>\w+)\.")] == ["ann"]
    for pattern, words in (("(", "not a regular expression"), ("(.*)", "a group named learner")):
        with pytest.raises(ValueError, match=words):
            find([path], pattern)


def test_what_lies_beside_a_notebook_comes_along_and_nobody_elses(tmp_path: Path) -> None:
    files = {"ann/a.ipynb": GOOD, "ann/lib/helper.py": b"x = 1", "bob/b.ipynb": GOOD, "bob/secret.py": b"y"}
    ann, bob = find([zipped(tmp_path / "a.zip", files)])
    assert ann.beside == {"lib/helper.py": b"x = 1"} and bob.beside == {"secret.py": b"y"}
    flat = {"ann.ipynb": GOOD, "bob.ipynb": GOOD, "helper.py": b"whose?"}
    assert all(not one.beside for one in find([zipped(tmp_path / "b.zip", flat)]))


def test_copies_that_a_program_made_are_no_hand_ins(tmp_path: Path) -> None:
    files = {
        "ann/01_toy.ipynb": GOOD,
        "ann/backups/01_toy-2026.ipynb": GOOD,
        "ann/.ipynb_checkpoints/01_toy-checkpoint.ipynb": GOOD,
        "__MACOSX/ann/._01_toy.ipynb": b"",
    }
    assert [one.learner for one in find([zipped(tmp_path / "a.zip", files)])] == ["ann"]
    folder = tmp_path / "backups"  # named by the teacher, so it is read
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert [one.name for one in find([folder])] == ["backups/ann/01_toy.ipynb"]


def test_helpers_that_are_left_out_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_BESIDE", 10)
    (ann,) = find([zipped(tmp_path / "a.zip", {"ann/a.ipynb": GOOD, "ann/helper.py": b"x = 1  # and more"})])
    assert ann.beside == {} and not ann.trouble and "left out" in ann.note
    assert grade_one(Task(ann)).notes == (ann.note,)


def test_a_huge_file_is_no_empty_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "LARGEST", 2000)
    files = {"ann/a.ipynb": GOOD, "ann/helper.py": b"x = 1", "ann/data.bin": b"x" * 2001}
    (ann,) = find([zipped(tmp_path / "a.zip", files)])
    assert ann.beside == {"helper.py": b"x = 1"} and not ann.trouble and "left out" in ann.note


def symlink_in_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("evil.ipynb")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("good.ipynb", GOOD)


def damaged_entry(path: Path) -> None:
    zipped(path, {"evil.ipynb": GOOD * 10, "good.ipynb": GOOD})
    raw = bytearray(path.read_bytes())
    raw[45:60] = bytes(15)
    path.write_bytes(raw)


def encrypted(path: Path) -> None:
    zipped(path, {"evil.ipynb": GOOD, "good.ipynb": GOOD})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)


def bomb(path: Path) -> None:
    zipped(path, {"evil.ipynb": bytes(intake.LARGEST * 3), "good.ipynb": GOOD})
    assert path.stat().st_size < 2 * intake.MEGABYTE


def slip(name: str) -> Callable[[Path], object]:
    return lambda path: zipped(path, {name: GOOD, "good.ipynb": GOOD})


def zip_in_zip(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.ipynb", GOOD)
    zipped(path, {"evil.zip": inner.getvalue(), "good.ipynb": GOOD})


ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "slip upwards": (slip("../../evil.ipynb"), "leads out of the zip"),
    "slip to the root": (slip("/etc/cron.d/evil.ipynb"), "leads out of the zip"),
    "slip on Windows": (slip("C:\\evil.ipynb"), "leads out of the zip"),
    "bomb": (bomb, "is the most that is read"),
    "link": (symlink_in_zip, "a link to another place"),
    "damaged": (damaged_entry, "cannot be read from the zip"),
    "encrypted": (encrypted, "cannot be read from the zip"),
    "nested": (zip_in_zip, "a zip within the hand-in"),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_a_bad_entry_of_a_zip_has_its_reason_and_the_others_are_found(kind: str, tmp_path: Path) -> None:
    make, words = ZIPS[kind]
    make(tmp_path / "hand-in.zip")
    found = find([tmp_path / "hand-in.zip"])
    assert len(found) == 2 and [one.content for one in found if not one.trouble] == [GOOD]
    (bad,) = [one for one in found if one.trouble]
    assert words in bad.trouble
    result = grade_one(Task(bad))
    assert (result.state, result.points) == ("needs a person", 0.0) and words in result.reason
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["hand-in.zip"], "nothing is unpacked"


def test_a_zip_that_is_none_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    zipped(tmp_path / "fine.zip", {"ann.ipynb": GOOD})
    broken, fine = find([tmp_path / "broken.zip", tmp_path / "fine.zip"])
    assert "no zip that can be opened" in broken.trouble and fine.content == GOOD


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with links and pipes")
def test_links_and_pipes_of_a_folder_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.ipynb").write_bytes(GOOD)
    (folder / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "good.ipynb").write_bytes(GOOD)
    found = {one.learner: one for one in find([folder])}
    assert set(found) == {"link", "folder", "pipe", "good"}
    assert all(found[name].trouble and not found[name].content for name in ("link", "folder", "pipe"))
    assert found["good"].content == GOOD


def test_two_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as file:
        file.truncate(200 * intake.MEGABYTE)
    (one,) = find([path])
    assert "it has 200 MB, and 20 is the most that is read" in one.trouble and one.content == b""


UNREADABLE = {
    "empty": b"",
    "not JSON": b"Dear teacher, my laptop broke.",
    "truncated": nbformat.writes(versions.solved(CHAPTER)).encode()[:5000],
    "binary": bytes(range(256)) * 10,
    "UTF-16": nbformat.writes(nbformat.v4.new_notebook()).encode("utf-16"),
    "a list": b"[1, 2, 3]",
    "nested too deep": b'{"nbformat": 4, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "another nbformat": b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "cells that are none": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}',
    "cells without source": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}',
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_notebook_is_unreadable_with_its_reason(kind: str) -> None:
    result = grade_one(Task(intake.Submission("Ann", "a.ipynb", UNREADABLE[kind])))
    assert (result.state, result.points, result.marks) == ("unreadable", 0.0, ())
    assert result.reason.startswith("It is not a notebook") and "/tmp" not in result.reason


def test_another_notebook_needs_a_person() -> None:
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('my holidays')")])
    other.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    result = grade_one(Task(submission(other)))
    assert result.state == "needs a person" and "No chapter of this course" in result.reason


@pytest.mark.parametrize("name", versions.CHAPTER_NAMES)
def test_a_chapter_is_recognised_by_what_it_holds(name: str) -> None:
    notebook = versions.untouched(name)
    assert recognise(notebook) == name
    bare = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    )
    assert recognise(bare) == name, "without any metadata too"
    assert set(course()) == set(versions.CHAPTER_NAMES)


def test_set_up_is_what_prepares() -> None:
    cheap, work, skipped = set_up(
        "import torch\n\ndef f():\n    return model\nn: int = 3\nmodel = train(n)\nm = model + 1\nmodel.save()"
    )
    assert cheap == ["import torch", "def f():\n    return model", "n: int = 3"]
    assert work == "model = train(n)\nm = model + 1"
    assert skipped == {"model", "m"}


def test_names_are_told_apart_by_what_was_handed_in() -> None:
    one = intake.Submission("Ann", "a.ipynb", b"x")
    keys = {
        one.key,
        intake.Submission("Ann", "a.ipynb", b"y").key,
        intake.Submission("Bob", "a.ipynb", b"x").key,
    }
    assert len(keys) == 3 and one.key == intake.Submission("Ann", "a.ipynb", b"x").key
    assert json.dumps(one.key)
