"""`mechint-course grade` beside plain nbgrader: the same points for honest work, none for what gets past nbgrader."""

import json
from pathlib import Path

import pytest

from mechint_course import cli
from mechint_course.classroom.grading import sandbox
from tests.nbgrader import bypasses
from tests.nbgrader.test_bypasses import NAME, submission
from tests.nbgrader.test_recipe import honest_class
from tests.notebooks import versions

WAYS = bypasses.FULL_MARKS | bypasses.ONE_ANSWER | bypasses.OTHERS


def graded(submitted: Path, out: Path) -> dict[str, float]:
    """The points that `grade` gives to each learner of a folder; skips where nothing can isolate a submission."""
    try:
        sandbox.require()
    except sandbox.NoSandbox as refusal:
        pytest.skip(f"{refusal}; un-skip where submissions can be isolated")
    assert cli.main(["grade", str(submitted), "--out", str(out)]) == 0
    rows = json.loads((out / "grades.json").read_text(encoding="utf-8"))
    return {row["learner"]: row["points"] for row in rows}


def write_ways(ways, folder):
    for way in ways:
        notebook = submission(WAYS[way], remove="toy-forward" if way in bypasses.ONE_ANSWER else None)
        versions.writes(notebook, folder / way.replace("/", "-") / f"{NAME}.ipynb")
    return {way.replace("/", "-"): 0.0 for way in ways}


@pytest.mark.slow
def test_the_same_points_for_honest_work_and_none_for_two_of_the_ways(notebook_environment, tmp_path):
    known = write_ways(["a patched judge", "patching torch.allclose"], tmp_path / "class")
    for learner, (notebook, unsolved) in honest_class().items():
        versions.writes(notebook, tmp_path / "class" / learner / f"{NAME}.ipynb")
        known[learner] = sum(versions.total(NAME, but=unsolved).values())
    assert graded(tmp_path / "class", tmp_path / "out") == known


@pytest.mark.release
@pytest.mark.timeout(3600)
def test_none_of_the_ways_past_nbgrader_wins_a_point(notebook_environment, tmp_path):
    known = write_ways(WAYS, tmp_path / "class")
    assert graded(tmp_path / "class", tmp_path / "out") == known
