"""The versions of a chapter's notebook that the tests run: untouched, solved, and everything between."""

import copy
from collections.abc import Collection, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mechint_course import resources
from mechint_course.classroom.files import read_notebook
from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, exercises_of
from mechint_course.exercises.model import Exercise
from tests.notebooks.forks import Cell, Variant

CHAPTER_NAMES = [
    name for name in CHAPTERS if (resources.chapters_folder() / name / f"{name}.ipynb").is_file()
]


def chapter_path(name: str) -> Path:
    return resources.chapters_folder() / name / f"{name}.ipynb"


def exercises(name: str) -> tuple[Exercise, ...]:
    return exercises_of(CHAPTERS[name])


def untouched(name: str) -> NotebookNode:
    return read_notebook(chapter_path(name))


def solved(name: str, *, but: Collection[str] = ()) -> NotebookNode:
    """The learner's notebook with the reference in every answer's cell, exercises in `but` left as they are."""
    notebook = untouched(name)
    for exercise in exercises(name):
        if exercise.id not in but:
            answer(notebook, exercise).source = references.source(exercise)
    return notebook


def answer(notebook: NotebookNode, exercise: Exercise) -> NotebookNode:
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise.grade_id
    )


def cells(name: str) -> list[Cell]:
    """The solved chapter's code cells."""
    checks = {f"{exercise.grade_id}-check": exercise.id for exercise in exercises(name)}
    return [
        Cell(
            source=cell.source,
            check=checks.get(cell.metadata.get("nbgrader", {}).get("grade_id")),
            may_raise="raises-exception" in cell.metadata.get("tags", ()),
        )
        for cell in solved(name).cells
        if cell.cell_type == "code"
    ]


def spoiled(notebook: NotebookNode, exercise: Exercise, how: str) -> NotebookNode:
    """The notebook with one answer that does not compile, that raises, or that is gone."""
    notebook = copy.deepcopy(notebook)
    source = _spoiled_source(exercise, how)
    if source is None:
        notebook.cells.remove(answer(notebook, exercise))
    else:
        answer(notebook, exercise).source = source
    return notebook


def _spoiled_source(exercise: Exercise, how: str) -> str | None:
    return {"syntax": "def 1 (:", "raises": f"{exercise.name} = 1 / 0", "deleted": None}[how]


def variant(name: str, key: str, params: Mapping[str, str], *, left: bool) -> Variant:
    """The chapter with one answer left as it was, or spoiled."""
    exercise = next(exercise for exercise in exercises(name) if exercise.id == params["unsolved"])
    notebook = untouched(name)
    theirs = answer(notebook, exercise)
    at = [cell for cell in notebook.cells if cell.cell_type == "code"].index(theirs)
    return Variant(key=key, at=at, source=theirs.source if left else _spoiled_source(exercise, params["how"]))


def total(name: str, *, but: Collection[str] = ()) -> dict[str, float]:
    """The points that each check must show: full, and zero for the exercises in `but`."""
    return {exercise.id: 0.0 if exercise.id in but else exercise.points for exercise in exercises(name)}


def shown_points(notebook: NotebookNode, name: str) -> dict[str, float]:
    """The points that each check cell of an executed notebook shows as plain text; a check that showed none is left out."""
    ids = {f"{exercise.grade_id}-check": exercise.id for exercise in exercises(name)}
    points = {}
    for cell in notebook.cells:
        exercise_id = ids.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        for output in cell.get("outputs", []) if exercise_id else []:
            if output.output_type == "execute_result":
                points[exercise_id] = float(output.data["text/plain"])
    return points


def writes(notebook: NotebookNode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
