"""A limit on the time of one call, by an exception raised in the calling thread (the same on every system)."""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(BaseException):
    """The call took longer than it may. Not an Exception, so that `except Exception` in an answer does not catch it."""


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind) if kind else None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block after `seconds`, and again every 0.2 s for code that swallows even that.

    One long call into C (a huge matrix product, a sleep) is interrupted only when it returns to Python; a judge that
    must not wait runs the answer in another process and ends that (`standin`).
    """
    caller = threading.get_ident()
    finished = threading.Event()

    def watch() -> None:
        patience = seconds
        while not finished.wait(patience):
            _raise_in(caller, OutOfTime)
            patience = 0.2

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _settle(finished, watcher, caller)


def _settle(finished: threading.Event, watcher: threading.Thread, caller: int) -> None:
    while True:  # an exception that was already on its way may land in here
        try:
            finished.set()
            watcher.join()
            _raise_in(caller, None)
            return
        except OutOfTime:
            continue
