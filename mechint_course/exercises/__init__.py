"""Exercises: what is asked, how it is judged, what a learner is told, what is remembered.

`judge(id, answer)` is pure: it prints and records nothing. `check` and `hint` are for notebooks.
"""

from mechint_course.exercises.judge import Verdict, judge
from mechint_course.exercises.notebook import check, hint

__all__ = ["Verdict", "check", "hint", "judge"]
