"""Submissions a minute, beside plain nbgrader on the same notebooks at the same size; release tier, printed, not asserted.

    python -m mechint_course test -- -m release -s tests/grading/test_speed.py

Both get two processes: `grade --jobs 2`, and two `nbgrader autograde` with half of the class each. They take turns.
MECHINT_COURSE_CLASS is the size of the class, an even number (8 by default).
"""

import csv
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import NotebookNode

from mechint_course import resources
from tests.notebooks import versions
from tests.notebooks.one_by_one import Course

pytestmark = [pytest.mark.release, pytest.mark.timeout(3600), pytest.mark.usefixtures("in_sandbox")]
LEARNERS = [f"learner-{number}" for number in range(int(os.environ.get("MECHINT_COURSE_CLASS", "8")))]


def handed_in(chapter: str, number: int) -> tuple[NotebookNode, dict[str, float]]:
    """Honest work of every degree: solved, and with every second, third or fourth exercise left as it was."""
    exercises = versions.exercises(chapter)
    left = [] if number % 4 == 0 else [exercise.id for exercise in exercises[:: 1 + number % 4]]
    return versions.solved(chapter, but=left), versions.total(chapter, but=left)


def timed(*commands: list[str], cwd: Path) -> tuple[float, float]:
    """Seconds by the clock, and of the processors, that the commands take side by side."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    running = [
        subprocess.Popen(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for words in commands
    ]
    for process in running:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def points(out: Path) -> dict[str, float]:
    with (out / "grades.csv").open(encoding="utf-8") as file:
        return {row["learner"]: float(row["points"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("chapter", versions.CHAPTER_NAMES)
def test_submissions_a_minute(
    chapter: str,
    notebook_environment: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkout = resources.checkout()
    assert checkout is not None
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    monkeypatch.delenv("JUPYTER_PATH")  # a teacher's nbgrader starts its kernels cold
    work = {learner: handed_in(chapter, number) for number, learner in enumerate(LEARNERS)}
    halves = [Course(tmp_path / f"course-{half}") for half in range(2)]
    for number, (learner, (notebook, _)) in enumerate(work.items()):
        versions.writes(notebook, tmp_path / "in" / f"{learner}.ipynb")
        course = halves[number % 2]
        course.release(chapter)
        path = course.root / "submitted" / learner / chapter / f"{chapter}.ipynb"
        versions.writes(notebook, path)
    for course in halves:
        shutil.copy(checkout / "solutions" / "nbgrader_config.py", course.root)
    grade = [sys.executable, "-m", "mechint_course.cli", "grade", "in", "--out", "out", "--jobs", "2"]
    autograde = [
        [sys.executable, "-m", "nbgrader", "autograde", chapter, f"--config={course.root}/nbgrader_config.py",
         f"--CourseDirectory.root={course.root}", "--CourseDirectory.source_directory=source",
         "--CourseDirectory.release_directory=release"]
        for course in halves
    ]  # fmt: skip
    ours, ours_cpu = timed(grade, cwd=tmp_path)
    theirs, theirs_cpu = timed(*autograde, cwd=tmp_path)
    with capsys.disabled():
        n = len(work)
        print(
            f"\n{chapter}, {n} submissions: grade {60 * n / ours:.1f} a minute, {ours_cpu / n:.1f} CPU-seconds each; "
            f"nbgrader {60 * n / theirs:.1f} a minute, {theirs_cpu / n:.1f} CPU-seconds each"
        )
    assert points(tmp_path / "out") == {learner: sum(total.values()) for learner, (_, total) in work.items()}
