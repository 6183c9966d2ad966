"""The cells' process of one submission, looked after from outside: started, limited, ended, started again."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psutil

from mechint_course.classroom.grading import sandbox
from mechint_course.classroom.grading.inside import NOT_FINISHED
from mechint_course.exercises.calling import Reply, Request
from mechint_course.exercises.standin import GRACE_SECONDS, START_SECONDS, AnswerProcess
from mechint_course.exercises.values import Value

DIED = (EOFError, BrokenPipeError, ConnectionError, TimeoutError, ValueError)
"""What an exchange with a process raises that hangs, has died or talks nonsense."""


_MOST_ENDS_OF_AN_ANSWER = 2


class Spent(Exception):
    """The submission has used up its time or its restarts; what is not judged yet will not be."""


class CannotStart(RuntimeError):
    """The process did not even begin, which is no fault of the submission."""


class Session(AnswerProcess):
    """Runs cells in order and holds the answers they make.

    A process that ends is started again where something more is asked of it: all cells that went through are run
    again, the one that ended it is not.
    """

    def __init__(self, limits: sandbox.Limits, given: Path | None = None, *, unsafe: bool = False) -> None:
        super().__init__()
        self.limits, self.given, self.unsafe = limits, given, unsafe
        self.most_bytes = limits.reply
        self._done: list[tuple[Value, float]] = []
        self._until = time.monotonic() + limits.seconds
        self._starts = 0
        self._processes_at_start = 0
        self._over_memory = threading.Event()
        self._ends: Counter[str] = Counter()
        """How often each answer has ended the process."""
        self._last: dict[str, Reply] = {}
        self._slow: set[str] = set()
        self._cpu = 0.0
        self.cpu_seconds = 0.0
        """Processor time of the processes that have ended, to half a second."""

    def __enter__(self) -> "Session":
        return self

    def cell(self, source: str, seconds: float | None = None) -> str | None:
        """Runs a cell. Returns None, or what came of it in words."""
        seconds = seconds or self.limits.cell_seconds
        try:
            return self._lasting(
                {"cell": source, "seconds": seconds},
                seconds + GRACE_SECONDS,
                unfinished=NOT_FINISHED.format(seconds),
            )
        except TimeoutError:
            return f"not finished after {seconds:g} seconds, and ended"
        except DIED:
            return f"ended the process ({self._why()})"

    def fallback(self, code: str) -> None:
        """Puts the course's own answer in place of one whose verdict is written down."""
        with contextlib.suppress(*DIED):
            self._lasting({"fallback": code}, self.limits.cell_seconds)

    def call(self, name: str, request: Request) -> Reply:
        """One call of an answer (see `AnswerProcess.call`).

        An answer that has ended the process twice is not called again: it gets what it got then, and the restarts that
        are left are for the others.
        """
        if self._ends[name] >= _MOST_ENDS_OF_AN_ANSWER:
            return self._last[name]
        before = self.cpu_seconds + self._cpu
        reply = self._once(name, request)
        if reply.slug == "loops" and self.cpu_seconds + self._cpu - before < request.seconds / 2:
            # It hardly had the processor: this machine was too busy, or the answer waits. Once more, with patience, and
            # with patience from now on.
            self._slow.add(name)
            reply = self._once(name, request)
        return reply

    def _once(self, name: str, request: Request) -> Reply:
        patient = replace(request, seconds=3 * request.seconds) if name in self._slow else request
        reply = super().call(name, patient)
        if reply.slug == "process-ended" and self._over_memory.is_set():
            reply = Reply(slug="too-much-memory", sentence=f"Your function was ended: {self._why()}.")
        if self._process is None:
            self._ends[name] += 1
            self._last[name] = reply
        return reply

    def value(self, name: str) -> Value:
        """What a name holds over there; None where it is no value, or nobody answers."""
        self._wake()
        with contextlib.suppress(*DIED):
            return super().value(name)
        self.close()
        return None

    def _lasting(self, message: Value, seconds: float, *, unfinished: str | None = None) -> str | None:
        """An exchange that is repeated in a process started again, unless `unfinished` came of it: once is enough of that."""
        self._wake()
        try:
            reply = self._exchange(message, seconds)
            if not (reply is None or isinstance(reply, str)):
                raise ValueError("the cells' process sent something else than was asked for")
        except DIED:
            self.close()
            raise
        if reply is None or reply != unfinished:
            self._done.append((message, seconds))
        elif self._left_behind():  # what it started and did not end would hinder the cells behind it
            self.close()
        return reply if reply is None else reply[:300]

    def _left_behind(self) -> bool:
        return self._process is not None and len(_family(self._process.pid)) > self._processes_at_start

    def _exchange(self, message: Value, seconds: float) -> Value:
        left = self._until - time.monotonic()
        if left <= 0:
            self.close()
            raise Spent(f"the whole notebook took longer than {self.limits.seconds:g} seconds")
        return super()._exchange(message, min(seconds, left))

    def _wake(self) -> None:
        while self._process is None:
            if self._starts > self.limits.restarts:
                raise Spent(f"its process had to be started {self._starts} times")
            self._starts += 1
            self._begin()
            with contextlib.suppress(*DIED):
                for message, seconds in self._done:
                    self._exchange(message, seconds)
                return
            self.close()

    def _begin(self) -> None:
        process = self._process = self._start()
        self._over_memory.clear()
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        try:
            self._exchange({"value": "_"}, START_SECONDS)  # answered by our own code: no cell has run
            self._processes_at_start = len(_family(process.pid))
        except DIED as error:
            self.close()
            raise CannotStart(f"a process for the cells could not be started ({error})") from error

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            sandbox.command(self.limits, self.given, unsafe=self.unsafe),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=sandbox.environment(self.unsafe),
            cwd=self.given if self.unsafe else "/",
            start_new_session=True,
        )

    def close(self) -> None:
        """Ends the process and all that it started."""
        process = self._process
        if process is None:
            return
        self.cpu_seconds += max(self._cpu, _used(process.pid).cpu)
        self._cpu = 0.0
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        with contextlib.suppress(
            ProcessLookupError, PermissionError, AttributeError
        ):  # Windows has no groups
            os.killpg(process.pid, signal.SIGKILL)
        super().close()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Ends the process when it and all that it started hold more memory together than they may."""
        while process.poll() is None:
            used = _used(process.pid)
            self._cpu = max(self._cpu, used.cpu)
            if used.memory > self.limits.memory:
                self._over_memory.set()
                process.kill()
                return
            time.sleep(0.5)

    def _why(self) -> str:
        if self._over_memory.is_set():
            return f"more than {self.limits.memory / sandbox.MEGABYTE:g} MB of memory"
        return "an exit, a crash, or a limit of time, memory or processes"


class _Used(NamedTuple):
    memory: int
    cpu: float


def _used(pid: int) -> _Used:
    """Memory in bytes and processor time in seconds of a process and all that it started, as far as they still live."""
    memory, cpu = 0, 0.0
    for one in _family(pid):
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += one.memory_full_info().pss
    return _Used(memory, cpu)


def _family(pid: int) -> list[psutil.Process]:
    """A process and all that it started, as far as they still live."""
    with contextlib.suppress(psutil.Error):
        outer = psutil.Process(pid)
        return [outer, *outer.children(recursive=True)]
    return []
