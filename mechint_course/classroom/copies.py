"""A learner's own copies of the chapters: made, brought up to date, never overwritten."""

import datetime
from pathlib import Path

from nbformat import NotebookNode

from mechint_course.classroom.files import MARK, as_text, read_notebook, write_whole
from mechint_course.classroom.merge import Report, merge

BACKUPS = "backups"


def bring_up_to_date(chapters: Path, folder: Path) -> list[str]:
    """Give `folder` every chapter of the course that it lacks, and what is new in the others.

    Answers, notes and cells of the learner stay. Before a file of theirs changes, it is copied to
    `folder/backups`; a file that is not a notebook is moved aside, as it is, to make room.

    Args:
        chapters: the course's notebooks, `NN_topic/NN_topic.ipynb`.
        folder: the learner's folder; made if it is not there.

    Returns:
        One sentence for each thing that a learner should know of.

    Raises:
        ValueError: the folder cannot be used, or a file changed while it was being brought up to date.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file, and a folder is needed; choose another with --dir.")
    said = []
    try:
        for source in sorted(chapters.glob("*/*.ipynb")):
            said += _one(source, folder / source.relative_to(chapters), folder)
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be written ({error.strerror or error}); choose another folder with --dir."
        ) from error
    return said


def _one(source: Path, target: Path, folder: Path) -> list[str]:
    ours = read_notebook(source)
    if not target.exists():
        write_whole(target, as_text(ours))
        return []
    before = target.read_bytes()
    try:
        theirs = read_notebook(target)
    except ValueError as error:
        aside = _free(target.with_name(f"{target.stem}-set-aside{target.suffix}"))
        target.rename(aside)
        write_whole(target, as_text(ours))
        return [f"{error} It is now {aside.name}, as it was, and a fresh chapter stands in its place."]
    if not _needs_update(theirs, ours):
        return []
    merged = merge(theirs, ours)
    today = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    backup = _free(folder / BACKUPS / f"{target.stem}-{today}{target.suffix}")
    backup.parent.mkdir(parents=True, exist_ok=True)
    backup.write_bytes(before)
    if target.read_bytes() != before:
        raise ValueError(
            f"{target} changed while it was being updated; close it in JupyterLab and start again."
        )
    write_whole(target, as_text(merged.notebook))
    return [
        f"{target.stem}: {_told(merged.report)} Before that it was {backup.relative_to(folder).as_posix()}."
    ]


def _needs_update(theirs: NotebookNode, ours: NotebookNode) -> bool:
    """Whether the course has another version than the learner was given, or an exercise's cell is gone from the copy."""
    given = theirs.metadata.get(MARK, {})
    there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in theirs.cells}
    graded = {cell.metadata.nbgrader.grade_id for cell in ours.cells if "nbgrader" in cell.metadata}
    return given.get("version") != ours.metadata[MARK].version or not graded <= there


def _told(report: Report) -> str:
    counts = [
        (len(report.added), "new or missing {} added"),
        (len(report.updated), "{} brought up to date"),
        (len(report.removed), "old {} removed"),
        (len(report.restored), "changed {} made the course's again, with your text below"),
    ]
    what = [f"{n} {text.format('cell' if n == 1 else 'cells')}" for n, text in counts if n]
    return f"{', '.join(what) or 'marks renewed'}; your answers and notes are all there."


def _free(path: Path) -> Path:
    """`path`, or the first of `name-2`, `name-3`, ... that is not taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
