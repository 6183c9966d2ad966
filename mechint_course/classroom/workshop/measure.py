"""Measures what a class needs: `python -m mechint_course.classroom.workshop.measure [--out FILE]`."""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from nbformat import NotebookNode

from mechint_course import resources
from mechint_course.classroom.files import read_notebook
from mechint_course.classroom.workshop.planning import ChapterCost, Measured, as_json, as_markdown
from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, exercises_of


def solved(chapter: str) -> NotebookNode:
    """The learner's notebook of a chapter with the reference solution in every answer's cell."""
    notebook = read_notebook(resources.chapters_folder() / chapter / f"{chapter}.ipynb")
    answers = {exercise.grade_id: exercise for exercise in exercises_of(CHAPTERS[chapter])}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = references.source(answers[grade_id])
    return notebook


def measure(chapter: str) -> ChapterCost:
    """Run one chapter, solved, in a kernel of its own, and watch that kernel.

    Raises:
        ValueError: a cell raised, so the numbers would be of half a chapter.
    """
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    notebook = solved(chapter)
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"MECHINT_COURSE_HOME": folder, "OMP_NUM_THREADS": "1"}
        manager = KernelManager(kernel_name="python3")
        client = NotebookClient(
            notebook, km=manager, timeout=1800, resources={"metadata": {"path": folder}}, allow_errors=True
        )
        cells = []
        with client.setup_kernel(env=environment), Watch(_pid(manager)) as watch:
            for index, cell in enumerate(notebook.cells):
                before = watch.cpu_seconds()
                client.execute_cell(cell, index)
                cells.append(watch.cpu_seconds() - before)
            whole = watch.cpu_seconds()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ValueError(f"{chapter}, cell {cell.id} raised {output.ename}: {output.evalue}")
    minutes = sum(exercise.minutes for exercise in exercises_of(CHAPTERS[chapter]))
    return ChapterCost(chapter, minutes, whole, max(cells), watch.peak / 1e6, watch.own / 1e6)


def _pid(manager: object) -> int:
    return int(manager.provisioner.pid)  # type: ignore[attr-defined]


class Watch:
    """Looks at a process five times a second and keeps the largest memory it saw, in bytes."""

    def __init__(self, pid: int) -> None:
        self.peak, self.own = 0, 0
        self._process = psutil.Process(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def cpu_seconds(self) -> float:
        """CPU time of the process and of its ended children, in seconds."""
        return float(sum(self._process.cpu_times()[:4]))

    def _look(self) -> None:
        while not self._end.wait(0.2):
            memory = self._process.memory_full_info()
            # The two are read one after the other, and a growing process can have more of its own than it had in all.
            self.peak, self.own = max(self.peak, memory.rss), max(self.own, min(memory.uss, memory.rss))

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def server_memory() -> float:
    """Memory of a JupyterLab server that nobody uses yet, its own part, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={folder}",
        ]
        server = subprocess.Popen(
            [sys.executable, *words],
            env=os.environ | {"JUPYTER_RUNTIME_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 120
            while not list(Path(folder).glob("jpserver-*.json")):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise ValueError("JupyterLab did not start; `mechint-course doctor` says what is wrong")
                time.sleep(0.2)
            time.sleep(2)
            return float(psutil.Process(server.pid).memory_full_info().uss)
        finally:
            server.terminate()
            server.wait(30)


def machine() -> str:
    """This machine in words: processor, cores, memory, system and Python."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.partition(":")[2].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = names[0] if names else name
    memory = psutil.virtual_memory().total / 1e9
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measures every chapter, one after the other, and prints the table."""
    parser = argparse.ArgumentParser(description="Measures what a class needs on this machine.")
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="default: all")
    parser.add_argument("--out", type=Path, help="also write the numbers here, as JSON")
    given = parser.parse_args()
    unknown = set(given.chapters) - set(CHAPTERS)
    if unknown:
        parser.error(
            f"there is no chapter {', '.join(sorted(unknown))}; the chapters are {', '.join(CHAPTERS)}"
        )
    costs = []
    for chapter in given.chapters or CHAPTERS:
        costs.append(measure(chapter))
        print(json.dumps(vars(costs[-1])), flush=True)
    today = datetime.date.today().strftime("%B %Y")
    numbers = Measured(machine(), today, server_memory() / 1e6, tuple(costs))
    if given.out:
        given.out.write_text(as_json(numbers), encoding="utf-8", newline="\n")
    print(as_markdown(numbers))


if __name__ == "__main__":
    main()
