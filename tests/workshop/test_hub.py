"""The kit's hub, started here: two learners log in, each solves the first exercise, both are graded."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import nbformat
import pytest
import requests

from mechint_course.classroom.workshop import kit
from mechint_course.exercises import references
from mechint_course.exercises.catalogue import catalogue
from tests.nbgrader.conftest import course, kernels, notebook_environment
from tests.nbgrader.test_grade import graded
from tests.notebooks import versions
from tests.workshop.room import Learner, Room, events, proxy_lacking
from tests.workshop.scripts import load

__all__ = ["course", "kernels", "notebook_environment"]

NAME = "01_toy"
NOTEBOOK = f"{NAME}/{NAME}.ipynb"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning"),  # nbgrader's own
    pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning"),  # cells that nbgrader adds
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    lacking = proxy_lacking()
    if lacking and os.environ.get("MECHINT_COURSE_NEEDS_BROWSER") != "1":
        pytest.skip(f"{lacking}; un-skip by installing it")
    assert not lacking, f"{lacking}, and MECHINT_COURSE_NEEDS_BROWSER asks for it"
    folder = tmp_path_factory.mktemp("room") / "kit"
    kit.write(folder, catalogue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHINT_COURSE_SMOKE", "1")
        room = Room(folder)
    try:
        room.wait()
        yield room
    finally:
        room.close()


@pytest.fixture(scope="module")
def learners(room: Room) -> list[Learner]:
    both = [Learner(room, "ada", "a password of ada's"), Learner(room, "ben", "a password of ben's")]
    for learner in both:
        assert learner.entered.url.endswith("/hub/home"), learner.entered.text
        learner.start()
    return both


def solve(learner: Learner, n_solved: int) -> list[str | None]:
    """Write the first answers into the learner's notebook, run the cells up to their checks, and save."""
    shown = learner.asks("GET", f"contents/{NOTEBOOK}")
    notebook = nbformat.from_dict(shown.json()["content"])
    for exercise in versions.exercises(NAME)[:n_solved]:
        versions.answer(notebook, exercise).source = references.source(exercise)
    last = versions.exercises(NAME)[n_solved - 1]
    until = next(i for i, cell in enumerate(notebook.cells) if cell.id == f"{last.grade_id}-check")
    code = [cell for cell in notebook.cells[: until + 1] if cell.cell_type == "code"]
    results = learner.run(NOTEBOOK, [cell.source for cell in code])
    saved = learner.asks("PUT", f"contents/{NOTEBOOK}", json={"type": "notebook", "content": notebook})
    assert saved.ok, saved.text
    return [result for cell, result in zip(code, results, strict=True) if cell.id.endswith("-check")]


def test_two_learners_solve_the_first_exercises_and_are_graded(
    room, learners, course, notebook_environment, tmp_path
):
    ada, ben = learners
    exercises = versions.exercises(NAME)
    assert solve(ada, 1) == [f"{exercises[0].points:g}"]
    assert solve(ben, 2) == [f"{exercise.points:g}" for exercise in exercises[:2]]
    assert load("collect.py").collect(room.kit / "learners", tmp_path / "submitted") == 2 * len(
        versions.CHAPTER_NAMES
    )
    for learner, n_solved in ((ada, 1), (ben, 2)):
        known = versions.total(NAME, but=[exercise.id for exercise in exercises[n_solved:]])
        work = tmp_path / "submitted" / learner.name / NOTEBOOK
        assert course.grade(NAME, learner.name, nbformat.read(work, as_version=4)) == known
        assert (room.kit / "learners" / learner.name / "progress" / "progress.sqlite").exists()
        shutil.copytree(work.parent, tmp_path / "first" / learner.name)
    points = {"ada": exercises[0].points, "ben": exercises[0].points + exercises[1].points}
    assert graded(tmp_path / "first", tmp_path / "grades") == points


def test_one_cannot_reach_the_others_server(room, learners):
    ada = learners[0]
    assert ada.asks("GET", "contents/").ok
    assert ada.asks("GET", "contents/", of="ben").status_code == 403
    assert ada.asks("POST", "kernels", of="ben").status_code == 403
    assert ada.visits("/user/ada/lab").ok
    assert ada.visits("/user/ben/lab").status_code in (403, 404)
    assert requests.get(f"{room.address}/user/ben/api/contents/").status_code == 403


def test_a_name_that_is_taken_asks_for_its_password(room, learners):
    guess = Learner(room, "ben", "a guess of ada's")
    assert "/hub/login" in guess.entered.url and "Invalid username or password" in guess.entered.text


def test_a_restart_of_the_server_keeps_what_the_learner_wrote(room, learners):
    ada, first = learners[0], versions.exercises(NAME)[0]

    def notebook():
        return nbformat.from_dict(ada.asks("GET", f"contents/{NOTEBOOK}").json()["content"])

    mine = notebook()
    versions.answer(mine, first).source = "guess_empty = 'what I wrote'"
    assert ada.asks("PUT", f"contents/{NOTEBOOK}", json={"type": "notebook", "content": mine}).ok
    ada.stop()
    ada.start()
    assert versions.answer(notebook(), first).source == "guess_empty = 'what I wrote'"


def test_a_link_brings_a_repository(room, learners, tmp_path):
    ada = learners[0]
    repository = tmp_path / "material"
    (repository / "chapters").mkdir(parents=True)
    (repository / "chapters" / "extra.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook()))
    git = ["git", "-c", "user.name=teacher", "-c", "user.email=teacher@example.org", "-C", str(repository)]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "material"]):
        subprocess.run([*git, *words], check=True)
    address = load("link.py").link(room.address, f"file://{repository}", path="chapters/extra.ipynb")
    page = ada.session.get(address)
    assert page.ok and "/user/ada/git-pull" in page.url
    pulled = ada.session.get(page.url.replace("/git-pull?", "/git-pull/api?") + "&targetpath=material")
    assert events(pulled.text)[-1]["phase"] == "finished", pulled.text
    assert ada.asks("GET", "contents/material/chapters/extra.ipynb").ok
