"""Judging an answer that lives in another process, so that judge and answer share no memory.

with AnswerProcess() as process:
    process.load(source_of_the_answer)
    verdict = judge("toy.forward", process.answer("forward"))
"""

import contextlib
import os
import subprocess
import sys
import threading
from types import TracebackType

from mechint_course.exercises.calling import Reply, Request, too_slow
from mechint_course.exercises.fixtures import names_in
from mechint_course.exercises.values import MOST_BYTES, Value
from mechint_course.exercises.wire import receive, reply_from_value, request_to_value, send

START_SECONDS = 120.0
"""How long the process may take to start and to run the source."""
GRACE_SECONDS = 5.0
"""How long beyond its own limit a call may take before the process is ended."""


class AnswerProcess:
    """A process that holds answers. One that hangs or dies is ended, and started afresh by the next call."""

    most_bytes = MOST_BYTES
    """The largest reply that is read."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._source: str | None = None
        self._fixtures: set[str] = set()
        """What the process has been asked to build so far."""

    def load(self, source: str) -> str | None:
        """Runs the source in a fresh namespace over there. Returns None, or what it raised in words."""
        self._source = source
        trouble = self._exchange({"source": source}, START_SECONDS)
        return trouble if isinstance(trouble, str) else None

    def answer(self, name: str) -> "RemoteAnswer":
        """The stand-in for what the source calls `name`."""
        return RemoteAnswer(self, name)

    def call(self, name: str, request: Request) -> Reply:
        """One call over there; a process that does not answer in time or dies becomes a reply that says so."""
        try:
            self._wake()
            message = {"name": name, "request": request_to_value(request)}
            return reply_from_value(self._exchange(message, self._patience(request)))
        except TimeoutError:
            return Reply(slug="loops", sentence=too_slow(request.seconds))
        except (EOFError, BrokenPipeError):
            ended = "Your function ended the process it ran in (an exit, a crash, or too much memory)."
            return Reply(slug="process-ended", sentence=ended)
        except ValueError as error:
            self.close()
            return Reply(
                slug="process-ended",
                sentence=f"The process that runs your function stopped making sense: {error}",
            )

    def value(self, name: str) -> Value:
        """What the name holds over there, where it is a value; None where it is not."""
        return self._exchange({"value": name}, GRACE_SECONDS)

    def close(self) -> None:
        """Ends the process. What it started and left behind may hold its pipes open, so nothing more is read."""
        if self._process is not None:
            process, self._process, self._fixtures = self._process, None, set()
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was still to be sent cannot be
                    pipe.close()  # type: ignore[union-attr]
            process.wait()

    def __enter__(self) -> "AnswerProcess":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, message: Value, seconds: float) -> Value:
        process = self._process or self._start()
        assert process.stdin and process.stdout
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        alarm = threading.Timer(seconds, end)
        alarm.start()
        try:
            send(process.stdin, message)
            return receive(process.stdout, self.most_bytes)
        except (EOFError, BrokenPipeError):
            self.close()
            if late.is_set():
                raise TimeoutError(f"no answer within {seconds:g} seconds") from None
            raise
        finally:
            alarm.cancel()

    def _patience(self, request: Request) -> float:
        """The limit of a call, and the time that building a fixture for the first time may take beside it."""
        new = names_in(request.args) - self._fixtures
        self._fixtures |= new
        return request.seconds + GRACE_SECONDS + (START_SECONDS if new else 0.0)

    def _wake(self) -> None:
        """Starts a process that is gone again, with what was loaded into it."""
        if self._process is None and self._source is not None:
            self.load(self._source)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mechint_course.exercises.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        return self._process


class RemoteAnswer:
    """The stand-in: to a check it is an answer like any other."""

    def __init__(self, process: AnswerProcess, name: str) -> None:
        self._process, self._name = process, name

    def call(self, request: Request) -> Reply:
        """Calls it once, over there."""
        return self._process.call(self._name, request)

    def value(self) -> Value:
        """The value over there, for predictions."""
        return self._process.value(self._name)
