"""The reference solutions: extracted from the notebooks' source by the build, read by the fallback and the last hint.

They lie in `data/references/<topic>/<name>.py`, and `imports.py` beside them is the chapter's imports cell. A
reference runs in a namespace that holds nothing but those imports.
"""

from typing import Any

from mechint_course.exercises.model import Exercise
from mechint_course.resources import data_folder

MARK = "__mechint_reference__"
THEIRS = "__mechint_theirs__"


def source(exercise: Exercise) -> str:
    """The solution cell of an exercise; FileNotFoundError says how to make it."""
    return _read(exercise.topic, exercise.name)


def imports(topic: str) -> str:
    """The imports cell of a chapter."""
    return _read(topic, "imports")


def _read(topic: str, name: str) -> str:
    path = data_folder() / "references" / topic / f"{name}.py"
    if not path.is_file():
        raise FileNotFoundError(
            f"the reference {path.name} of {topic} is missing from {path.parent}; `mechint-course build` makes it"
        )
    return path.read_text(encoding="utf-8")


def run(exercise: Exercise, code: str | None = None) -> Any:
    """What the reference (or other code for the same exercise) puts under the answer's name."""
    namespace: dict[str, Any] = {"__name__": f"reference of {exercise.id}"}
    for name, text in (
        (f"<imports of {exercise.topic}>", imports(exercise.topic)),
        (f"<{exercise.id}>", code or source(exercise)),
    ):
        exec(compile(text, name, "exec"), namespace)
    return namespace[exercise.name]


def marked(exercise: Exercise, theirs: object) -> Any:
    """The reference function, marked as such, remembering the learner's own answer that it stands in for."""
    function = run(exercise)
    setattr(function, MARK, exercise.id)
    setattr(function, THEIRS, theirs)
    return function


def is_marked(thing: object) -> bool:
    """Whether this is a reference that a check put in place."""
    return hasattr(thing, MARK)
