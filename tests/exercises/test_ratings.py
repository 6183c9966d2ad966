"""Ratings survive a kill, a full disk, a foreign file; a class's files are pooled, and a bad one is named and left out."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mechint_course.exercises import database as database_module
from mechint_course.exercises import pooling
from mechint_course.exercises.pooling import pool
from mechint_course.exercises.ratings import Rating, Ratings
from mechint_course.features.rating import Item, Sheet

ITEMS = (("feature", 7), ("neuron", 3), ("feature", 1), ("neuron", 9))
SCORES = ([3, 5, 3, 1, 3], [0, 1, 0, 0, 0], [2, 4, 1, 0, 2], [1, 1, 1, 1, 1])


def sheet(seed: int = 0, dictionary: str = "A-4096", items=ITEMS) -> Sheet:
    about = {"feature": dictionary, "neuron": "A"}
    return Sheet(tuple(Item(kind, unit, (), ()) for kind, unit in items), seed, about, "corpus")


def rated(path: Path, which: Sheet | None = None) -> dict[tuple[str, int], list[int]]:
    return {(r.kind, r.unit): list(r.scores) for r in Ratings(which or sheet(), path).all()}


def test_rating_again_replaces_and_other_sheets_do_not_mix(tmp_path):
    path = tmp_path / "r.sqlite"
    ratings = Ratings(sheet(), path)
    ratings.record("neuron", 3, SCORES[0])
    ratings.record("feature", 7, SCORES[1])
    ratings.record("neuron", 3, SCORES[2])
    assert ratings.message == "" and ratings.of("feature", 1) is None
    assert rated(path) == {("feature", 7): SCORES[1], ("neuron", 3): SCORES[2]}
    assert [r.unit for r in ratings.all()] == [7, 3], "in the order of the sheet"
    for other in (sheet(1), sheet(dictionary="A-512"), sheet(items=ITEMS[:3])):
        assert rated(path, other) == {}
    with pytest.raises(ValueError, match="unit of this sheet, found neuron 8"):
        ratings.record("neuron", 8, SCORES[0])
    for bad in ([3, 5, 3, 2, 3], [3, 5, 3, 1], [True, 0, 0, 0, 0], [-1, 0, 0, 0, 0], [1.0, 0, 0, 0, 0]):
        with pytest.raises(ValueError, match="effect 0 to 1"):
            ratings.record("neuron", 3, bad)
    assert rated(path)["neuron", 3] == SCORES[2]


@pytest.mark.skipif(sys.platform == "win32", reason="un-skip when a kill that cannot be caught exists there")
def test_a_kill_after_each_rating_loses_none(tmp_path):
    path = tmp_path / "r.sqlite"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from tests.exercises.test_ratings import ITEMS, SCORES, Ratings, sheet\n"
        f"ratings = Ratings(sheet(), Path({str(path)!r}))\n"
        "for line in sys.stdin:\n"
        "    k = int(line); ratings.record(*ITEMS[k], SCORES[k]); print(ratings.message or 'ok', flush=True)\n"
    )
    for k in range(3):
        root = Path(__file__).parents[2]
        writer = subprocess.Popen(
            [sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdin and writer.stdout
        writer.stdin.write(f"{k}\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "ok\n"
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        assert rated(path) == {ITEMS[i]: SCORES[i] for i in range(k + 1)}


def test_a_full_disk_is_a_sentence_and_the_next_write_brings_all(tmp_path, monkeypatch):
    path = tmp_path / "r.sqlite"
    ratings = Ratings(sheet(), path)
    ratings.record(*ITEMS[0], SCORES[0])

    def full(*_args, **_keywords):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(database_module.sqlite3, "connect", full)
        for k in (1, 2):
            ratings.record(*ITEMS[k], SCORES[k])
            assert "could not be written" in ratings.message and "disk is full" in ratings.message
            assert "\n" not in ratings.message
        assert len(ratings.all()) == 3, "kept while the kernel lives"
    assert rated(path) == {ITEMS[0]: SCORES[0]}
    ratings.record(*ITEMS[3], SCORES[3])
    assert ratings.message == "" and rated(path) == dict(zip(ITEMS, SCORES, strict=True))


@pytest.mark.parametrize(
    "content",
    [b"no database, but long enough to look like one" * 50, b"SQLite format 3\x00" + b"\xff" * 4000],
)
def test_a_damaged_file_is_set_aside_and_kept(tmp_path, content):
    path = tmp_path / "r.sqlite"
    path.write_bytes(content)
    ratings = Ratings(sheet(), path)
    ratings.record(*ITEMS[0], SCORES[0])
    (aside,) = [file for file in tmp_path.iterdir() if "set-aside" in file.name]
    assert aside.read_bytes() == content and aside.name in ratings.message
    assert rated(path) == {ITEMS[0]: SCORES[0]}


def given(folder: Path, person: int, scores=SCORES, which: Sheet | None = None) -> Path:
    """A file that a person gives away; `person` stands for one home folder."""
    ratings = Ratings(which or sheet(), folder.parent / f"home-{person}" / "r.sqlite")
    for place, score in zip(ITEMS, scores, strict=False):
        ratings.record(*place, score)
    return ratings.export(folder)


def test_a_class_is_pooled_and_each_person_counts_once(tmp_path):
    folder = tmp_path / "class"
    first = given(folder, 1)
    older = first.read_bytes()
    given(folder, 2, SCORES[::-1])
    assert given(folder, 1, [[1, 0, 0, 0, 0]]) == first
    (folder / "copy of an older one.json").write_bytes(older)
    found = pool(folder)
    assert found.people == 2 and found.problems == ()
    assert sorted(found.totals()["feature"]) == sorted(
        [1, 9, 5, 1]
    )  # person 1: 1 (again) and 9; person 2: 5 and 1
    assert sorted(found.totals()["neuron"]) == sorted([1, 5, 9, 15])
    assert str(found) == "8 ratings of 2 people."
    assert pool([first, folder]) == found, "a file that is named twice counts once"
    assert pool(first).people == 1 and str(pool(tmp_path / "nobody")) == "Nobody's ratings are there yet."


def test_the_file_holds_no_name_and_nothing_but_what_is_documented(tmp_path):
    content = json.loads(given(tmp_path / "class", 1).read_text())
    assert set(content) == {"format", "version", "person", "written", "sheet", "about", "ratings"}
    assert len(content["person"]) == 16 and str(tmp_path) not in json.dumps(content)
    assert content["ratings"][0] == {"kind": "feature", "unit": 7, "scores": [3, 5, 3, 1, 3]}
    with pytest.raises(ValueError, match="rate a unit first"):
        Ratings(sheet(5), tmp_path / "home-1" / "r.sqlite").export(tmp_path)


BAD = {
    "half.json": (lambda text: text[: len(text) // 2], "not JSON, or was cut short"),
    "deep.json": (lambda _text: "[" * 100_000, "not JSON, or was cut short"),
    "binary.json": (lambda _text: b"\x80\x04\x95pickled\xff", "not JSON, or was cut short"),
    "list.json": (lambda _text: "[1, 2]", "not a file of ratings"),
    "other.json": (lambda _text: '{"format": "bookmarks"}', "not a file of ratings"),
    "huge.json": (lambda text: text + " " * pooling._LARGEST, "larger than 1,000,000 bytes"),
    "newer.json": (lambda text: text.replace('"version": 1', '"version": 2'), "its version is 2"),
    "score.json": (lambda text: text.replace("5,", "6,"), "no scores of the rubric"),
    "unit.json": (lambda text: text.replace('"unit": 7', '"unit": "7"'), "not a rating of a unit"),
    "kind.json": (lambda text: text.replace('"kind": "neuron"', '"kind": "head"'), "not a rating of a unit"),
    "when.json": (lambda text: text.replace('"written": "', '"written": "x'), "not a moment"),
    "nobody.json": (lambda text: text.replace('"person": "', '"someone": "'), "'person' is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_is_named_and_the_others_are_pooled(tmp_path, name):
    folder = tmp_path / "class"
    good = given(folder, 1)
    change, words = BAD[name]
    bad = change(given(tmp_path / "away" / "class", 2).read_text())
    (folder / name).write_bytes(bad if isinstance(bad, bytes) else bad.encode())
    found = pool(folder)
    (problem,) = found.problems
    assert problem.startswith(f"{name} was left out: ") and words in problem and problem.count("\n") == 0
    assert len(problem) < 200
    assert found.ratings == pool(good).ratings and found.people == 1


def test_files_of_another_dictionary_are_named_where_it_is_asked_for(tmp_path):
    folder = tmp_path / "class"
    given(folder, 1)
    given(folder, 2, which=sheet(dictionary="A-512"))
    assert pool(folder).people == 2
    found = pool(folder, about=sheet().about)
    assert found.people == 1 and "it rates features of 'A-512', neurons of 'A'" in found.problems[0]
    missing = pool([folder, tmp_path / "lost.json"])
    assert missing.people == 2 and missing.problems == ("lost.json was left out: No such file or directory.",)


def test_a_rating_adds_up():
    assert Rating("feature", 1, (3, 5, 3, 1, 3)).total == 15
