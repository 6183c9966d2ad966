"""Reading a chapter's one source, `solutions/NN_topic/NN_topic.py`, and checking it against the catalogue.

The source is a jupytext percent script. An exercise in it is three cells: prose with a line
`{{exercise ID}}`, the answer with BEGIN and END SOLUTION, and the check. Everything else that nbgrader
and the learner need (points, titles, tags, cell ids) is filled in here.
"""

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import nbformat
from nbformat import NotebookNode

from mechint_course.classroom.files import KERNEL, MARK

PLACEHOLDER = re.compile(r"^\{\{\s*exercise\s+(\S+?)[ \t]*\}\}[ \t]*$", re.MULTILINE)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
IMPORTS_TAG = "imports"


class SourceError(ValueError):
    """What is wrong with a chapter's source: which cell, and what to do."""


@runtime_checkable
class Exercise(Protocol):
    """What the build needs to know of an exercise; the catalogue's entries have it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def minutes(self) -> int: ...
    @property
    def difficulty(self) -> int: ...
    @property
    def core(self) -> bool: ...


@dataclass(frozen=True)
class Chapter:
    """A chapter's notebook with its solutions, ready for nbgrader."""

    name: str
    """The folder's name, such as `01_toy`."""
    notebook: NotebookNode
    exercises: tuple[Exercise, ...]


def topic_of(chapter: str) -> str:
    """The topic of a chapter's folder name, which is also the first part of its exercises' ids.

    >>> topic_of("01_toy")
    'toy'
    """
    return chapter.split("_", 1)[1]


def grade_id_of(exercise_id: str) -> str:
    """
    >>> grade_id_of("toy.sparse_batch")
    'toy-sparse_batch'
    """
    return exercise_id.replace(".", "-")


def read_source(path: Path, exercises: Sequence[Exercise]) -> Chapter:
    """Read one chapter's source and fill in its metadata.

    Raises:
        SourceError: names the cell and the remedy.
    """
    import jupytext

    return assemble(path.stem, jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent"), exercises)


def assemble(name: str, script: NotebookNode, exercises: Sequence[Exercise]) -> Chapter:
    """The chapter `name` from its bare cells and the exercises that the catalogue has for it."""
    known = {exercise.id: exercise for exercise in exercises}
    by_grade_id = {grade_id_of(exercise.id): exercise for exercise in exercises}
    cells = [_bare(cell) for cell in script.cells]
    _refuse_duplicates(name, cells)
    for number, cell in enumerate(cells, start=1):
        where = f"{name}, cell {number}"
        if cell.cell_type == "markdown":
            for placeholder in PLACEHOLDER.finditer(cell.source):
                exercise = _find(placeholder.group(1), known, where)
                cell.source = cell.source.replace(placeholder.group(0), heading(exercise))
        elif BEGIN in cell.source and not _marks(cell).get("solution"):
            raise SourceError(
                f'{where} has "{BEGIN}" but is no answer cell: '
                'give it nbgrader={"grade_id": "...", "solution": true}.'
            )
        if "nbgrader" in cell.metadata:
            _complete(cell, by_grade_id, where)
    _refuse_missing(name, script.cells, cells, exercises)
    _name_cells(name, cells)
    metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}, MARK: {"chapter": name}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    return Chapter(name, notebook, tuple(exercises))


def heading(exercise: Exercise) -> str:
    """The lines above an exercise: title, worth, length, difficulty, and whether it is on the core path."""
    points = f"{exercise.points:g} point" + ("" if exercise.points == 1 else "s")
    minutes = f"about {exercise.minutes} minute" + ("" if exercise.minutes == 1 else "s")
    path = "core path" if exercise.core else "extension"
    return (
        f"### Exercise: {exercise.title}\n\n"
        f"*{points} · {minutes} · difficulty {exercise.difficulty} of 3 · {path}* · `{exercise.id}`"
    )


def _bare(cell: NotebookNode) -> NotebookNode:
    """A fresh cell with the source and the metadata that the author wrote, and nothing a tool added."""
    make = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
    kept = {key: value for key, value in cell.metadata.items() if key in ("nbgrader", "tags")}
    fresh: NotebookNode = make(source=cell.source, metadata=kept)
    return fresh


def _marks(cell: NotebookNode) -> dict[str, object]:
    return dict(cell.metadata.get("nbgrader", {}))


def _refuse_duplicates(name: str, cells: list[NotebookNode]) -> None:
    counts = Counter(_marks(cell).get("grade_id") for cell in cells if "nbgrader" in cell.metadata)
    for grade_id, times in counts.items():
        if grade_id is None:
            raise SourceError(
                f"{name}: a cell has nbgrader metadata without a grade_id; add one, such as 'toy-forward'."
            )
        if times > 1:
            raise SourceError(
                f"{name}: the grade_id {grade_id!r} stands on {times} cells; keep it on one of them."
            )


