"""Chapter 1, each exercise unsolved alone."""

import nbformat
import pytest

from tests.notebooks import versions
from tests.notebooks.one_by_one import OneByOne


class TestToy(OneByOne):
    name = "01_toy"

    @pytest.mark.slow
    def test_the_traps_of_plain_nbgrader_are_shut(self, course, notebook_environment):
        """A deleted check, a check told to be skipped, and a warning on stderr."""
        first, *others = versions.exercises(self.name)
        notebook = versions.solved(self.name, but=[first.id])
        check = next(cell for cell in notebook.cells if cell.id == f"{first.grade_id}-check")
        check.metadata.tags = ["skip-execution"]
        assert course.grade(self.name, "skips", notebook) == versions.total(self.name, but=[first.id])
        notebook.cells.remove(check)
        assert course.grade(self.name, "deletes", notebook) == versions.total(self.name, but=[first.id])
        warns = versions.solved(self.name)
        versions.answer(warns, others[0]).source += "\nimport sys\nprint('careful', file=sys.stderr)"
        warns.cells.insert(0, nbformat.v4.new_code_cell("import warnings; warnings.warn('careful')"))
        assert course.grade(self.name, "warns", warns) == versions.total(self.name)
