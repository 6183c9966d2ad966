"""`judge(id, answer)`: whether an answer is right, and if not, what its mistake is called. Pure: prints and records nothing."""

from dataclasses import dataclass

from mechint_course.exercises.answers import Answer, LocalAnswer
from mechint_course.exercises.ask import Ask
from mechint_course.exercises.catalogue import find
from mechint_course.exercises.mistakes import Mistake


@dataclass(frozen=True)
class Verdict:
    """What a judge says."""

    passed: bool
    points: float
    mistake: str | None
    """A stable slug such as `bias-missing`; None where the answer passed."""
    message: str
    """For the learner: the mistake in a sentence, the smallest counter-example, what to look at next."""


def judge(id: str, answer: object, *, seed: int = 0) -> Verdict:
    """Judges an answer: a function or value of this process, or a stand-in for one in another (`standin`).

    The seed chooses the random cases. LookupError for an unknown id.
    """
    exercise = find(id)
    ask = Ask(
        answer if isinstance(answer, Answer) else LocalAnswer(answer), seed=seed, seconds=exercise.seconds
    )
    try:
        exercise.check(ask)
    except Mistake as mistake:
        return Verdict(False, 0.0, mistake.slug, mistake.message + _printed(ask))
    return Verdict(True, exercise.points, None, _praise(exercise.kind, ask) + _printed(ask))


def _praise(kind: str, ask: Ask) -> str:
    if kind == "prediction":
        return "Your prediction is noted. Right or wrong, it counts: now you have something to compare with."
    return f"Right: {ask.calls} calls of your function gave what they should."


def _printed(ask: Ask) -> str:
    if not ask.printed:
        return ""
    return f"\n\nYour function prints while it works, which is harmless but slow; it began with: {ask.printed[:60]!r}"
