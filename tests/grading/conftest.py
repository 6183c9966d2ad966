"""The sandbox that these tests need, and the warm processes that grade."""

import os

import pytest

from mechint_course.classroom.grading import sandbox
from tests.notebooks.conftest import kernels, notebook_environment  # noqa: F401 - fixtures of plain nbgrader

NEEDED = "MECHINT_COURSE_NEEDS_SANDBOX"


@pytest.fixture(scope="session")
def in_sandbox() -> None:
    """Skips where bubblewrap does not work, unless somebody said that it must."""
    problem = sandbox.probe()
    if problem and not os.environ.get(NEEDED):
        pytest.skip(f"{problem}; un-skip by installing bubblewrap")
    assert problem is None, problem
