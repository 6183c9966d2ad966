"""Running a chapter with its solutions, so that its pictures can be read without running anything."""

import os
import tempfile

from nbformat import NotebookNode

from mechint_course.classroom.source import SourceError


def execute(notebook: NotebookNode, name: str) -> NotebookNode:
    """The notebook with outputs; progress is recorded in a folder that is thrown away.

    Raises:
        SourceError: a cell raised (the message names it), or the kernel died.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=1800,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            allow_errors=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env={**os.environ, "MECHINT_COURSE_HOME": folder, "MECHINT_COURSE_SMOKE": "0"})
        except (
            DeadKernelError,
            CellTimeoutError,
            AssertionError,
        ) as error:  # nbclient asserts after a kernel's death
            raise SourceError(
                f"{name}: the kernel died or took half an hour for a cell, most often for want of memory; "
                "close other programs and run it again."
            ) from error
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise SourceError(
                    f"{name}, cell {cell.id} raises {output.ename}: {output.evalue}. Correct its source."
                )
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _passing(output)]
            cell.metadata.pop("execution", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def _passing(output: NotebookNode) -> bool:
    """Whether an output means nothing once the kernel is gone: progress bars, widgets without a picture."""
    if output.output_type == "stream":
        return bool(output.name == "stderr")
    view = "application/vnd.jupyter.widget-view+json"
    return view in output.get("data", {}) and not set(output.data) - {view, "text/plain"}
