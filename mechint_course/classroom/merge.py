"""Merging a learner's notebook with the course's: answers theirs, the rest ours.

One function serves `lab`, which brings new and mended cells to a learner's copy, and grading, which brings
a submission back to the course's cells. Cells are matched by the id in the course's own mark, else by nbgrader's
grade_id, else by the cell's id. Whatever a learner wrote is in the result.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from mechint_course.classroom.files import MARK, digest

COPY_OF = "copy_of"
"""In the mark of a cell that keeps a learner's text: the id of the course's cell that it was."""

_COURSE_KEYS = {MARK, "nbgrader", "tags", "deletable", "editable"}


@dataclass
class Report:
    """What a merge did, as lists of cell ids."""

    answers: list[str] = field(default_factory=list)
    """Answers of the learner that are in the result under their own cell."""
    own: int = 0
    """Cells of the learner's own that were kept."""
    added: list[str] = field(default_factory=list)
    """Cells of the course that the learner's notebook did not have: new ones, and ones that had been deleted."""
    updated: list[str] = field(default_factory=list)
    """Cells of the course that are another version now."""
    restored: list[str] = field(default_factory=list)
    """Cells of the course that the learner had changed and that are the course's again; the text is kept below."""
    kept: list[str] = field(default_factory=list)
    """Cells of the course that the learner had changed and that stay as they are (`lab` only)."""
    removed: list[str] = field(default_factory=list)
    """Cells that the course has no more and the learner had not touched."""
    copies: list[str] = field(default_factory=list)
    """Ids of cells whose text was kept in a cell of the learner's own: edited, duplicated, or gone from the course."""


@dataclass(frozen=True)
class Merged:
    notebook: NotebookNode
    report: Report


def merge(theirs: NotebookNode, ours: NotebookNode, *, grading: bool = False) -> Merged:
    """Bring `theirs` up to `ours`; neither is changed.

    Answer cells hold the learner's text where they wrote any. A learner's own cells stay after the cell of the
    course that they followed. A cell of the course that the learner changed stays as it is where the course's
    has not changed since; otherwise the course's comes back and the learner's text stands below it.

    Args:
        theirs: a learner's notebook, nbformat 4.
        ours: the course's notebook as built (`chapters/NN_topic/NN_topic.ipynb`).
        grading: every cell of the course but the answers becomes the course's, outputs are dropped, and copies
            are marked with the id of the cell that they were (`metadata.mechint_course.copy_of`).
    """
    report = Report()
    places = _place(theirs, ours)
    used: set[str] = {cell.id for cell in ours.cells}
    cells: list[NotebookNode] = []
    for own in places.before:
        cells.append(_own(own, used, report, grading))
    for cell in ours.cells:
        first = places.match.get(cell.id)
        cells += _course_cell(cell, first, used, report, grading)
        for own in places.after.get(cell.id, []):
            cells.append(_own(own, used, report, grading))
    for gone in places.gone:
        report.removed.append(_mark(gone)["id"])
    merged = nbformat.from_dict({key: copy.deepcopy(value) for key, value in ours.items() if key != "cells"})
    if not grading:
        merged.metadata = nbformat.from_dict({**copy.deepcopy(theirs.metadata), **merged.metadata})
    merged.cells = cells
    return Merged(merged, report)


@dataclass
class _Places:
    match: dict[str, NotebookNode]
    """Our cell's id -> the learner's cell that is it."""
    before: list[NotebookNode]
    after: dict[str, list[NotebookNode]]
    """Our cell's id -> the learner's own cells that follow it, in their order."""
    gone: list[NotebookNode]


def _place(theirs: NotebookNode, ours: NotebookNode) -> _Places:
    """Decide for each of the learner's cells which cell of the course it is, or which one it follows."""
    known = {cell.id: cell for cell in ours.cells}
    chapter = ours.metadata.get(MARK, {}).get("chapter")
    keys = [_key(cell, known, chapter) for cell in theirs.cells]
    chosen = {
        key: _choose([i for i, k in enumerate(keys) if k == key], theirs, known[key])
        for key in known
        if key in keys
    }
    places = _Places({}, [], {}, [])
    anchor: str | None = None
    for index, (cell, key) in enumerate(zip(theirs.cells, keys, strict=True)):
        if key is not None and chosen[key] == index:
            places.match[key] = cell
            anchor = key
        elif key is None and _is_untouched(cell) and _mark(cell).get("chapter") == chapter:
            places.gone.append(cell)
        elif key is not None and _graded(known[key]) and not _is_edited(cell, known[key]):
            continue  # one more copy of an empty answer or of a check says nothing
        elif anchor is None:
            places.before.append(cell)
        else:
            places.after.setdefault(anchor, []).append(cell)
    return places


