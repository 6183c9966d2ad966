"""The limit on a call's time ends Python code that will not end, and leaves nothing behind."""

import threading
import time

import pytest

from mechint_course.exercises.limits import OutOfTime, time_limit


def test_an_endless_loop_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTime), time_limit(0.2):
        while True:
            pass
    assert time.monotonic() - began < 5


def test_code_that_swallows_everything_is_ended_too() -> None:
    caught = 0
    with pytest.raises(OutOfTime), time_limit(0.1):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                caught += 1
                if caught == 3:
                    raise
    assert caught == 3


def test_work_in_time_is_left_alone_even_when_it_ends_at_the_last_moment() -> None:
    for pause in (0.0, 0.009, 0.0099, 0.01, 0.0101, 0.011):
        for _ in range(20):
            try:
                with time_limit(0.01):
                    until = time.perf_counter() + pause
                    while time.perf_counter() < until:
                        pass
            except OutOfTime:
                pass
            sum(range(1000))  # an exception that comes late would land here
    assert threading.active_count() < 10
