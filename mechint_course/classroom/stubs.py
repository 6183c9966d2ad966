"""What a learner finds in place of a solution; used by the build and by `solutions/nbgrader_config.py`."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

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
