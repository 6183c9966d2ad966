"""Building: from `solutions/NN_topic/NN_topic.py` to the notebooks and the references that are committed."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mechint_course import resources
from mechint_course.classroom.files import as_text, read_notebook, write_whole
from mechint_course.classroom.references import references
from mechint_course.classroom.release import release
from mechint_course.classroom.source import Exercise, SourceError, read_source, topic_of

CHAPTER = re.compile(r"\d\d_[a-z_]+")


def run(
    chapters: Sequence[str] = (), *, execute: bool = False, check: bool = False, root: Path | None = None
) -> int:
    """Build the chapters named, or all of them.

    Args:
        chapters: folder names such as `01_toy`; empty means all.
        execute: also run each notebook with its solutions and keep its pictures.
        check: write nothing; compare sources and metadata with what is there.
        root: the checkout; found by itself otherwise.

    Returns:
        0, or 1 when something is wrong or (with `check`) differs, after saying what on stderr.
    """
    try:
        root = root or _checkout()
        names = _chosen(root, chapters)
        made: dict[Path, str] = {}
        for name in names:
            made |= files(root, name, _exercises_of(topic_of(name)))
        stale = _stale(root, names, made)
        if check:
            return _report(root, made, stale)
        for path, text in made.items():
            if path.suffix != ".ipynb" or not _same(path, text):
                write_whole(path, text)
        for path in stale:
            path.unlink()
        for name in names if execute else ():
            from mechint_course.classroom.execute import execute as run_notebook

            path = root / "solutions" / name / f"{name}.ipynb"
            before = path.read_bytes()
            ran = as_text(run_notebook(read_notebook(path), name))
            if path.read_bytes() != before:
                raise SourceError(
                    f"{path.name} was built anew while it ran, so nothing is written; run it again."
                )
            write_whole(path, ran)
    except SourceError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    print(f"Built {', '.join(names)}.")
    return 0


def files(root: Path, name: str, exercises: Sequence[Exercise]) -> dict[Path, str]:
    """Every file that is made from one chapter's source: path -> text."""
    chapter = read_source(root / "solutions" / name / f"{name}.py", exercises)
    folder = root / "mechint_course" / "data" / "references"
    made = {folder / path: text for path, text in references(chapter).items()}
    solved = root / "solutions" / name / f"{name}.ipynb"
    made[solved] = as_text(_with_outputs_of(solved, chapter.notebook))
    made[root / "chapters" / name / f"{name}.ipynb"] = as_text(release(chapter))
    return made


def chapter_names(root: Path) -> list[str]:
    """The chapters that have a source, in order."""
    folders = sorted(path for path in (root / "solutions").iterdir() if CHAPTER.fullmatch(path.name))
    return [folder.name for folder in folders if (folder / f"{folder.name}.py").is_file()]


def _checkout() -> Path:
    root = resources.checkout()
    if root is None:
        raise SourceError(
            "expected a checkout, found an installed package; clone the repository and build there."
        )
    return root


def _exercises_of(topic: str) -> Sequence[Exercise]:
    from mechint_course.exercises.catalogue import CHAPTERS, exercises_of

    if topic not in CHAPTERS.values():
        raise SourceError(f"the catalogue has no topic {topic!r}; it has {', '.join(CHAPTERS.values())}.")
    return exercises_of(topic)


def _chosen(root: Path, chapters: Sequence[str]) -> list[str]:
    names = chapter_names(root)
    for name in chapters:
        if name not in names:
            raise SourceError(f"there is no chapter {name!r}; there are {', '.join(names) or 'none yet'}.")
    return [name for name in names if not chapters or name in chapters]


def _stale(root: Path, names: Sequence[str], made: dict[Path, str]) -> list[Path]:
    """References of these chapters that no exercise has any more."""
    folders = [root / "mechint_course" / "data" / "references" / topic_of(name) for name in names]
    return sorted(path for folder in folders for path in folder.glob("*.py") if path not in made)


def _with_outputs_of(path: Path, notebook: NotebookNode) -> NotebookNode:
    """`notebook` with the outputs of the executed one, where a cell's source is still the same."""
    if not path.is_file():
        return notebook
    old = {cell.id: cell for cell in read_notebook(path).cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in old and old[cell.id].source == cell.source:
            cell.outputs, cell.execution_count = old[cell.id].outputs, old[cell.id].execution_count
    return notebook


def _plain(notebook: NotebookNode) -> dict[str, object]:
    """What `check` compares: the sources and metadata, by cell id; not outputs, not what running adds."""
    cells = notebook.cells
    parts: dict[str, object] = {
        f"cell {cell.id}": (cell.cell_type, cell.source, cell.metadata) for cell in cells
    }
    parts["the order of the cells"] = [cell.id for cell in cells]
    parts["the notebook's metadata"] = notebook.metadata
    return parts


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def differences(path: Path, text: str) -> list[str]:
    """In what a committed file differs from what the build makes now; empty when it does not."""
    if not path.is_file():
        return ["is missing"]
    if path.suffix != ".ipynb":
        return [] if path.read_bytes() == text.encode() else ["differs"]
    try:
        there = _plain(read_notebook(path))
    except ValueError as error:
        return [str(error)]
    here = _plain(nbformat.reads(text, as_version=4))
    if there == here:
        return []
    return [f"{part} differs" for part in {**here, **there} if here.get(part) != there.get(part)]


def _report(root: Path, made: dict[Path, str], stale: Sequence[Path]) -> int:
    found = {path: differences(path, text) for path, text in made.items()}
    found |= {path: ["belongs to no exercise"] for path in stale}
    for path, what in found.items():
        for line in what:
            print(f"{path.relative_to(root).as_posix()}: {line}", file=sys.stderr)
    if any(found.values()):
        print("Run `mechint-course build` and commit what it writes.", file=sys.stderr)
        return 1
    print("Everything built is up to date.")
    return 0
