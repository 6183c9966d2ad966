"""The learner's version of a chapter, made by nbgrader's own `generate_assignment` in a temporary folder."""

import logging
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from mechint_course.classroom.files import as_text, read_notebook
from mechint_course.classroom.source import Chapter, SourceError


def release(chapter: Chapter) -> NotebookNode:
    """The chapter without solutions and outputs; every cell carries the hash of its source.

    Raises:
        SourceError: nbgrader refuses the notebook; its own words are in the message.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    from mechint_course.classroom.steps import steps

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
        config.GenerateAssignment.preprocessors = steps(database=False)
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
        return read_notebook(root / "release" / chapter.name / f"{chapter.name}.ipynb")


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