def _key(cell: NotebookNode, known: dict[str, NotebookNode], chapter: str | None) -> str | None:
    """The id of the course's cell that a learner's cell is (or was copied from), or None for one of their own."""
    mark = _mark(cell)
    if COPY_OF in mark or mark.get("chapter", chapter) != chapter:
        return None
    for candidate in (mark.get("id"), _graded(cell).get("grade_id"), cell.get("id")):
        if isinstance(candidate, str) and candidate in known:
            return candidate
    return None


def _choose(places: list[int], theirs: NotebookNode, ours: NotebookNode) -> int:
    """Of several copies of an answer, the first that was written in; of any other cell, the first untouched one."""
    wanted = bool(_graded(ours).get("solution"))
    return next((index for index in places if _is_edited(theirs.cells[index], ours) == wanted), places[0])


def _course_cell(
    ours: NotebookNode, theirs: NotebookNode | None, used: set[str], report: Report, grading: bool
) -> Iterator[NotebookNode]:
    """Our cell, with the learner's text in it or below it where they wrote any."""
    cell = copy.deepcopy(ours)
    if theirs is None:
        report.added.append(ours.id)
        yield cell
        return
    if not grading:
        extra = {
            key: copy.deepcopy(value) for key, value in theirs.metadata.items() if key not in _COURSE_KEYS
        }
        cell.metadata = nbformat.from_dict({**extra, **cell.metadata})
        if theirs.cell_type == "code" == cell.cell_type and theirs.source == cell.source:
            cell.outputs = copy.deepcopy(theirs.get("outputs", []))
            cell.execution_count = theirs.get("execution_count")
    edited = _is_edited(theirs, ours)
    is_answer = bool(_graded(ours).get("solution"))
    same_version = _mark(theirs).get("hash", _mark(ours).get("hash")) == _mark(ours).get("hash")
    if edited and is_answer:
        report.answers.append(ours.id)
        _take_text(cell, theirs, grading)
        yield cell
    elif edited and not grading and same_version and theirs.cell_type == cell.cell_type and not _graded(ours):
        report.kept.append(ours.id)
        _take_text(cell, theirs, grading)
        yield cell
    else:
        if not edited and theirs.source != ours.source:
            report.updated.append(ours.id)
        yield cell
        if edited:
            report.restored.append(ours.id)
            yield _own(theirs, used, report, grading)


def _take_text(cell: NotebookNode, theirs: NotebookNode, grading: bool) -> None:
    cell.source = theirs.source
    if "attachments" in theirs and cell.cell_type == "markdown":
        cell.attachments = copy.deepcopy(theirs.attachments)
    if theirs.cell_type == "code" == cell.cell_type and not grading:
        cell.outputs = copy.deepcopy(theirs.get("outputs", []))
        cell.execution_count = theirs.get("execution_count")


def _own(theirs: NotebookNode, used: set[str], report: Report, grading: bool) -> NotebookNode:
    """A cell of the learner's own: nothing in it that nbgrader or a later merge could take for the course's."""
    cell = copy.deepcopy(theirs)
    was = _mark(theirs).get("id") or _graded(theirs).get("grade_id") or _mark(theirs).get(COPY_OF)
    for key in ("nbgrader", MARK, "deletable", "editable"):
        cell.metadata.pop(key, None)
    tags = cell.metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        del cell.metadata["tags"]  # a file with such tags could not be read again
    if was is not None:
        cell.metadata[MARK] = nbformat.from_dict({COPY_OF: str(was)[:64]})
        report.copies.append(str(was))
    report.own += 1
    if grading and cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    cell.id = _fresh(str(theirs.get("id") or "own"), used)
    return cell


def _fresh(wanted: str, used: set[str]) -> str:
    wanted = re.sub(r"[^A-Za-z0-9_-]", "-", wanted)[:64] or "own"
    name, number = wanted, 1
    while name in used:
        number += 1
        name = f"{wanted[:56]}-own{number}"
    used.add(name)
    return name


def _is_edited(theirs: NotebookNode, ours: NotebookNode) -> bool:
    """Whether a learner changed a cell of the course: its text is neither what was shipped to them nor what ships now."""
    return digest(theirs.source) not in (_mark(theirs).get("hash"), digest(ours.source))


def _is_untouched(cell: NotebookNode) -> bool:
    """Whether a cell is of the course, as it was shipped."""
    return "id" in _mark(cell) and digest(cell.source) == _mark(cell).get("hash")


def _mark(cell: NotebookNode) -> dict[str, str]:
    mark = cell.metadata.get(MARK)
    entries = mark.items() if isinstance(mark, dict) else ()
    return {key: value for key, value in entries if isinstance(value, str)}


def _graded(cell: NotebookNode) -> dict[str, object]:
    graded = cell.metadata.get("nbgrader")
    return graded if isinstance(graded, dict) else {}
