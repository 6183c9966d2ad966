"""`mechint-course grade` beside plain nbgrader: the same points for honest work, none for what gets past nbgrader."""

import json

import pytest

from mechint_course import cli
from mechint_course.classroom.grading import sandbox
from tests.nbgrader import bypasses
from tests.nbgrader.test_bypasses import NAME, submission
from tests.nbgrader.test_recipe import honest_class
from tests.notebooks import versions

WAYS = bypasses.FULL_MARKS | bypasses.ONE_ANSWER | bypasses.OTHERS


@pytest.mark.slow
def test_the_same_points_for_honest_work_and_none_for_the_ways_past_nbgrader(
    notebook_environment, tmp_path, capsys
):
    try:
        sandbox.require()
    except sandbox.NoSandbox as refusal:
        pytest.skip(f"{refusal}; un-skip where submissions can be isolated")
    known = {}
    for learner, (notebook, unsolved) in honest_class().items():
        versions.writes(notebook, tmp_path / "class" / learner / f"{NAME}.ipynb")
        known[learner] = sum(versions.total(NAME, but=unsolved).values())
    for way, source in WAYS.items():
        learner = way.replace("/", "-")
        remove = "toy-forward" if way in bypasses.ONE_ANSWER else None
        versions.writes(submission(source, remove=remove), tmp_path / "class" / learner / f"{NAME}.ipynb")
        known[learner] = 0.0
    assert cli.main(["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]) == 0, (
        capsys.readouterr().err
    )
    grades = json.loads((tmp_path / "out" / "grades.json").read_text(encoding="utf-8"))
    assert {row["learner"]: row["points"] for row in grades} == known
