"""Submissions to grade: honest ones of every degree, and the pieces that hostile ones are made of."""

import nbformat
from nbformat import NotebookNode

from mechint_course.classroom.files import MARK
from mechint_course.classroom.grading.intake import Submission
from tests.notebooks import versions

CHAPTER = "01_toy"


def submission(notebook: NotebookNode, learner: str = "Ann", **more: object) -> Submission:
    """A notebook as it comes out of a zip."""
    return Submission(learner, f"class/{learner}.ipynb", nbformat.writes(notebook).encode(), **more)  # type: ignore[arg-type]


def honest() -> dict[str, tuple[NotebookNode, dict[str, float]]]:
    """Honest submissions of the first chapter with the points that each exercise must get."""
    first, *_, last = [exercise.id for exercise in versions.exercises(CHAPTER) if exercise.kind == "function"]
    raises = versions.spoiled(versions.solved(CHAPTER), _exercise(first), "raises")
    return {
        "everything": (versions.solved(CHAPTER), versions.total(CHAPTER)),
        "nothing": (versions.untouched(CHAPTER), dict.fromkeys(versions.total(CHAPTER), 0.0)),
        "all but the first": (versions.solved(CHAPTER, but=[first]), versions.total(CHAPTER, but=[first])),
        "all but the last": (versions.solved(CHAPTER, but=[last]), versions.total(CHAPTER, but=[last])),
        "the first raises": (raises, versions.total(CHAPTER, but=[first])),
    }


def _exercise(id: str, chapter: str = CHAPTER):
    return next(exercise for exercise in versions.exercises(chapter) if exercise.id == id)


def with_cell(notebook: NotebookNode, code: str, at: int = 0) -> NotebookNode:
    """The notebook with a cell of the learner's own at this place."""
    notebook.cells.insert(at, nbformat.v4.new_code_cell(code))
    return notebook


def answered(code: str, id: str = "toy.forward", *, chapter: str = CHAPTER) -> NotebookNode:
    """A chapter in which one answer is this code, and the others are right."""
    notebook = versions.solved(chapter)
    versions.answer(notebook, _exercise(id, chapter)).source = code
    return notebook


def everywhere(body: str, before: str = "", *, chapter: str = CHAPTER) -> NotebookNode:
    """A chapter in which every function is a wrong one with this body, behind a cell that prepares the attack."""
    notebook = versions.untouched(chapter)
    for exercise in versions.exercises(chapter):
        if exercise.kind == "function":
            lines = "\n".join("    " + line for line in body.splitlines())
            versions.answer(notebook, exercise).source = f"def {exercise.name}(*args, **named):\n{lines}"
    return with_cell(notebook, before) if before else notebook


def checks(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def strip_marks(cell: NotebookNode) -> None:
    for key in ("nbgrader", MARK):
        cell.metadata.pop(key, None)
