"""From results to tables and pages: overrides, two hand-ins, what platforms import, and nothing that runs."""

import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from mechint_course.classroom.grading import overrides, pages, tables
from mechint_course.classroom.grading.result import Mark, Result, from_json, to_json
from mechint_course.classroom.grading.store import CannotStore, Store

PASSED = Mark("toy.forward", 2.0, 2.0, None, "Right.", like_reference=True)
OPEN = Mark("toy.loss", 0.0, 2.0, "mean-over-all", "You average.\n\n    x = <1>\n\nLook next: sums.")
ANN = Result("k1", "Ann", "zip/Ann.ipynb", "4711", "01_toy", marks=(PASSED, OPEN), seed=5)
BOB = replace(ANN, key="k2", learner="Bob", number="4712", name="zip/Bob.ipynb", marks=(OPEN,))


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def decided(folder: Path, *rows: str) -> list[overrides.Override]:
    (folder / overrides.NAME).write_text(
        "\n".join(["learner,chapter,exercise,what,value,note", *rows]), encoding="utf-8"
    )
    return overrides.read(folder)


def test_a_result_survives_its_json() -> None:
    result = replace(ANN, cells=(("c", "raised"),), notes=("x",))
    assert from_json(to_json(result)) == result


def test_the_store_keeps_what_was_put_and_counts_gradings(tmp_path: Path) -> None:
    Store(tmp_path).put(ANN)
    Store(tmp_path).put(replace(BOB, learner="\udcff"))
    store = Store(tmp_path)
    store.put(replace(ANN, seed=6))
    assert store.results()["k1"].seed == 6 and store.results()["k2"].learner == "\udcff"
    assert store.gradings() == {"k1": 2, "k2": 1}


def test_a_full_disk_loses_nothing_that_was_graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.put(ANN)
    connect = sqlite3.connect

    def small(*args: object, **named: object) -> sqlite3.Connection:
        database = connect(*args, **named)  # type: ignore[call-overload]
        database.execute("PRAGMA max_page_count = 3")  # SQLite's own full disk
        return database

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(CannotStore, match="full"):
        store.put(replace(BOB, reason="x" * 100_000))
    monkeypatch.undo()
    assert Store(tmp_path).results() == {"k1": ANN}


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").write_bytes(b"my notes, not a database at all" * 50)
    with pytest.raises(ValueError, match="choose another folder"):
        Store(tmp_path)
    assert (tmp_path / "results.sqlite").read_bytes().startswith(b"my notes")


def test_of_two_hand_ins_the_lower_counts_until_somebody_decides(tmp_path: Path) -> None:
    again = replace(
        ANN, key="k3", name="zip/Ann-2.ipynb", marks=(replace(PASSED, points=0.0, mistake="nan"), OPEN)
    )
    (row,) = tables.rows([ANN, again])
    assert (row.points, row.state) == (0.0, "needs a person")
    assert "zip/Ann.ipynb (2)" in row.reason and "zip/Ann-2.ipynb (0)" in row.reason
    (row,) = tables.rows([ANN, again], decided(tmp_path, "Ann,01_toy,,points,2,the first one"))
    assert (row.points, row.state) == (2.0, "graded")
    (row,) = tables.rows([ANN, replace(ANN, name="elsewhere/Ann.ipynb")])
    assert row.state == "graded", "the same twice is no question"


