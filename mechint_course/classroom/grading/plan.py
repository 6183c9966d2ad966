"""What is run and judged of a submission, and in which order: the learner's cells, the course's set-up, the checks."""

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import Literal

from nbformat import NotebookNode

from mechint_course import resources
from mechint_course.classroom.files import MARK, digest, read_notebook
from mechint_course.classroom.merge import merge
from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, exercises_of
from mechint_course.exercises.model import Exercise

CHEAP_ROOTS = {"torch", "math", "range", "len", "list", "tuple", "dict", "sorted", "sized", "zip"}
"""Calls that an assignment of the course's may make and still be set-up; anything else is work, and skipped."""


@dataclass(frozen=True)
class Step:
    """One cell to run, or one exercise to judge."""

    kind: Literal["course", "work", "answer", "own", "check"]
    """`work` is what the course's own cells compute (trainings, mostly): it is run only where something asks for its results."""
    cell: str
    """The cell's id."""
    source: str = ""
    exercise: str = ""


@dataclass(frozen=True)
class Plan:
    chapter: str
    steps: tuple[Step, ...]
    skipped_names: frozenset[str]
    """What the course's skipped work would have defined."""
    like_reference: tuple[str, ...]
    """Exercises whose answer is the reference, word for word but for comments and docstrings."""


@cache
def course() -> Mapping[str, NotebookNode]:
    """Every chapter's notebook as learners get it, by the chapter's name."""
    found = {name: resources.chapters_folder() / name / f"{name}.ipynb" for name in CHAPTERS}
    return {name: read_notebook(path) for name, path in found.items() if path.is_file()}


def recognise(theirs: NotebookNode) -> str | None:
    """The chapter that a notebook is a copy of, by what its cells say and hold; None where it is of no chapter."""
    scores = {name: _likeness(theirs, name, ours) for name, ours in course().items()}
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] else None


def _likeness(theirs: NotebookNode, name: str, ours: NotebookNode) -> int:
    ids = {_graded(cell).get("grade_id") for cell in ours.cells if _graded(cell)}
    texts = {digest(cell.source) for cell in ours.cells if cell.cell_type == "code"}
    names = {f'"{exercise.id}"' for exercise in exercises_of(CHAPTERS[name])}
    found = 0
    for cell in theirs.cells:
        mark = cell.metadata.get(MARK)
        found += isinstance(mark, dict) and mark.get("chapter") == name
        found += str(_graded(cell).get("grade_id")) in ids
        found += digest(cell.source) in texts
        found += any(quoted in cell.source for quoted in names)
    return found


def plan(theirs: NotebookNode, chapter: str) -> Plan:
    """The steps of one submission. Checks and their places come from the course, whatever the submission says."""
    merged = merge(theirs, course()[chapter], grading=True).notebook
    by_cell = {exercise.grade_id: exercise for exercise in exercises_of(CHAPTERS[chapter])}
    steps: list[Step] = []
    skipped: set[str] = set()
    like: list[str] = []
    for cell in merged.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        graded = _graded(cell)
        exercise = by_cell.get(str(graded.get("grade_id", "")).removesuffix("-check"))
        if exercise and graded.get("grade"):
            steps.append(Step("check", cell.id, exercise=exercise.id))
        elif exercise and graded.get("solution"):
            steps.append(Step("answer", cell.id, cell.source, exercise.id))
            like += [exercise.id] if is_like_reference(cell.source, exercise) else []
        elif "id" in _mark(cell):
            cheap, work, skipped = set_up(cell.source, skipped)
            steps += [Step("course", cell.id, source) for source in cheap]
            steps += [Step("work", cell.id, work)] if work else []
        else:
            steps.append(Step("own", cell.id, cell.source))
    return Plan(chapter, tuple(steps), frozenset(skipped), tuple(like))


def set_up(source: str, skipped_before: Set[str] = frozenset()) -> tuple[list[str], str, set[str]]:
    """What a course's cell prepares (imports, definitions, constants), what it computes, and all names defined by computing.

    What it shows is in neither.

    >>> set_up("import torch\\nn = torch.arange(3)\\nmodel = train(n)\\nprint(n)")
    (['import torch', 'n = torch.arange(3)'], 'model = train(n)', {'model'})
    """
    cheap: list[str] = []
    work: list[str] = []
    skipped = set(skipped_before)
    for statement in ast.parse(source).body:
        if _prepares(statement) and not _read(statement) & skipped:
            cheap.append(ast.unparse(statement))
        else:
            skipped |= _bound(statement)
            work += [] if isinstance(statement, ast.Expr) else [ast.unparse(statement)]
    return cheap, "\n".join(work), skipped


def _prepares(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    return all(_root(node.func) in CHEAP_ROOTS for node in ast.walk(statement) if isinstance(node, ast.Call))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _read(statement: ast.stmt) -> set[str]:
    """The names that a statement needs when it is run; a function's body needs its names only when it is called."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return set()
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _bound(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def is_like_reference(source: str, exercise: Exercise) -> bool:
    """Whether an answer is the reference, up to comments, docstrings and layout. A prediction has no author."""
    if exercise.kind == "prediction":
        return False
    reference, theirs = _shape(references.source(exercise), exercise.name), _shape(source, exercise.name)
    return theirs is not None and theirs == reference


def _shape(source: str, name: str) -> str | None:
    """The body of the function `name`, as a syntax tree without its docstring."""
    try:
        found = list(_functions(ast.parse(source), name))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not found:
        return None
    body = found[-1].body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return "\n".join(map(ast.dump, body)) or None


def _functions(tree: ast.Module, name: str) -> Iterator[ast.FunctionDef]:
    return (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


def _graded(cell: NotebookNode) -> dict[str, object]:
    graded = cell.metadata.get("nbgrader")
    return graded if isinstance(graded, dict) else {}


def _mark(cell: NotebookNode) -> dict[str, object]:
    mark = cell.metadata.get(MARK)
    return mark if isinstance(mark, dict) else {}
