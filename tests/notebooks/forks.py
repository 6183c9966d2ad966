"""A solved chapter in one process that forks before each answer, so that a changed answer costs the rest of the chapter.

Run as a program: it reads `{"cells": [...], "variants": [...]}` on stdin and prints a line of JSON for each variant.
What a fork shows is what Run All shows, because everything above the changed answer is the same; kernels, which cost
seconds each, are the business of test_chapters.py.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

PREFIX = "@@variant "


class Cell(TypedDict):
    """A code cell: what it is, and whether an error in it ends Run All."""

    source: str
    check: str | None
    """The exercise that it checks."""
    may_raise: bool


class Variant(TypedDict):
    """The chapter with another source in one cell; None where the cell is gone."""

    key: str
    at: int
    source: str | None


class Found(TypedDict):
    """The points that each check showed, and what ended the run early."""

    points: dict[str, float]
    trouble: str


class Forks:
    """The process, and what it has found so far."""

    def __init__(self, cells: Sequence[Cell], variants: Sequence[Variant], folder: Path) -> None:
        self._left = {variant["key"] for variant in variants}
        self._found: dict[str, Found] = {}
        self._log = folder / "log.txt"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.notebooks.forks", str(folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
        )
        assert self._process.stdin is not None
        json.dump({"cells": cells, "variants": variants}, self._process.stdin)
        self._process.stdin.close()

    def found(self, key: str) -> Found:
        """Waits until the variant has been run."""
        assert self._process.stdout is not None
        while key not in self._found:
            line = self._process.stdout.readline()
            assert line, f"the chapter ended before {key}:\n{self._log.read_text()[-3000:]}"
            if line.startswith(PREFIX):
                answer = json.loads(line.removeprefix(PREFIX))
                self._found[answer.pop("key")] = answer
        return self._found[key]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Run:
    """The cells run so far, and what their checks showed."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False  # its thread would not survive a fork
        self._execute: Callable[..., object] = InteractiveShell.instance(config=config).run_cell
        self.points: dict[str, float] = {}
        self.trouble = ""

    def cell(self, cell: Cell, source: str | None) -> None:
        if self.trouble or source is None:
            return
        result = self._execute(source, store_history=False)
        if cell["check"] and result.result is not None:  # type: ignore[attr-defined]
            self.points[cell["check"]] = float(repr(result.result))  # type: ignore[attr-defined]
        if not (result.success or cell["may_raise"]):  # type: ignore[attr-defined]
            error = result.error_in_exec or result.error_before_exec  # type: ignore[attr-defined]
            self.trouble = f"{error!r} in a cell that must not raise:\n{source}"

    def found(self) -> Found:
        return {"points": self.points, "trouble": self.trouble}


def main(folder: Path) -> None:
    task = json.load(sys.stdin)
    for name in ("IPython.core.interactiveshell", "matplotlib.pyplot", "ipywidgets", "transformer_lens"):
        __import__(name)
    here = folder / "solved"
    here.mkdir()
    _stand_in(here)
    run = Run()
    for number, cell in enumerate(task["cells"]):
        for variant in task["variants"]:
            if variant["at"] == number:
                _in_a_fork(run, task["cells"][number:], variant, here)
        run.cell(cell, cell["source"])
        if run.trouble:
            raise SystemExit(run.trouble)


def _in_a_fork(run: Run, cells: Sequence[Cell], variant: Variant, here: Path) -> None:
    """The rest of the chapter, in a copy of the folder: what it writes is not there for the next one."""
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(dir=here.parent) as place:
        copy = Path(place) / "copy"
        shutil.copytree(here, copy)
        child = os.fork()
        if child == 0:
            _stand_in(copy)
            run.cell(cells[0], variant["source"])
            for cell in cells[1:]:
                run.cell(cell, cell["source"])
            print(f"\n{PREFIX}{json.dumps({'key': variant['key'], **run.found()})}", flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
    if status:
        trouble = f"the process ended with status {status}"
        print(
            f"\n{PREFIX}{json.dumps({'key': variant['key'], 'points': {}, 'trouble': trouble})}", flush=True
        )


def _stand_in(folder: Path) -> None:
    os.environ["MECHINT_COURSE_HOME"] = str(folder / "home")
    (folder / "work").mkdir(exist_ok=True)
    os.chdir(folder / "work")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
