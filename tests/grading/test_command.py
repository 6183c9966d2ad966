"""The command: refusing, going on after an interrupt, regrading one exercise, a cluster, and plain nbgrader's points."""

import argparse
import ast
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mechint_course import cli
from mechint_course.classroom.grading import batch, command, intake, one, sandbox
from mechint_course.classroom.grading import plan as planning
from mechint_course.classroom.grading.one import Task, grade_one
from mechint_course.classroom.grading.result import Result
from mechint_course.classroom.grading.store import Store
from mechint_course.exercises.catalogue import find
from tests.grading.submissions import CHAPTER, answered, honest, submission, with_cell
from tests.notebooks import versions
from tests.notebooks.one_by_one import Course

LEARNERS = ("ann", "bob", "cy", "dora")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A class of four untouched hand-ins, which are the quickest to grade."""
    for learner in LEARNERS:
        versions.writes(versions.untouched(CHAPTER), tmp_path / "in" / f"{learner}.ipynb")
    return tmp_path


def told(*words: str) -> argparse.Namespace:
    return cli.parser(rooms=False).parse_args(["grade", *words])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Grading without running anything: the tasks that would be graded."""
    seen: list[Task] = []

    def grade(tasks: list[Task], _where: object) -> Iterator[Result]:
        for task in tasks:
            seen.append(task)
            yield replace(
                grade_one(Task(intake.Submission("", "", trouble="x"))),
                key=task.submission.key,
                learner=task.submission.learner,
            )

    monkeypatch.setattr(batch, "grade_here", grade)
    monkeypatch.setattr(batch, "grade_on_cluster", grade)
    monkeypatch.setattr(sandbox, "probe", lambda: None)
    return seen


def test_where_no_sandbox_works_nothing_is_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, counted: list[Task], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "probe", lambda: "bubblewrap is not installed")
    words = [str(folder / "in"), "--out", str(folder / "out")]
    assert command.run(told(*words)) == 1
    said = capsys.readouterr().err
    assert counted == [] and "bubblewrap is not installed" in said and "--unsafe" in said
    assert command.run(told(*words, "--unsafe")) == 0
    assert len(counted) == 4 and all(task.unsafe for task in counted)


def test_nothing_is_graded_twice(folder: Path, counted: list[Task]) -> None:
    words = [str(folder / "in"), "--out", str(folder / "out")]
    assert command.run(told(*words)) == 0 and len(counted) == 4
    assert command.run(told(*words)) == 0 and len(counted) == 4
    versions.writes(versions.solved(CHAPTER), folder / "in" / "ann.ipynb")
    assert command.run(told(*words)) == 0
    assert [task.submission.learner for task in counted[4:]] == ["ann"], "only what was handed in anew"
    assert command.run(told(*words, "--again")) == 0 and len(counted) == 9
    with (folder / "out" / "grades.csv").open() as file:
        assert [row["learner"] for row in csv.DictReader(file)] == list(LEARNERS)


def test_slips_are_said_before_anything_is_graded(folder: Path, counted: list[Task]) -> None:
    here, out = str(folder / "in"), str(folder / "out")
    for words, said in [
        (["nowhere"], "does not exist"),
        ([here, "--only", "toy.forwrd"], "did you mean toy.forward"),
        ([here, "--jobs", "0"], "--jobs must be 1 or more"),
        ([here, "--pattern", "("], "not a regular expression"),
        ([here, "--for", "moodle"], "name the file with --csv"),
        ([here, "--csv", str(folder / "nowhere" / "grades.csv")], "a folder that is there"),
        ([here, "--csv", here], "name a file"),
        ([], "nothing to grade"),
    ]:
        with pytest.raises(ValueError, match=said):
            command.run(told(*words, "--out", out))
    (folder / "out" / "overrides.csv").write_text(
        "learner,chapter,exercise,what,value,note\nann,01_toy,,early,1,\n"
    )
    with pytest.raises(ValueError, match="line 2"):
        command.run(told(here, "--out", out))
    assert counted == []


