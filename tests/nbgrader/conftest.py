"""Plain nbgrader as a class would use it: the course's own configuration, in a folder of the test's own."""

import logging
from collections.abc import Iterator

import pytest

from tests.notebooks.conftest import kernels, notebook_environment
from tests.notebooks.one_by_one import Course

__all__ = ["course", "kernels", "notebook_environment"]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    logging.getLogger("nbgrader").setLevel(logging.ERROR)
    yield Course(tmp_path_factory.mktemp("course"))
