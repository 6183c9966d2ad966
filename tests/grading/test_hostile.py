"""Hostile submissions in one batch with honest ones: nothing unearned, nothing lost, nothing changed outside."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mechint_course import resources
from mechint_course.classroom.grading import batch, pages, tables
from mechint_course.classroom.grading.one import Task, grade_one
from mechint_course.classroom.grading.result import Result
from tests.grading.kinds import CHAPTER as KINDS_CHAPTER
from tests.grading.kinds import JUDGED, Kind, Place, kinds
from tests.grading.submissions import CHAPTER, honest, submission
from tests.notebooks import versions

NAMES = tuple(kinds(Place()))
# The batch is graded once, in the first test that asks for it, which may take long on a busy machine.
pytestmark = [pytest.mark.usefixtures("in_sandbox"), pytest.mark.timeout(1800)]


def test_at_least_forty_kinds() -> None:
    assert len(NAMES) >= 40


@dataclass
class Outside:
    """Folders that no submission may read or change, and a door at which none may knock."""

    folders: list[Path]
    port: int
    knocks: list[bytes] = field(default_factory=list)

    def fingerprint(self) -> dict[str, str]:
        """Every file and folder, with a hash of what it holds."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for folder in self.folders
            for path in sorted(folder.rglob("*"))
            if "__pycache__" not in path.parts
        }


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    mine = tmp_path_factory.mktemp("class")
    for learner, (notebook, _) in honest().items():
        versions.writes(notebook, mine / learner / f"{CHAPTER}.ipynb")
    (mine / "overrides.csv").write_text("learner,chapter,exercise,what,value,note\n")
    mine.chmod(0o777)  # whatever keeps them out, it is not the file's permissions
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen()
    package = resources.data_folder().parent
    found = Outside(
        [mine, package / "classroom" / "grading", package / "data" / "references"], door.getsockname()[1]
    )

    def listen() -> None:
        while True:
            try:
                found.knocks.append(door.accept()[0].recv(100))
            except OSError:
                return

    threading.Thread(target=listen, daemon=True).start()
    yield found
    door.close()


@pytest.fixture(scope="module")
def hostile(outside: Outside) -> dict[str, Kind]:
    return kinds(Place([str(folder) for folder in outside.folders], outside.port))


@dataclass(frozen=True)
class Graded:
    hostile: dict[str, Result]
    honest: dict[str, Result]
    changed: bool


@pytest.fixture(scope="module")
def graded(hostile: dict[str, Kind], outside: Outside) -> Graded:
    """One batch of all kinds, with the honest submissions between them."""
    before = outside.fingerprint()
    tasks = [task(kind, name) for name, kind in hostile.items()]
    for i, (name, (notebook, _)) in enumerate(honest().items()):
        tasks.insert(i * len(NAMES) // 5, Task(submission(notebook, name)))
    results = {result.learner: result for result in batch.grade_here(tasks, jobs=2)}
    return Graded(
        {name: results[name] for name in hostile},
        {name: results[name] for name in honest()},
        outside.fingerprint() != before,
    )


def task(kind: Kind, name: str) -> Task:
    """The kind handed in; its other exercises count as unsolved, so that each of so many notebooks is graded soon."""
    others = dict.fromkeys(versions.total(KINDS_CHAPTER).keys() - set(JUDGED), False)
    return Task(submission(kind.notebook, name), kind.limits, only=frozenset(JUDGED), known=others)


def due(kind: Kind) -> dict[str, float]:
    """What the kind must get."""
    points = versions.total(KINDS_CHAPTER, but=kind.lost)
    return {id: points[id] for id in JUDGED}


def earned(result: Result) -> dict[str, float]:
    return {mark.exercise: mark.points for mark in result.marks}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_it_gets(name: str, graded: Graded, hostile: dict[str, Kind]) -> None:
    kind, result = hostile[name], graded.hostile[name]
    assert earned(result) == due(kind), result
    told = {mark.exercise: mark.mistake for mark in result.marks}
    assert {id: told[id] for id in kind.slug} == kind.slug


@pytest.mark.slow
@pytest.mark.parametrize("name", honest())
def test_the_honest_ones_of_the_batch_get_what_they_earn(name: str, graded: Graded) -> None:
    result = graded.honest[name]
    assert earned(result) == honest()[name][1]
    assert (result.state, result.reason) == ("graded", "")


@pytest.mark.slow
def test_nothing_outside_was_changed_or_called(graded: Graded, outside: Outside) -> None:
    assert not graded.changed
    assert outside.knocks == []


@pytest.mark.slow
def test_no_script_of_a_submission_reaches_a_page(graded: Graded, tmp_path: Path) -> None:
    from tests.grading.attacks import SCRIPT

    table = tables.rows(graded.hostile.values())
    pages.write(tmp_path, table)
    written = "".join(path.read_text() for path in tmp_path.rglob("*.html"))
    assert "&lt;script&gt;" in written, "the attack must have come as far as the page"
    assert not re.search(r"<script|<img", written)
    assert SCRIPT not in written and "default-src 'none'" in written


THREE = ("forging replies", "harm: os._exit", "reading other learners' files")


def test_one_honest_and_three_hostile(hostile: dict[str, Kind], outside: Outside) -> None:
    """The default tier's share of this suite."""
    before = outside.fingerprint()
    notebook, points = honest()["all but the first"]
    assert earned(grade_one(Task(submission(notebook)))) == points
    for name in THREE:
        kind = hostile[name]
        assert earned(grade_one(task(kind, name))) == due(kind), name
    assert outside.fingerprint() == before and outside.knocks == []
