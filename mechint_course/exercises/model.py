"""What an exercise is: its words, its hints and its check, side by side.

@exercise(id="toy.forward", title="...", points=2, minutes=8, difficulty=1, core=True, hints=("...", "...", "..."))
def forward(ask: Ask) -> None:
    ask.compare(cases(ask), expected=by_loops, known=(...,), gradients=("W",))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mechint_course.exercises.ask import Ask
from mechint_course.exercises.compare import Known
from mechint_course.exercises.fixtures import fixture
from mechint_course.exercises.values import Value

__all__ = ["Ask", "Exercise", "Known", "exercise", "fixture", "prediction"]

Check = Callable[[Ask], None]


@dataclass(frozen=True)
class Exercise:
    """One exercise. Everything about it but its prose and its reference solution, which stand in the notebook's source."""

    id: str
    """`topic.name`, stable for ever: used by checks, hints, progress and grades."""
    title: str
    points: float
    minutes: int
    difficulty: Literal[1, 2, 3]
    core: bool
    """Whether it lies on the chapter's core path."""
    check: Check
    hints: tuple[str, ...] = ()
    """Three tiers, from a nudge to nearly the answer; predictions have none."""
    seconds: float = 10.0
    """How long one call of the answer may take."""
    kind: Literal["function", "prediction"] = "function"
    options: tuple[Value, ...] = ()
    """What a prediction may be."""

    def __post_init__(self) -> None:
        topic, dot, name = self.id.partition(".")
        if not (dot and topic.isidentifier() and name.isidentifier()):
            raise ValueError(
                f"an exercise's id is topic.name, both Python names, but this one is {self.id!r}"
            )
        if self.kind == "function" and len(self.hints) != 3:
            raise ValueError(f"{self.id} needs three hints, but has {len(self.hints)}")

    @property
    def topic(self) -> str:
        """The first part of the id, which is also the package its check lives in."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the id: the name of the answer in the notebook."""
        return self.id.partition(".")[2]

    @property
    def grade_id(self) -> str:
        """The id of the answer's cell under nbgrader; the check's cell has `-check` behind it."""
        return f"{self.topic}-{self.name}"

    @property
    def chapter(self) -> str:
        """The folder of the chapter, for example `01_toy`."""
        from mechint_course.exercises.catalogue import CHAPTERS  # the catalogue imports this module

        return next(folder for folder, topic in CHAPTERS.items() if topic == self.topic)


def exercise(
    *,
    id: str,
    title: str,
    points: float,
    minutes: int,
    difficulty: Literal[1, 2, 3],
    core: bool,
    hints: tuple[str, str, str],
    seconds: float = 10.0,
) -> Callable[[Check], Exercise]:
    """Turns a check into an exercise: the function below the decorator is what judges an answer."""

    def make(check: Check) -> Exercise:
        return Exercise(id, title, points, minutes, difficulty, core, check, hints, seconds)

    return make


def prediction(*, id: str, title: str, options: tuple[Value, ...], core: bool, minutes: int = 1) -> Exercise:
    """A guess that the learner commits to before seeing: one point for committing, right or wrong."""

    def check(ask: Ask) -> None:
        guess = ask.value()
        if guess is None:
            ask.fail(
                "not-written",
                "No prediction yet: put one of the options under this name and run the cell, then this one.",
                look=f"the options {', '.join(map(repr, options))}",
            )
        if guess not in options:
            ask.fail(
                "not-an-option",
                f"Your prediction is {guess!r}, which is none of the options.",
                look=f"the options {', '.join(map(repr, options))}",
            )

    return Exercise(id, title, 1.0, minutes, 1, core, check, kind="prediction", options=options)
