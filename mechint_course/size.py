"""The smoke size: one switch that shrinks every training in a notebook to seconds.

It is off unless `MECHINT_COURSE_SMOKE=1` is set, and a notebook that runs with it says so.
"""

import os
from typing import TypeVar

Value = TypeVar("Value")


def is_smoke() -> bool:
    """Whether the switch is on."""
    return os.environ.get("MECHINT_COURSE_SMOKE", "0") not in ("", "0")


def sized(full: Value, *, smoke: Value) -> Value:
    """`full`, or `smoke` where the smoke switch is on.

    >>> sized(5000, smoke=50) in (5000, 50)
    True
    """
    if not is_smoke():
        return full
    _say_once()
    return smoke


_said = False


def _say_once() -> None:
    global _said
    if not _said:
        print(
            "Smoke size: MECHINT_COURSE_SMOKE is set, so every training is cut short and no picture means anything."
        )
        _said = True
