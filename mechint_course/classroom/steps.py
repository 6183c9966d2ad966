"""nbgrader's way from a solved chapter to a learner's, with two steps of ours: used by the build and by
`solutions/nbgrader_config.py`, so that both make the same notebook."""

import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor, SaveCells

from mechint_course.classroom.files import MARK, digest

VALUE_STUB = "# YOUR ANSWER HERE: change the line above."


class ClearAnswers(ClearSolutions):
    """nbgrader's own, but a prediction (a solution at the left margin) is left without a line that raises.

    A learner who answers `guess = "pentagon"` should not meet NotImplementedError on the line below.
    """

    code_stub: Any

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        at_margin = re.search(rf"^#.*{re.escape(self.begin_solution_delimeter)}", cell.source, re.MULTILINE)
        if cell.cell_type != "code" or not at_margin:
            return bool(super()._replace_solution_region(cell, language))
        usual = dict(self.code_stub)
        self.code_stub = {**usual, language: VALUE_STUB}
        try:
            return bool(super()._replace_solution_region(cell, language))
        finally:
            self.code_stub = usual


class MarkCells(NbGraderPreprocessor):
    """Writes into each cell the hash of the source it is shipped with, and into the notebook its version."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for cell in nb.cells:
            cell.metadata[MARK] = nbformat.from_dict({**cell.metadata[MARK], "hash": digest(cell.source)})
        nb.metadata[MARK] = nbformat.from_dict({**nb.metadata[MARK], "version": version(nb)})
        return nb, resources


def version(notebook: NotebookNode) -> str:
    """A hash of everything a learner gets: sources and metadata of the cells in their order."""
    parts = [{"source": cell.source, "metadata": cell.metadata} for cell in notebook.cells]
    return digest(json.dumps(parts, sort_keys=True))


def steps(*, database: bool) -> list[type[NbGraderPreprocessor]]:
    """The preprocessors for `GenerateAssignment.preprocessors`, in order; without `database` nothing opens one."""
    usual = GenerateAssignment.preprocessors.default_args[0]
    ours = [
        ClearAnswers if step is ClearSolutions else step
        for step in usual
        if database or step is not SaveCells
    ]
    return [*ours, MarkCells]