def test_the_result_of_another_learner_is_not_explained(
    folder: Path, counted: list[Task], capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(folder / "out")]
    assert command.run(told(str(folder / "in"), *out)) == 0
    capsys.readouterr()
    assert command.run(told("--explain", "ann", *out)) == 0
    assert "needs a person" in capsys.readouterr().out
    assert command.run(told("--explain", "nobody", *out)) == 1
    assert "no result of 'nobody'" in capsys.readouterr().err


def test_json_is_all_that_is_printed(
    folder: Path, counted: list[Task], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(told(str(folder / "in"), "--out", str(folder / "out"), "--json")) == 0
    assert [row["learner"] for row in json.loads(capsys.readouterr().out)] == list(LEARNERS)


def grade(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mechint_course.cli", "grade", "in", "--out", "out", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(cli.__file__).parents[1])},
        preexec_fn=hears_an_interrupt,
    )


def hears_an_interrupt() -> None:
    """Tests that run in the background are told to ignore an interrupt, and whatever they start inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def rows(folder: Path) -> list[dict[str, str]]:
    path = folder / "out" / "grades.csv"
    return list(csv.DictReader(path.open())) if path.exists() else []


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_and_started_again(how: signal.Signals, folder: Path) -> None:
    process = grade(folder)
    while not rows(folder):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    finished = {row["learner"] for row in rows(folder)}
    assert finished and finished < set(LEARNERS), "the test interrupts halfway"
    # A row that was written in the last moment is in the results already, and counts as finished.
    before = Store(folder / "out").results()
    again = grade(folder)
    said, _ = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert [row["learner"] for row in rows(folder)] == list(LEARNERS)
    assert all(row["state"] == "graded" for row in rows(folder))
    store = Store(folder / "out")
    assert set(store.gradings().values()) == {1}, "nothing twice"
    assert {key: store.results()[key] for key in before} == before


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_one_exercise_graded_again_leaves_the_others(folder: Path) -> None:
    versions.writes(versions.solved(CHAPTER, but=["toy.loss"]), folder / "in" / "ann.ipynb")
    words = [str(folder / "in" / "ann.ipynb"), "--out", str(folder / "out")]
    assert command.run(told(*words)) == 0
    (before,) = Store(folder / "out").results().values()
    worse = replace(
        before, marks=tuple(replace(mark, points=0.0, mistake="a broken check") for mark in before.marks)
    )
    Store(folder / "out").put(worse)
    assert command.run(told(*words, "--only", "toy.forward", "--only", "toy.loss")) == 0
    (after,) = Store(folder / "out").results().values()
    marks = {mark.exercise: (mark.points, mark.mistake) for mark in after.marks}
    assert marks.pop("toy.forward") == (2.0, None) and marks.pop("toy.loss")[1] == "not-written"
    assert set(marks.values()) == {(0.0, "a broken check")}


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_what_is_known_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that passed stays in force for those behind it, one that failed gives way to the course's."""
    judged: list[str] = []
    true = one.judge
    monkeypatch.setattr(one, "judge", lambda id, *rest, **more: judged.append(id) or true(id, *rest, **more))
    mine = "def forward(x, W, b_final):\n    return 'mine'"
    uses = (
        "def loss(x, x_hat, importance):\n"
        "    assert (forward(x, torch.eye(x.shape[-1]), torch.zeros(x.shape[-1])) == 'mine') is {}\n"
        "    return (importance * (x - x_hat) ** 2).sum(dim=-1).mean()"
    )
    for passed in (True, False):
        notebook = answered(uses.format(passed), "toy.loss")
        versions.answer(notebook, find("toy.forward")).source = mine
        known = dict.fromkeys(versions.total(CHAPTER), True) | {"toy.forward": passed}
        result = grade_one(Task(submission(notebook), only=frozenset({"toy.loss"}), known=known))
        assert [(mark.exercise, mark.mistake) for mark in result.marks] == [("toy.loss", None)]
    assert judged == ["toy.loss"] * 2


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_a_cases_seed_is_never_the_one_that_learners_see() -> None:
    """A table of the outputs for the notebook's own cases earns nothing."""
    from mechint_course.exercises.answers import LocalAnswer
    from mechint_course.exercises.calling import Reply, Request
    from mechint_course.exercises.catalogue import find
    from mechint_course.exercises.judge import judge
    from mechint_course.exercises.references import run

    table: list[tuple[object, object]] = []

    class Recording(LocalAnswer):
        def call(self, request: Request) -> Reply:
            reply = super().call(request)
            table.append(([arg.tolist() for arg in request.args], reply.value.tolist()))
            return reply

    loss = find("toy.loss")
    assert judge("toy.loss", Recording(run(loss)), seed=0).passed
    code = f"import torch\nTABLE = {table!r}\n" + (
        "def loss(x, x_hat, importance):\n"
        "    asked = [x.tolist(), x_hat.tolist(), importance.tolist()]\n"
        "    found = torch.tensor(next((value for key, value in TABLE if key == asked), 0.0))\n"
        "    return found + 0 * (x.sum() + x_hat.sum() + importance.sum())\n"
    )
    result = grade_one(Task(submission(answered(code, "toy.loss"))))
    assert next(mark for mark in result.marks if mark.exercise == "toy.loss").points == 0.0
    assert result.points == sum(versions.total(CHAPTER, but=["toy.loss"]).values())


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_what_needs_a_result_of_the_courses_own_work_gets_it() -> None:
    """One name is computed by a cell of the course that stands before the check, the other only behind it."""
    right = "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W + b_final) + 0 * {}.sum()"
    before, behind = _work_around("toy.forward")
    result = grade_one(Task(submission(answered(right.format(f"torch.tensor([len(str({before}))])")))))
    assert (result.state, result.points) == ("graded", sum(versions.total(CHAPTER).values()))
    result = grade_one(Task(submission(answered(right.format(behind)))))
    assert result.state == "needs a person" and f"`{behind}`" in result.reason


def _work_around(exercise: str) -> tuple[str, str]:
    """A name that the course's work defines before an exercise's check, and one that it defines only behind it."""
    steps = planning.plan(versions.untouched(CHAPTER), CHAPTER).steps
    place = next(i for i, step in enumerate(steps) if step.kind == "check" and step.exercise == exercise)
    before, behind = (
        [node.id for step in part if step.kind == "work" for node in ast.walk(ast.parse(step.source))
         if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        for part in (steps[:place], steps[place:])
    )  # fmt: skip
    return before[-1], next(name for name in behind if name not in before)


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_helpers_beside_the_notebook_and_in_own_cells_count() -> None:
    notebook = with_cell(
        answered(
            "import helper\ndef forward(x, W, b_final):\n    return my_relu(helper.twice(x, W) + b_final)"
        ),
        "%matplotlib inline\n!true\nimport torch\ndef my_relu(x):\n    return torch.relu(x)",
    )
    who = replace(submission(notebook), beside={"helper.py": b"def twice(x, W):\n    return x @ W.T @ W\n"})
    assert grade_one(Task(who)).points == sum(versions.total(CHAPTER).values())


@pytest.mark.slow
def test_without_a_sandbox_the_honest_get_the_same_points() -> None:
    notebook, points = honest()["all but the first"]
    result = grade_one(Task(submission(notebook), unsafe=True))
    assert {mark.exercise: mark.points for mark in result.marks} == points and result.unsafe


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_a_cluster_survives_a_worker_that_dies(folder: Path) -> None:
    distributed = pytest.importorskip("distributed")
    tasks = [Task(one) for one in intake.find([folder / "in"])]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp"
    ) as cluster:
        graded = []
        for result in batch.grade_on_cluster(tasks, cluster.scheduler_address):
            graded.append(result)
            if len(graded) == 1:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert sorted(result.learner for result in graded) == list(LEARNERS)
    assert all((result.state, result.points, result.of > 0) == ("graded", 0.0, True) for result in graded)


def test_no_scheduler_is_said_in_a_sentence() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match="no Dask scheduler answers at tcp"):
        list(batch.grade_on_cluster([], "tcp://127.0.0.1:9"))


@pytest.mark.slow
@pytest.mark.usefixtures("in_sandbox")
def test_plain_nbgrader_gives_the_honest_the_same_points(notebook_environment: Path, tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    for name in ("all but the first", "the first raises"):
        notebook, points = honest()[name]
        result = grade_one(Task(submission(notebook)))
        assert {mark.exercise: mark.points for mark in result.marks} == points
        assert course.grade(CHAPTER, name.replace(" ", "-"), notebook) == points
