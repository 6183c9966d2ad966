"""`check` and `hint`: what a notebook calls. They look the answer up by name, judge, remember, and never block anyone."""

import functools
import html
import os
import re
from collections.abc import Callable
from typing import Any

from mechint_course.exercises import references
from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.catalogue import find
from mechint_course.exercises.judge import Verdict, judge
from mechint_course.exercises.model import Exercise
from mechint_course.exercises.progress import Progress
from mechint_course.exercises.values import without_arrays

TIERS: tuple[int | str, ...] = (1, 2, 3, "solution")
_MISSING = object()


class CheckFailed(Exception):
    """Raised instead of showing zero points where nbgrader executes: it gives full credit to a cell without output."""


class Shown:
    """What a notebook shows: a message for people, and, as plain text, the points that nbgrader reads."""

    def __init__(
        self, title: str, message: str, plain: str = "None", *, good: bool | None = None, code: str = ""
    ) -> None:
        self.title, self.message, self.code = title, message, code
        self._plain, self._good = plain, good

    def __repr__(self) -> str:
        return self._plain

    def _repr_html_(self) -> str:
        colour = {True: "#009e73", False: "#d55e00", None: "#0072b2"}[self._good]
        blocks = "".join(_block(text) for text in self.message.split("\n\n") if text) + (
            _preformatted(self.code) if self.code else ""
        )
        return (
            f'<div style="border-left:4px solid {colour};padding:2px 12px;max-width:50em">'
            f"<p><strong>{html.escape(self.title)}</strong></p>{blocks}</div>"
        )


def _block(text: str) -> str:
    if text.startswith("    "):
        return _preformatted(text)
    return "<p>" + re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)) + "</p>"


def _preformatted(text: str) -> str:
    return f'<pre style="white-space:pre-wrap">{html.escape(text)}</pre>'


def check(id: str) -> Shown:
    """Judges the answer that this notebook holds under the last part of the id, and shows what came of it.

    Where the answer is missing or wrong, the reference is put under its name, marked as such, so that the rest of the
    notebook works. A marked reference is never judged: your own answer is, and it takes its place again once it passes.

    `check("toy.leak")`, in a notebook where `leak` is defined, shows its points with a sentence and notes them in your
    progress. Raises RuntimeError outside of a notebook, and CheckFailed for an answer that does not pass while nbgrader
    executes. As plain text the points alone are shown, here for an id that no exercise has:

    >>> check("toy.leek")
    0
    """
    try:
        exercise = find(id)
    except LookupError as error:
        return Shown("No such exercise", str(error), "0", good=False)
    names = _notebook_names()
    held = names.get(exercise.name, _MISSING)
    theirs = getattr(held, references.THEIRS, _MISSING) if references.is_marked(held) else held
    answer = LocalAnswer(theirs)
    verdict = judge(id, answer) if theirs is not _MISSING else _never_run(exercise)
    if verdict.passed:
        # Right is right, but the cells below go on in torch: an array there would stop them with an error of ours.
        names[exercise.name] = _in_torch(theirs) if answer.arrays else theirs
        fallback = (
            "\n\nIt returns numpy arrays; the cells below get them as tensors." if answer.arrays else ""
        )
    else:
        names[exercise.name] = references.marked(exercise, theirs) if exercise.kind == "function" else None
        fallback = f"\n\n{_fallback_line(exercise)}"
    if os.environ.get("NBGRADER_EXECUTION"):
        if not verdict.passed:
            raise CheckFailed(verdict.message)
        return _shown(exercise, verdict, "")
    return _shown(exercise, verdict, fallback + _remembered(exercise, verdict))


def hint(id: str, tier: int | str = 1) -> Shown:
    """The hint of this tier (1, 2 or 3), or the reference solution for `"solution"`. Asking costs no points.

    `hint("toy.leak")` shows the first one and `hint("toy.leak", "solution")` the solution; your progress notes that you
    asked. It raises nothing: what cannot be shown is said instead.

    >>> hint("toy.leak", 4).message
    "Hints come as 1, 2, 3 and 'solution', but 4 was asked for."
    """
    try:
        exercise = find(id)
    except LookupError as error:
        return Shown("No such exercise", str(error))
    if exercise.kind == "prediction":
        return Shown(
            f"Hint · {exercise.title}", "A prediction has no hints: any of the options earns the point."
        )
    if tier not in TIERS:
        return Shown("No such hint", f"Hints come as 1, 2, 3 and 'solution', but {tier!r} was asked for.")
    progress = Progress()
    progress.record_hint(id, str(tier))
    if tier == "solution":
        return Shown(
            f"Reference solution · {exercise.title}",
            progress.message,
            code=references.source(exercise).strip(),
        )
    following = TIERS[TIERS.index(tier) + 1]
    more = f"\n\nStill stuck? hint({id!r}, {following!r})" + (
        " shows the reference solution." if following == "solution" else " says more."
    )
    return Shown(f"Hint {tier} of 3 · {exercise.title}", exercise.hints[TIERS.index(tier)] + more)


def _in_torch(function: Any) -> Callable[..., Any]:
    @functools.wraps(function)
    def converted(*args: Any, **named: Any) -> Any:
        return without_arrays(function(*args, **named))

    return converted


def _notebook_names() -> dict[str, Any]:
    from IPython.core.getipython import (
        get_ipython,  # half a second that a judge in another process need not spend
    )

    shell = get_ipython()
    if shell is None:
        raise RuntimeError(
            "check works inside a notebook; in a script, use mechint_course.exercises.judge(id, answer)"
        )
    names: dict[str, Any] = shell.user_ns
    return names


def _never_run(exercise: Exercise) -> Verdict:
    return Verdict(
        False,
        0.0,
        "not-written",
        f"There is no `{exercise.name}` in this notebook yet: its cell was not run, or does not compile. Run that cell, then this one.",
    )


def _fallback_line(exercise: Exercise) -> str:
    if exercise.kind == "prediction":
        return "Until you commit to one, the figures below show none."
    return (
        f"For now the course's reference stands in as `{exercise.name}`, so that everything below works. "
        f"hint({exercise.id!r}) gives a hint."
    )


def _remembered(exercise: Exercise, verdict: Verdict) -> str:
    progress = Progress()
    progress.record_verdict(exercise.id, verdict.points, verdict.mistake)
    return f"\n\n{progress.message}" if progress.message else ""


def _shown(exercise: Exercise, verdict: Verdict, after: str) -> Shown:
    points = f"{verdict.points:g} of {exercise.points:g} point{'' if exercise.points == 1 else 's'}"
    mark = "✓ passed" if verdict.passed else "○ not yet"
    return Shown(
        f"{mark} · {exercise.title} · {points}",
        verdict.message + after,
        f"{verdict.points:g}",
        good=verdict.passed,
    )
