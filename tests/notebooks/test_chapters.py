"""Each chapter runs to its end whatever is solved, and each exercise is worth its points and no others."""

import os
import subprocess
import sys
from pathlib import Path

import nbclient
import pytest
from nbgrader.validator import Validator

from mechint_course.classroom import build
from mechint_course.exercises.catalogue import CHAPTERS
from mechint_course.exercises.progress import Progress
from tests.notebooks import versions

chapters = pytest.mark.parametrize("name", versions.CHAPTER_NAMES)


def test_what_is_committed_is_what_the_sources_make(capsys):
    assert build.run(check=True) == 0, capsys.readouterr().err


def test_every_topic_of_the_catalogue_has_its_chapter():
    assert list(CHAPTERS) == versions.CHAPTER_NAMES
    alone = Path(__file__).parent.glob("test_one_by_one_*.py")
    assert {f"test_one_by_one_{topic}.py" for topic in CHAPTERS.values()} == {path.name for path in alone}


@chapters
def test_the_catalogue_is_in_the_order_of_the_chapter(name):
    met = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in versions.untouched(name).cells]
    answers = [exercise.grade_id for exercise in versions.exercises(name)]
    assert [grade_id for grade_id in met if grade_id in answers] == answers


@chapters
def test_the_core_path_takes_ninety_minutes(name):
    assert 80 <= sum(exercise.minutes for exercise in versions.exercises(name) if exercise.core) <= 90


@chapters
def test_untouched_runs_to_the_end_and_earns_nothing(name, run_all):
    notebook = run_all(versions.untouched(name))
    nothing = dict.fromkeys(versions.total(name), 0.0)
    assert versions.shown_points(notebook, name) == nothing
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source)


@chapters
def test_solved_earns_every_point_under_nbval(name, notebook_environment, tmp_path):
    notebook = versions.solved(name)
    path = versions.writes(notebook, tmp_path / f"{name}.ipynb")
    options = [
        "-p",
        "nbval.plugin",
        "--nbval-lax",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--nbval-cell-timeout", "300", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert f"{sum(cell.cell_type == 'code' for cell in notebook.cells)} passed" in ran.stdout
    # nbval looks away from cells that may raise, so the points are read where the checks wrote them.
    standings = Progress(notebook_environment / "progress.sqlite").standings()
    assert {exercise_id: standing.points for exercise_id, standing in standings.items()} == versions.total(
        name
    )


@chapters
@pytest.mark.parametrize("parity", ["odd", "even"])
def test_every_other_exercise_unsolved_earns_exactly_the_rest(name, parity, run_all):
    unsolved = [exercise.id for exercise in versions.exercises(name)][parity == "even" :: 2]
    notebook = run_all(versions.solved(name, but=unsolved))
    assert versions.shown_points(notebook, name) == versions.total(name, but=unsolved)


@pytest.mark.slow
@chapters
def test_nbgrader_validates_the_solved_and_passes_nothing_of_the_untouched(
    name, notebook_environment, tmp_path
):
    solved = versions.writes(versions.solved(name), tmp_path / "solved.ipynb")
    untouched = versions.writes(versions.untouched(name), tmp_path / "untouched.ipynb")
    assert Validator().validate(str(solved)) == {}
    assert Validator(invert=True).validate(str(untouched)) == {}


@chapters
def test_no_line_of_a_solution_reaches_a_learner(name):
    script = (build._checkout() / "solutions" / name / f"{name}.py").read_text(encoding="utf-8")
    hidden, given, inside = set(), set(), False
    for line in script.splitlines():
        inside = inside or line.strip() == "### BEGIN SOLUTION"
        (hidden if inside else given).add(line.strip())
        inside = inside and line.strip() != "### END SOLUTION"
    assert hidden, "a chapter without a solution proves nothing"
    learners = {line.strip() for cell in versions.untouched(name).cells for line in cell.source.splitlines()}
    assert (hidden - given) & learners == set()
    outputs = [cell.outputs for cell in versions.untouched(name).cells if cell.cell_type == "code"]
    assert not any(outputs)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@chapters
def test_solved_at_full_size_in_a_kernel_of_its_own(name, tmp_path, monkeypatch):
    monkeypatch.delenv("MECHINT_COURSE_SMOKE", raising=False)
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path / "home"))
    # A test runs on each core, and small trainings lose by sharing them.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    where = {"metadata": {"path": str(tmp_path)}}
    notebook = versions.solved(name)
    nbclient.NotebookClient(notebook, timeout=1500, kernel_name="python3", resources=where).execute()
    assert versions.shown_points(notebook, name) == versions.total(name)
