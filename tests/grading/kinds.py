"""The hostile and broken notebooks of the suite: each with what it must get."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nbformat import NotebookNode

from mechint_course.classroom.files import MARK
from mechint_course.classroom.grading.sandbox import MEGABYTE, Limits
from tests.grading import attacks
from tests.grading.submissions import answered, checks, everywhere, strip_marks, with_cell
from tests.nbgrader import bypasses
from tests.notebooks import versions

CHAPTER = "04_universality"
JUDGED = tuple(
    f"universality.{name}" for name in ("correlation", "best_match", "guess_agreement", "median_match")
)
"""The exercises of them all: it does not matter which, and no model has to be loaded to judge these."""
SHORT = Limits(cell_seconds=8, seconds=200, memory=1200 * MEGABYTE)


@dataclass(frozen=True)
class Place:
    """What a submission may try to reach: folders with other people's files, and a port where somebody listens."""

    folders: list[str] = field(default_factory=list)
    port: int = 0


@dataclass(frozen=True)
class Kind:
    """A submission, the exercises that earn their points (all, none, or all but some), and the mistake one must get."""

    notebook: NotebookNode
    lost: frozenset[str]
    slug: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


ALL = frozenset(JUDGED)
FIRST = "universality.correlation"


def solved() -> NotebookNode:
    return versions.solved(CHAPTER)


def untouched() -> NotebookNode:
    return versions.untouched(CHAPTER)


def kinds(place: Place) -> dict[str, Kind]:
    """Every kind by its name."""
    return {**_structure(), **_for_nothing(place), **_endings(place), **_replies()}


