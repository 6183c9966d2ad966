"""`mechint-course new-exercise`: writes the skeleton of an exercise and says what is left to do."""

import keyword
from pathlib import Path

from mechint_course.exercises.catalogue import CHAPTERS, catalogue
from mechint_course.resources import checkout

_DEFINITION = '''"""{words}: what is tested, and how a mistake is named."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


def cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    """Inputs in the order of the signature, smallest first; no two sizes equal."""
    yield {{"x": torch.tensor([1.0, 2.0])}}
    for _ in range(20):
        (n,) = ask.sizes(1)
        yield {{"x": torch.randn(n, generator=ask.generator)}}


def by_another_route(x: Tensor) -> Tensor:
    """An independent formula: never the reference solution."""
    raise NotImplementedError("write the independent formula of {id}")


@exercise(
    id="{id}", title={title!r}, points=1, minutes=5, difficulty=1, core=False,
    hints=("a nudge", "something more concrete", "nearly the answer"),
)
def {name}(ask: Ask) -> None:
    """What is tested, in one line."""
    ask.compare(cases(ask), expected=by_another_route, known=(Known("a-slug", "The mistake in a sentence.", lambda x: x),))
'''

_CELLS = """# %% [markdown]
# {{{{exercise {id}}}}}
#
# What the learner should write, and why.

# %% nbgrader={{"grade_id": "{grade_id}", "solution": true}}
def {name}(x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    \"\"\"Shapes, units, and an example that can be done by hand.\"\"\"
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% nbgrader={{"grade_id": "{grade_id}-check", "grade": true}}
check("{id}")
"""


def run(id: str, title: str) -> int:
    """Writes `exercises/<topic>/<name>.py` and prints the cells for the notebook's source and the steps that remain.

    ValueError where the id is malformed, taken, or of no chapter; FileNotFoundError outside a checkout.
    """
    topic, _, name = id.partition(".")
    if topic not in CHAPTERS.values() or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(
            f"an exercise's id is topic.name with a topic of {', '.join(CHAPTERS.values())}, but this is {id!r}"
        )
    if id in {exercise.id for exercise in catalogue()}:
        raise ValueError(
            f"there is an exercise {id!r} already, and ids are stable for ever: choose another name"
        )
    root = checkout()
    if root is None:
        raise FileNotFoundError(
            "new-exercise writes into a checkout of the course, but this is an installed package: clone the course first"
        )
    path = Path(__file__).parent / topic / f"{name}.py"
    with path.open("x", encoding="utf-8") as file:  # never over a file that is there
        file.write(
            _DEFINITION.format(
                id=id, title=title, words=title.replace('"', "'").replace("\\", "/"), name=name
            )
        )
    folder = next(folder for folder, of in CHAPTERS.items() if of == topic)
    cells = _CELLS.format(id=id, name=name, grade_id=f"{topic}-{name}")
    print(
        f"Wrote {path.relative_to(root)}. What remains:\n"
        f"1. fill it in, and add it to EXERCISES in mechint_course/exercises/{topic}/__init__.py, in the order of the notebook;\n"
        f"2. put these cells into solutions/{folder}/{folder}.py:\n\n{cells}\n"
        f"3. add right and wrong answers to tests/corpus/{topic}.py;\n"
        f"4. mechint-course build {folder}, then mechint-course test."
    )
    return 0
