"""The page's recipe, command by command, on honest submissions: points, feedback, export, and the grading screen."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from mechint_course import resources
from mechint_course.classroom import workshop
from tests.nbgrader import bypasses
from tests.notebooks import versions

NAME = "01_toy"
PAGE = Path(workshop.__file__).parent / "templates" / "plain_nbgrader.md"


def page_commands():
    """What the page tells a teacher to type in the folder `solutions`, one line each."""
    block = PAGE.read_text(encoding="utf-8").split("```")[1]
    return [line.split("#")[0].split() for line in block.splitlines() if line.startswith("nbgrader ")]


def honest_class():
    """Submissions whose points are known: learner -> (notebook, exercises left unsolved)."""
    exercises = versions.exercises(NAME)
    half = [exercise.id for exercise in exercises[::2]]
    mixed = versions.spoiled(versions.solved(NAME), exercises[1], "syntax")
    mixed.cells.insert(3, nbformat.v4.new_code_cell("def mine():\n    return 'a note of my own'"))
    return {
        "ada": (versions.solved(NAME), []),
        "chloé": (versions.solved(NAME, but=half), half),
        "dan": (mixed, [exercises[1].id]),
    }


def test_the_page_lists_each_bypass():
    listed = [
        line.split("**")[1]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| **")
    ]
    assert listed == [*bypasses.FULL_MARKS, *bypasses.ONE_ANSWER, *bypasses.OTHERS]


@pytest.mark.slow
def test_the_recipe(notebook_environment, tmp_path):
    checkout = resources.checkout()
    assert checkout is not None
    root, submissions = tmp_path / "grading", honest_class()
    shutil.copytree(checkout / "solutions", root / "solutions")
    for learner, (notebook, _) in submissions.items():
        versions.writes(notebook, root / "submitted" / learner / NAME / f"{NAME}.ipynb")
    environment = os.environ | {
        "HOME": str(tmp_path / "home"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
    }
    commands = page_commands()
    assert [words[1] for words in commands] == [
        "generate_assignment",
        "autograde",
        "generate_feedback",
        "export",
    ]
    for words in commands:
        ran = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=root / "solutions",
            env=environment,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{words}\n{ran.stdout}\n{ran.stderr}"

    known = {
        who: sum(versions.total(NAME, but=unsolved).values()) for who, (_, unsolved) in submissions.items()
    }
    with (root / "solutions" / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["student_id"]: float(row["score"]) for row in rows} == known
    assert {float(row["max_score"]) for row in rows} == {sum(versions.total(NAME).values())}
    for learner in submissions:
        feedback = (root / "feedback" / learner / NAME / f"{NAME}.html").read_text(encoding="utf-8")
        assert f"Score: {known[learner]}".replace(".0", "") in feedback.replace(".0", "")
    assert formgrader(root / "solutions", environment, tmp_path) == known


def formgrader(folder, environment, tmp_path):
    """The scores that nbgrader's grading screen asks its server for."""
    runtime = tmp_path / "runtime"
    words = [
        "jupyter_server",
        "--no-browser",
        "--allow-root",
        "--ServerApp.port=0",
        "--IdentityProvider.token=room",
    ]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=environment | {"JUPYTER_RUNTIME_DIR": str(runtime)},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not (found := [path for path in runtime.glob("jpserver-*.json") if path.stat().st_size]):
            assert server.poll() is None and time.monotonic() < deadline, (
                tmp_path / "server.log"
            ).read_text()
            time.sleep(0.1)
        url = json.loads(found[0].read_text())["url"].replace("localhost", "127.0.0.1")
        with urllib.request.urlopen(f"{url}formgrader/api/submissions/{NAME}?token=room") as answer:
            return {one["student"]: one["score"] for one in json.load(answer)}
    finally:
        server.terminate()
        server.wait(30)
