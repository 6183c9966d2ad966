"""A chapter of two exercises, small enough to see whole, for the tests of building and merging."""

from dataclasses import dataclass

import jupytext
from nbformat import NotebookNode

from mechint_course.classroom.release import release
from mechint_course.classroom.source import Chapter, assemble

SOURCE = '''\
# %% [markdown]
# # How much is one and one?
#
# Prose of the top.

# %% tags=["imports"]
import math

# %% [markdown]
# ## Adding
#
# A paragraph.

# %% [markdown]
# {{exercise toy.add}}
#
# Add two numbers.

# %% nbgrader={"grade_id": "toy-add", "solution": true}
def add(a: float, b: float) -> float:
    """The sum: add(1, 2) is 3."""
    ### BEGIN SOLUTION
    secret_total = math.fsum([a, b])
    return secret_total
    ### END SOLUTION

# %% nbgrader={"grade_id": "toy-add-check", "grade": true}
check("toy.add")

# %%
add(1, 1)

# %% [markdown]
# {{exercise toy.guess}}

# %% nbgrader={"grade_id": "toy-guess", "solution": true}
guess = None  # one of "two", "three"
### BEGIN SOLUTION
guess = "two"
### END SOLUTION

# %% nbgrader={"grade_id": "toy-guess-check", "grade": true}
check("toy.guess")

# %% [markdown]
# ## What you learned
#
# A sum.
'''


@dataclass(frozen=True)
class Exercise:
    id: str
    title: str
    points: float
    minutes: int = 5
    difficulty: int = 1
    core: bool = True


EXERCISES = (Exercise("toy.add", "A sum", 2), Exercise("toy.guess", "A guess", 1, minutes=1, core=False))


def chapter(source: str = SOURCE, exercises: tuple[Exercise, ...] = EXERCISES) -> Chapter:
    return assemble("01_toy", jupytext.reads(source, fmt="py:percent"), exercises)


def released(source: str = SOURCE) -> NotebookNode:
    return release(chapter(source))


def cell_of(notebook: NotebookNode, id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == id)
