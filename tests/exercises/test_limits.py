"""The limit on a call's time ends Python code that will not end, and leaves nothing behind."""

import contextlib
import signal
import threading
import time
from typing import NoReturn

import pytest

from mechint_course.exercises.limits import OutOfTime, call_within


def for_ever() -> NoReturn:
    while True:
        pass


def test_an_endless_loop_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        call_within(0.2, for_ever)
    assert time.monotonic() - began < 5


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="un-skip where a sleep can be interrupted")
def test_a_sleep_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        call_within(0.2, time.sleep, 30)
    assert time.monotonic() - began < 5


def test_code_that_swallows_everything_is_interrupted_again() -> None:
    caught = []

    def stubborn() -> None:
        while len(caught) < 3:
            try:
                for_ever()
            except BaseException as error:  # noqa: BLE001 - that is what stubborn code does
                caught.append(type(error))

    call_within(0.1, stubborn)
    assert caught == [OutOfTime] * 3


def test_nothing_comes_late() -> None:
    before = signal.getsignal(signal.SIGINT)
    for pause in (0.0, 0.004, 0.0049, 0.005, 0.0051, 0.006):
        for _ in range(50):
            with contextlib.suppress(OutOfTime):
                call_within(0.005, busy, pause)
            sum(range(1000))  # an interrupt that comes late would land here, and fail this test
            assert signal.getsignal(signal.SIGINT) is before
    assert threading.active_count() < 10


def busy(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_a_persons_interrupt_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        call_within(10, signal.raise_signal, signal.SIGINT)


def test_outside_the_main_thread_there_is_no_limit() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(call_within(0.01, lambda: busy(0.1) or "done")))
    thread.start()
    thread.join()
    assert found == ["done"]