def _structure() -> dict[str, Kind]:
    """Notebooks whose cells, marks and points were changed."""

    def changed(notebook: NotebookNode, change: Callable[[NotebookNode], None]) -> NotebookNode:
        for cell in checks(notebook):
            change(cell)
        return notebook

    duplicated = solved()
    duplicated.cells += [cell.copy() for cell in checks(duplicated)] * 3
    first = solved()
    first.cells.sort(key=lambda cell: not cell.metadata.get("nbgrader", {}).get("grade"))
    deleted = untouched()
    deleted.cells = [cell for cell in deleted.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    without = solved()
    without.cells = [cell for cell in without.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    nothing = {"lost": ALL}
    return {
        "edited checks": Kind(changed(untouched(), lambda cell: cell.update(source="1000")), **nothing),
        "deleted checks, unsolved": Kind(deleted, **nothing),
        "deleted checks, solved": Kind(without, frozenset()),
        "duplicated checks": Kind(duplicated, frozenset()),
        "moved checks": Kind(first, frozenset()),
        "retagged checks": Kind(
            changed(untouched(), lambda cell: cell.metadata.update(tags=["skip-execution", "remove-cell"])),
            **nothing,
        ),
        "changed points": Kind(
            changed(
                versions.solved(CHAPTER, but=frozenset({FIRST})),
                lambda cell: cell.metadata.nbgrader.update(points=1000),
            ),
            frozenset({FIRST}),
        ),
        "checks without marks": Kind(changed(untouched(), strip_marks), **nothing),
        "changed ids": Kind(_other_ids(), **nothing),
        "an answer marked as a check": Kind(_answers_as_checks(), **nothing),
        "checks as prose": Kind(
            changed(untouched(), lambda cell: cell.update(cell_type="markdown")), **nothing
        ),
    }


def _other_ids() -> NotebookNode:
    """Every check says that it is the check of an exercise that is solved already."""
    notebook = untouched()
    for cell in checks(notebook):
        cell.metadata.nbgrader.grade_id = "universality-correlation-check"
        cell.metadata[MARK]["id"] = "universality-correlation-check"
        cell.source = f'check("{FIRST}")\n1000'
    return notebook


def _answers_as_checks() -> NotebookNode:
    notebook = untouched()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.metadata.nbgrader.update(solution=False, grade=True, points=1000, locked=True)
            cell.source = "1000"
    return notebook


def _for_nothing(place: Place) -> dict[str, Kind]:
    """Attempts at points that no line of code earns."""
    wrong = "return 0"
    before = {
        "rebinding check": attacks.REBIND_CHECK,
        "patching torch": attacks.PATCH_TORCH,
        "patching builtins": attacks.PATCH_BUILTINS,
        "patching sys.modules": attacks.PATCH_MODULES,
        "patching comparisons": attacks.PATCH_COMPARISONS,
        "patching the cells' process": attacks.PATCH_WORKER,
        "silencing output": attacks.SILENCE,
        "forging replies": attacks.FORGE,
        "editing the installed course": attacks.EDIT_THE_COURSE,
    }
    bodies = {
        "answers that equal everything": (attacks.ALWAYS_EQUAL, "return Always()"),
        "__torch_function__": (attacks.TORCH_FUNCTION, "return torch.zeros(3).as_subclass(Sly)"),
        "reading the caller's frames": ("", attacks.READ_FRAMES),
        "searching memory": ("", attacks.SEARCH_MEMORY),
        "running the checks' formula": ("", attacks.RUN_THE_CHECKS_FORMULA),
        "reading the reference": ("", attacks.READ_THE_REFERENCE),
        "reading other learners' files": ("", attacks.READ_OTHERS.format(places=place.folders)),
        "forging replies from within an answer": ("", attacks.FORGE + "\nreturn 0"),
    }
    found = {
        name: Kind(everywhere(wrong, code, chapter=CHAPTER), ALL, limits=SHORT)
        for name, code in before.items()
    }
    found |= {
        name: Kind(everywhere(body, code, chapter=CHAPTER), ALL, limits=SHORT)
        for name, (code, body) in bodies.items()
    }
    within = "forging replies from within an answer"
    found[within] = replace(found[within], limits=replace(SHORT, restarts=2))  # each answer ends its process
    for name, code in {**bypasses.FULL_MARKS, **bypasses.ONE_ANSWER}.items():
        found[f"nbgrader's bypass: {name}"] = Kind(with_cell(untouched(), code, at=2), ALL, limits=SHORT)
    return found


def _endings(place: Place) -> dict[str, Kind]:
    """A solved chapter with a cell that harms, first of all: it costs nothing but itself."""
    harms = {
        "os._exit": "import os\nos._exit(0)",
        "sys.exit": "import sys\nsys.exit(3)",
        "an interrupt": "raise KeyboardInterrupt",
        "kill -9 of everything": attacks.KILL_EVERYTHING,
        "kill of the parent": attacks.KILL_THE_PARENT,
        "a crash": attacks.CRASH,
        "an endless recursion": attacks.DEEP,
        "many processes": attacks.FORK_BOMB,
        "many processes of which one heeds": attacks.FORK_AND_HEED,
        "many threads": attacks.MANY_THREADS,
        "an endless loop": "while True: pass",
        "a loop that heeds nothing": attacks.LOOP_THAT_HEEDS_NOTHING,
        "a long sleep": "import time\ntime.sleep(10_000)",
        "endless output": "while True: print('x' * 10_000)",
        "endless files": "import itertools\nfor i in itertools.count(): open(f'{i}', 'wb').write(b'x' * 10_000_000)",
        "one endless file": "with open('big', 'wb') as f:\n    while True: f.write(b'x' * 10_000_000)",
        "open files": "def hoard():\n    kept = []\n    while True: kept.append(open('/dev/null'))\nhoard()",
        "a memory hog": attacks.MEMORY_HOG,
        "memory hogs in a row": attacks.MEMORY_HOGS_IN_A_ROW,
        "a huge allocation": "x = bytearray(10**13)",
        "a thread left running": "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin).start()",
        "a process left running": attacks.DAEMON,
        "writing outside": attacks.WRITE_OUTSIDE.format(places=place.folders),
        "deleting everything": attacks.DELETE.format(places=place.folders),
        "opening sockets": attacks.CALL_HOME.format(port=place.port),
        "becoming root": attacks.ESCALATE,
        "waiting for input": "input()",
        "warnings on stderr": "import sys, warnings\nwarnings.warn('careful')\nprint('careful', file=sys.stderr)",
        "magics": "%matplotlib inline\n!echo hello\nfrom IPython.display import HTML, display\ndisplay(HTML('x'))",
        "a cell that does not compile": "def 1 (:",
    }
    return {
        f"harm: {name}": Kind(with_cell(solved(), code), frozenset(), limits=SHORT)
        for name, code in harms.items()
    }


def _replies() -> dict[str, Kind]:
    """A solved chapter in which one answer's replies are no honest ones."""
    bodies = {
        "an answer that ends its process": ("import os; os._exit(0)", "process-ended"),
        "an answer that never returns": ("while True: pass", "loops"),
        "an answer that heeds nothing": (attacks.LOOP_THAT_HEEDS_NOTHING, "loops"),
        "a reply of 200 MB": ("import torch; return torch.zeros(50_000_000)", "process-ended"),
        "a reply that is garbage": (attacks.GARBAGE, None),
        "a reply nested too deep": (attacks.NESTED_REPLY, None),
        "a list nested too deep": ("x = []\nfor _ in range(100_000): x = [x]\nreturn x", None),
        "a number of 5,000 digits": ("return 10**5000", None),
        "not a number": (
            "import torch; return torch.full((left.shape[1], right.shape[1]), float('nan'))",
            "nan",
        ),
        "an answer that swallows requests": (attacks.SWALLOW_REQUESTS, None),
        "an answer that prints HTML": (
            f"print({attacks.SCRIPT!r}); raise ValueError({attacks.SCRIPT!r})",
            "raises",
        ),
    }
    found = {}
    for name, (body, slug) in bodies.items():
        code = "def correlation(left, right):\n" + "\n".join("    " + line for line in body.splitlines())
        found[name] = Kind(
            answered(code, FIRST, chapter=CHAPTER), frozenset({FIRST}), {FIRST: slug} if slug else {}, SHORT
        )
    guess = "universality.guess_agreement"
    html = Kind(answered(f"guess_agreement = {attacks.SCRIPT!r}", guess, chapter=CHAPTER), frozenset({guess}))
    warns = "import sys, warnings\ndef best_match(correlation):\n    warnings.warn('careful')\n    print('careful', file=sys.stderr)\n"
    right = warns + "    best = correlation.max(dim=1)\n    return best.indices, best.values"
    return {
        **found,
        "a prediction that is HTML": html,
        "a right answer that warns": Kind(
            answered(right, "universality.best_match", chapter=CHAPTER), frozenset()
        ),
    }
