"""What plain nbgrader cannot stop. Each way is shown at work, so that the page which warns of it stays true."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests.nbgrader import bypasses
from tests.notebooks import versions

NAME = "01_toy"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning"),  # nbgrader's own
    pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning"),  # cells that nbgrader adds
]


def submission(source, *, but=None, remove=None):
    """Imports, one cell of the learner's, and the exercises, without work or (`but` those) solved; no training, so quick."""
    notebook = versions.untouched(NAME) if but is None else versions.solved(NAME, but=but)
    imports = next(cell for cell in notebook.cells if "imports" in cell.metadata.get("tags", []))
    graded = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    notebook.cells = [imports, nbformat.v4.new_code_cell(source), *graded]
    if remove:
        notebook.cells = [
            cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != remove
        ]
    return notebook


@pytest.fixture
def grade(course, notebook_environment):
    """The points of a submission that holds this cell, under the name of a learner."""

    def run(learner, source, **how):
        return course.grade(NAME, learner.replace(" ", "-").replace("/", "-"), submission(source, **how))

    return run


def test_nothing_is_worth_nothing(grade):
    assert grade("nobody", "pass") == dict.fromkeys(versions.total(NAME), 0.0)


@pytest.mark.parametrize("way", bypasses.FULL_MARKS)
def test_wins_every_point_without_an_answer(way, grade):
    assert grade(way, bypasses.FULL_MARKS[way]) == versions.total(NAME)


@pytest.mark.parametrize("way", bypasses.ONE_ANSWER)
def test_wins_the_points_of_an_exercise_that_it_does_not_solve(way, grade):
    if way == "reading other submissions":
        grade("an honest learner", "pass", but=[])
    points = dict.fromkeys(versions.total(NAME), 0.0)
    assert grade(way, bypasses.ONE_ANSWER[way], remove="toy-forward") == points | {
        "toy.forward": versions.total(NAME)["toy.forward"]
    }


def test_changes_the_marks_of_others(grade, course):
    """The submission runs with the grader's rights, and the database of marks is a file beside it."""

    def marks():
        with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
            return gradebook.find_submission_notebook(NAME, NAME, "a-rival").score

    grade("a rival", "pass", but=[])
    assert marks() == sum(versions.total(NAME).values())
    grade("a saboteur", bypasses.OTHERS["editing the gradebook"])
    assert marks() == 0


def test_stops_the_grading_of_a_submission(grade, course, tmp_path):
    """Exit in the middle: nbgrader records no grade at all, and a person has to look."""
    with pytest.raises(AssertionError, match="died"):
        grade("an exit", bypasses.ENDS_THE_KERNEL)
