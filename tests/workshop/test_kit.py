"""The kit's files: whole, true to the catalogue, never over something that is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mechint_course import cli
from mechint_course.classroom.grading import overrides
from mechint_course.classroom.workshop import kit, offline, planning
from mechint_course.exercises.catalogue import CHAPTERS, catalogue
from tests.workshop.scripts import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert cli.main(["workshop", str(tmp_path / "kit")]) == 0
    return tmp_path / "kit"


def test_the_kit_is_whole(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    talks = {f"talking_points/{chapter}.md" for chapter in CHAPTERS}
    tables = {f"timetables/{name}.md" for name in ("2-hours", "1-day", "4-weeks")}
    assert (
        files
        == {"README.md", "jupyterhub_config.py", "collect.py", "link.py", "plain_nbgrader.md"}
        | talks
        | tables
    )
    readme = (folder / "README.md").read_text(encoding="utf-8")
    named = {name.rstrip("/") for name in re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", readme, re.MULTILINE)}
    assert named == {path.name for path in folder.iterdir()} - {"README.md"}
    assert "$" not in readme


def test_the_kit_says_what_grading_needs_and_how_a_person_decides(folder):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "Grading needs Linux with bubblewrap" in readme and f"`{','.join(overrides.COLUMNS)}`" in readme
    assert all(f"`{kind}`" in readme for kind in overrides.KINDS)


def test_talking_points_name_exercises_that_exist(folder):
    known = {one.id for one in catalogue()}
    for chapter, topic in CHAPTERS.items():
        talk = (folder / "talking_points" / f"{chapter}.md").read_text(encoding="utf-8")
        named = set(re.findall(rf"`({topic}\.\w+)`", talk))
        assert named and named <= known, f"{chapter}: {named - known}"


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_written_over_anything(there, tmp_path, capsys):
    place, elsewhere = tmp_path / "kit", tmp_path / "elsewhere"
    if there == "file":
        place.write_text("mine")
    elif there == "folder":
        place.mkdir()
        (place / "README.md").write_text("mine")
    else:
        elsewhere.mkdir()
        place.symlink_to(elsewhere)
    before = sorted(tmp_path.rglob("*"))
    assert cli.main(["workshop", str(place)]) == 1
    assert "nothing is written over it" in capsys.readouterr().err
    assert cli.main(["workshop", str(tmp_path / "free"), "--offline", str(place)]) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("stick", ["kit", "kit/stick", ".", "there/../kit"])
def test_a_stick_has_a_folder_of_its_own(stick, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(offline, "make", lambda _folder: pytest.fail("nothing is downloaded"))
    assert cli.main(["workshop", str(tmp_path / "kit"), "--offline", str(tmp_path / stick)]) == 1
    assert "the stick needs a folder of its own" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_an_empty_folder_will_do(tmp_path):
    (tmp_path / "kit").mkdir()
    assert cli.main(["workshop", str(tmp_path / "kit")]) == 0
    assert (tmp_path / "kit" / "README.md").is_file()


def test_a_stick_needs_a_checkout(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(offline.install, "checkout", lambda: None)
    assert cli.main(["workshop", str(tmp_path / "kit"), "--offline", str(tmp_path / "stick")]) == 1
    assert "clone the course" in capsys.readouterr().err and not (tmp_path / "stick").exists()


def test_the_numbers_cover_every_chapter(folder):
    numbers = planning.measured()
    assert [one.chapter for one in numbers.chapters] == list(CHAPTERS)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert planning.as_markdown(numbers) in readme and numbers.machine in readme


def test_how_many_learners_follows_from_the_costs():
    """By hand: 120 CPU-seconds run three times in 60 minutes keep a tenth of a core busy; 0.7 x 2 cores hold 14."""
    cost = planning.ChapterCost("01_toy", 60, 120.0, 60.0, peak_mb=500.0, own_mb=300.0)
    assert planning.learners(cost) == 14 and planning.learners(cost, cores=4) == 28
    assert planning.memory_gb(cost, server_mb=100.0, n_learners=10) == pytest.approx(4.2)


@pytest.mark.parametrize(
    ("hub", "repository", "path", "expected"),
    [
        (
            "http://room:8000/",
            "https://example.org/team/course.git",
            "chapters/01_toy/01_toy.ipynb",
            "http://room:8000/hub/user-redirect/git-pull?repo=https%3A%2F%2Fexample.org%2Fteam%2Fcourse.git"
            "&branch=main&urlpath=lab%2Ftree%2Fcourse%2Fchapters%2F01_toy%2F01_toy.ipynb",
        ),
        (
            "https://hub.example.org",
            "file:///srv/material/",
            "",
            "https://hub.example.org/hub/user-redirect/git-pull?repo=file%3A%2F%2F%2Fsrv%2Fmaterial%2F"
            "&branch=main&urlpath=lab%2Ftree%2Fmaterial",
        ),
    ],
)
def test_links(hub, repository, path, expected):
    assert load("link.py").link(hub, repository, path=path) == expected


def test_a_link_needs_a_hub_with_a_scheme():
    with pytest.raises(SystemExit, match="must begin with http"):
        load("link.py").link("room:8000", "https://example.org/course.git")


def test_collecting_takes_chapters_and_neither_backups_nor_links(tmp_path):
    learners = tmp_path / "learners"
    for place in (
        "ada/my-course/01_toy/01_toy",
        "ada/my-course/01_toy/scratch",
        "ada/my-course/backups/01_toy-2026",
    ):
        path = learners / f"{place}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place)
    (learners / "ben" / "my-course" / "01_toy").mkdir(parents=True)
    (learners / "ben" / "my-course" / "01_toy" / "01_toy.ipynb").symlink_to(
        learners / "ada/my-course/01_toy/01_toy.ipynb"
    )
    (learners / "eve").mkdir()
    (learners / "eve" / "my-course").symlink_to(learners / "ada" / "my-course")
    collect = load("collect.py").collect
    assert collect(learners, tmp_path / "submitted") == 1
    files = [path for path in (tmp_path / "submitted").rglob("*") if path.is_file()]
    assert [path.relative_to(tmp_path).as_posix() for path in files] == ["submitted/ada/01_toy/01_toy.ipynb"]
    with pytest.raises(SystemExit, match="nothing is written over it"):
        collect(learners, tmp_path / "submitted")


def test_collecting_before_anybody_was_there_says_where_it_looked(tmp_path):
    shutil.copy(kit.TEMPLATES / "collect.py", tmp_path)
    ran = subprocess.run([sys.executable, tmp_path / "collect.py"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stdout == f"No notebooks in {tmp_path / 'learners'}: has anybody logged in?\n"