def test_overrides_for_late_excused_and_essays(tmp_path: Path) -> None:
    found = decided(
        tmp_path,
        "Ann,01_toy,toy.essay,points,3,well argued",
        "Ann,01_toy,,late,10,one day",
        "Bob,01_toy,toy.loss,excused,,was ill",
        "Cy,01_toy,,excused,,",
    )
    ann, bob, cy = tables.rows([ANN, BOB], found)
    assert (ann.points, ann.of) == (pytest.approx(0.9 * (2 + 3)), 4 + 3)
    assert (bob.points, bob.of) == (0.0, 0.0)
    assert (cy.learner, cy.state) == ("Cy", "excused")
    assert "toy.essay: points 3 (well argued)" in ann.notes


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Ann,01_toy,,lat,10,", "line 2: `what` is 'lat'"),
        ("Ann,01_toy,,late,ten,", "line 2: `value` is 'ten'"),
        ("Ann,01_toy,,late,120,", "a per cent from 0 to 100"),
        ("Ann,01_toy,,points,-1,", "points are 0 or more"),
        ("Ann,01_toy,,points,inf,", "points are 0 or more"),
        (",01_toy,,late,5,", "must be filled in"),
        ("Ann,01_toy,,points,,", "`value` is empty"),
    ],
)
def test_a_slip_in_the_overrides_is_named(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        decided(tmp_path, line)


def test_overrides_that_a_spreadsheet_wrote_otherwise(tmp_path: Path) -> None:
    path, line = tmp_path / overrides.NAME, "Zoë,01_toy,,late,10,\n"
    path.write_text(",".join(overrides.COLUMNS) + "\n" + line, encoding="utf-8-sig")
    assert overrides.read(tmp_path)[0].learner == "Zoë"
    path.write_text(",".join(overrides.COLUMNS) + "\n" + line, encoding="cp1252")
    with pytest.raises(ValueError, match="CSV UTF-8"):
        overrides.read(tmp_path)
    path.write_text(";".join(overrides.COLUMNS) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="semicolons"):
        overrides.read(tmp_path)


def test_overrides_are_begun_and_never_written_again(tmp_path: Path) -> None:
    assert overrides.read(tmp_path) == []
    before = (tmp_path / overrides.NAME).read_text()
    assert before.strip().split(",") == list(overrides.COLUMNS)
    decided(tmp_path, "Ann,01_toy,,late,10,one day")
    mine = (tmp_path / overrides.NAME).read_text()
    overrides.read(tmp_path)
    assert (tmp_path / overrides.NAME).read_text() == mine


def test_moodles_columns() -> None:
    unknown = Result("k9", "Dora", "zip/x", state="needs a person", reason="No chapter.")
    head, *body = lines(tables.as_csv(tables.rows([ANN, BOB, unknown]), "moodle"))
    assert head == ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    assert body == [
        ["Participant 4711", "Ann", "2.0", "4.0", "Open: toy.loss."],
        ["Participant 4712", "Bob", "0.0", "2.0", "Open: toy.loss."],
    ]


def test_canvas_columns() -> None:
    second = replace(ANN, key="k5", chapter="03_sae", name="zip/Ann3.ipynb")
    head, possible, ann, bob = lines(tables.as_csv(tables.rows([ANN, BOB, second]), "canvas"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_toy", "03_sae"]
    assert possible[0].strip() == "Points Possible" and float(possible[5]) > 2
    assert ann == ["Ann", "4711", "", "", "", "2.0", "2.0"] and bob == ["Bob", "4712", "", "", "", "0.0", ""]


def test_no_name_becomes_a_formula() -> None:
    table = tables.rows([replace(ANN, learner="=HYPERLINK(1)"), replace(BOB, learner="@sum")])
    names = [line[0] for line in lines(tables.as_csv(table))[1:]]
    assert names == ["'=HYPERLINK(1)", "'@sum"]
    assert "\x1b" not in tables.as_text(tables.rows([replace(ANN, learner="\x1b[2JAnn", reason="\x1b]0;x")]))


def test_answers_like_the_reference_are_told_to_the_teacher_alone(tmp_path: Path) -> None:
    table = tables.rows([ANN])
    assert "equal to the reference: toy.forward" in tables.as_csv(table)
    assert "equal to the reference" in pages.class_page(table)
    assert "equal to the reference" not in pages.learner_page("Ann", table)
    assert "equal to the reference" not in tables.as_csv(table, "moodle")


def test_pages_escape_everything(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    mark = replace(OPEN, message=f"{evil}\n\n    {evil}", mistake=evil)
    result = replace(ANN, learner=evil, name=evil, reason=evil, marks=(mark,), cells=((evil, evil),))
    table = tables.rows(
        [result, replace(result, key="other")], [overrides.Override(evil, "01_toy", "", "late", 5, evil)]
    )
    pages.write(tmp_path, table)
    written = [path.read_text() for path in tmp_path.rglob("*.html")]
    assert len(written) == 2 and all("<script" not in text and "&lt;script&gt;" in text for text in written)
    assert all("content=\"default-src 'none'" in text for text in written)


def test_every_page_of_an_unsafe_grading_says_so(tmp_path: Path) -> None:
    pages.write(tmp_path, tables.rows([replace(ANN, unsafe=True)]))
    assert all("UNSAFE" in path.read_text() for path in tmp_path.rglob("*.html"))
    pages.write(tmp_path / "safe", tables.rows([ANN]))
    assert all("UNSAFE" not in path.read_text() for path in (tmp_path / "safe").rglob("*.html"))
    assert "UNSAFE" in tables.as_csv(tables.rows([replace(ANN, unsafe=True)]))


def test_the_class_page_counts_mistakes_by_exercise() -> None:
    found = pages.mistakes([ANN, BOB, replace(BOB, key="k3", marks=(replace(OPEN, mistake="nan"),))])
    assert found["toy.forward"] == {None: 1} and found["toy.loss"] == {"mean-over-all": 2, "nan": 1}
    page = pages.class_page(tables.rows([ANN, BOB]))
    assert "mean-over-all (2)" in page and "<svg" in page
    assert page.count("<rect") == 2, "one bar for the exercise that was passed, one for the one that was not"


def test_two_learners_have_two_pages_whatever_their_names(tmp_path: Path) -> None:
    names = ["Ann", "ann", "../Ann", "", "李", "a" * 300, "con"]
    assert len({pages.file_name(name) for name in names}) == len(names)
    assert all(len(pages.file_name(name)) < 70 and "/" not in pages.file_name(name) for name in names)


def test_json_holds_everything(tmp_path: Path) -> None:
    (row,) = json.loads(tables.as_json(tables.rows([ANN])))
    assert row["points"] == 2.0 and row["results"][0]["seed"] == 5
    assert row["results"][0]["marks"][1]["mistake"] == "mean-over-all"