def _find(exercise_id: str, known: dict[str, Exercise], where: str) -> Exercise:
    if exercise_id in known:
        return known[exercise_id]
    close = difflib.get_close_matches(exercise_id, known, n=3) or sorted(known)
    raise SourceError(
        f"{where} asks for the exercise {exercise_id!r}, which this chapter does not have; "
        f"it has: {', '.join(close) or 'none'}. Correct the id, or define it in mechint_course/exercises."
    )


def _complete(cell: NotebookNode, by_grade_id: dict[str, Exercise], where: str) -> None:
    """Fill in nbgrader's metadata (schema 3), the points and the tag that lets Run All go on."""
    grade_id = str(_marks(cell)["grade_id"])
    is_check = grade_id.endswith("-check")
    exercise = by_grade_id.get(grade_id.removesuffix("-check"))
    if exercise is None:
        raise SourceError(
            f"{where} has the grade_id {grade_id!r}, which belongs to no exercise of this chapter; "
            f"it has: {', '.join(sorted(by_grade_id)) or 'none'} (and the same with -check)."
        )
    if is_check and not re.search(rf"""\bcheck\(\s*["']{re.escape(exercise.id)}["']\s*\)""", cell.source):
        raise SourceError(f'{where} is the check of {exercise.id} and must call check("{exercise.id}").')
    if not is_check:
        _require_markers(cell.source, f"{where} (answer of {exercise.id})")
    grading: dict[str, object] = {
        "grade": is_check,
        "locked": is_check,
        "solution": not is_check,
        "task": False,
    }
    grading |= {"grade_id": grade_id, "schema_version": 3}
    if is_check:
        grading["points"] = int(exercise.points) if float(exercise.points).is_integer() else exercise.points
    cell.metadata.nbgrader = nbformat.from_dict(grading)
    cell.metadata.tags = sorted({*cell.metadata.get("tags", []), "raises-exception"})


def _require_markers(source: str, where: str) -> None:
    marks = [line.strip() for line in source.split("\n") if line.strip() in (BEGIN, END)]
    if marks != [BEGIN, END]:
        found = ", ".join(marks) or "neither"
        raise SourceError(f'{where} needs one line "{BEGIN}" and below it one line "{END}"; it has {found}.')


def _refuse_missing(
    name: str, script: list[NotebookNode], cells: list[NotebookNode], exercises: Sequence[Exercise]
) -> None:
    prose = [cell.source for cell in script if cell.cell_type == "markdown"]
    headed = Counter(exercise_id for source in prose for exercise_id in PLACEHOLDER.findall(source))
    order = [_marks(cell).get("grade_id") for cell in cells]
    for exercise in exercises:
        answer, check = grade_id_of(exercise.id), grade_id_of(exercise.id) + "-check"
        lacks = None
        if headed[exercise.id] != 1:
            lacks = f"the line {{{{exercise {exercise.id}}}}} in one markdown cell"
        elif answer not in order:
            lacks = f"an answer cell with the grade_id {answer!r}"
        elif check not in order[order.index(answer) :]:
            lacks = f"a check cell with the grade_id {check!r} after the answer"
        if lacks:
            raise SourceError(
                f"{name}: {exercise.id} is in the catalogue and needs {lacks}; found none. "
                "Add it, or take the exercise out of the catalogue."
            )
    tagged = sum(IMPORTS_TAG in cell.metadata.get("tags", []) for cell in cells)
    if tagged != 1:
        raise SourceError(f'{name} needs one code cell with tags=["{IMPORTS_TAG}"], and has {tagged}.')


def _name_cells(chapter: str, cells: list[NotebookNode]) -> None:
    """Give every cell an id that survives edits elsewhere: its grade_id, or its place under a heading."""
    anchor, place = "top", 0
    taken: set[str] = set()
    for cell in cells:
        own = _marks(cell).get("grade_id") or _slug(cell)
        if own:
            anchor, place = str(own), 0
        name = anchor if place == 0 and own else f"{anchor}-{place}"
        place += 1
        while name in taken:
            name = f"{anchor}-{place}"
            place += 1
        taken.add(name)
        cell.id = name
        cell.metadata[MARK] = nbformat.from_dict({"chapter": chapter, "id": name})


def _slug(cell: NotebookNode) -> str | None:
    """The heading that a markdown cell begins with, as an id."""
    first = cell.source.lstrip().split("\n", 1)[0]
    if cell.cell_type != "markdown" or not first.startswith("#"):
        return None
    exercise = re.search(r"`([a-z_0-9]+\.[a-z_0-9]+)`", cell.source) if "### Exercise:" in first else None
    words = f"{grade_id_of(exercise.group(1))}-task" if exercise else first.lstrip("#")
    return re.sub(r"[^a-z0-9_]+", "-", words.lower()).strip("-")[:48] or None
