"""The learner's version of a chapter, made by nbgrader's own `generate_assignment` in a temporary folder."""

import json
import logging
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mechint_course.classroom.files import MARK, as_text, digest, read_notebook
from mechint_course.classroom.source import Chapter, SourceError


def release(chapter: Chapter) -> NotebookNode:
    """The chapter without solutions and outputs; every cell carries the hash of its source.

    Raises:
        SourceError: nbgrader refuses the notebook; its own words are in the message.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import ClearSolutions, SaveCells
    from traitlets.config import Config

    from mechint_course.classroom.stubs import ClearAnswers

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        source = root / "source" / chapter.name
        source.mkdir(parents=True)
        (source / f"{chapter.name}.ipynb").write_text(
            as_text(chapter.notebook), encoding="utf-8", newline="\n"
        )
        config = Config()
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.assignment_id = chapter.name
        config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.py"]
        config.GenerateAssignment.no_database = True
        steps = GenerateAssignment.preprocessors.default_args[0]
        config.GenerateAssignment.preprocessors = [
            ClearAnswers if step is ClearSolutions else step
            for step in steps
            if step is not SaveCells  # it opens the database
        ]
        said = _Lines()
        log = logging.getLogger("mechint_course.classroom.release")
        log.propagate = False
        log.handlers = [said]
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, log=log)
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            words = said.lines[1].strip().splitlines()[-1] if len(said.lines) > 1 else str(error)
            raise SourceError(f"{chapter.name}: nbgrader refuses the notebook: {words}") from error
        notebook = read_notebook(root / "release" / chapter.name / f"{chapter.name}.ipynb")
    notebook.metadata = nbformat.from_dict(dict(chapter.notebook.metadata))
    for cell in notebook.cells:
        cell.metadata[MARK] = nbformat.from_dict(
            {"chapter": chapter.name, "id": cell.id, "hash": digest(cell.source)}
        )
    notebook.metadata[MARK] = nbformat.from_dict({"chapter": chapter.name, "version": version(notebook)})
    return notebook


def version(notebook: NotebookNode) -> str:
    """A hash of everything a learner gets: sources and metadata of the cells in their order."""
    parts = [
        nbformat.from_dict({"source": cell.source, "metadata": cell.metadata}) for cell in notebook.cells
    ]
    return digest(json.dumps(parts, sort_keys=True))


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
