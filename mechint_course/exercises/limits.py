"""A limit on the time of one call, by the interrupt that a stop button sends, told apart from a person's."""

import _thread
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_AGAIN = 0.2
"""Seconds until the next interrupt, for code that swallows even that."""


class OutOfTime(BaseException):
    """The call took longer than it may. Not an Exception, so that `except Exception` in an answer does not catch it."""


def call_within(seconds: float, function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)`, or OutOfTime after `seconds`. A person's own interrupt passes through as ever.

    One long call into C (a huge matrix product) is interrupted only when it returns to Python; a judge that must not
    wait runs the answer in another process and ends that (`standin`). Outside the main thread, which alone can be
    interrupted, there is no limit.

    >>> call_within(1.0, max, 2, 3)
    3
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    alarm = _Alarm(seconds)
    try:
        try:
            alarm.armed = True
            return function(*args)
        finally:
            alarm.armed = False
    finally:  # twice: an interrupt may land between the call's end and the line above, but no two within 0.2 s
        alarm.armed = False
        alarm.stop()


class _Alarm:
    """Interrupts the main thread after some seconds, for as long as it is armed."""

    def __init__(self, seconds: float) -> None:
        self.armed = False
        self._due = False
        self._over = threading.Event()
        self._main = threading.get_ident()
        self._previous = signal.signal(signal.SIGINT, self._interrupted)
        self._watcher = threading.Thread(target=self._watch, args=(seconds,), daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Ends the watching; an interrupt that is still on its way meets a handler that ignores it."""
        self._over.set()
        self._watcher.join()
        signal.signal(signal.SIGINT, self._previous)

    def _watch(self, patience: float) -> None:
        while not self._over.wait(patience):
            self._due, patience = True, _AGAIN
            if hasattr(signal, "pthread_kill"):  # a real signal also ends a sleep
                signal.pthread_kill(self._main, signal.SIGINT)
            else:
                _thread.interrupt_main()

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self._due:
            self._due = False
            if self.armed:
                raise OutOfTime
        elif callable(self._previous):
            self._previous(number, frame)
