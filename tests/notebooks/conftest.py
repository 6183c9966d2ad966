"""Kernels for the notebooks' tests: at smoke size, with progress in a folder of the test's own."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbclient
import pytest
from nbformat import NotebookNode

from tests.notebooks.warm import WarmKernels

pytest.register_assert_rewrite("tests.notebooks.one_by_one")  # so that a failure says which points differ

Run = Callable[[NotebookNode], NotebookNode]


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """Where the kernelspec of the warm process is; None where processes cannot fork, and kernels start cold."""
    if not hasattr(os, "fork"):
        yield None
        return
    warm = WarmKernels(tmp_path_factory.mktemp("kernels"))
    yield warm.folder
    warm.close()


@pytest.fixture
def notebook_environment(kernels: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What every notebook of a test runs in; the path is the folder for its progress."""
    home = tmp_path / "home"
    if kernels is not None:
        monkeypatch.setenv("JUPYTER_PATH", str(kernels))
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(home))
    monkeypatch.setenv("MECHINT_COURSE_SMOKE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return home


@pytest.fixture(scope="class")
def smoke_size() -> Iterator[None]:
    """For a process that runs cells without a kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHINT_COURSE_SMOKE", "1")
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("MPLBACKEND", "agg")
        yield


@pytest.fixture
def run_all(notebook_environment: Path, tmp_path: Path) -> Run:
    """Run All as JupyterLab does it: a cell that raises ends the run, unless its tag allows that."""

    def run(notebook: NotebookNode) -> NotebookNode:
        client = nbclient.NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        return notebook

    return run
