"""Notebooks on disk: the course's mark on each cell, one way of writing, writes that are whole or nothing."""

import hashlib
import json
import os
import tempfile
import uuid
from pathlib import Path

import nbformat
from nbformat import NotebookNode

MARK = "mechint_course"
"""The metadata key under which a cell of the course carries its `id` and the `hash` of its source."""

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def digest(source: str) -> str:
    """A short hash of a cell's source; white space at the ends of lines and of the cell does not count.

    >>> digest("x = 1") == digest("x = 1  \\n")
    True
    """
    text = "\n".join(line.rstrip() for line in source.split("\n")).strip()
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def as_text(notebook: NotebookNode) -> str:
    """A notebook as Jupyter itself writes it, with a line end at the end."""
    return str(nbformat.writes(notebook, version=4)).rstrip("\n") + "\n"


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook, upgraded to the current format.

    Raises:
        ValueError: the file is not a notebook; the sentence says what was found instead.
    """
    try:
        raw = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(
            f"{path} is not a notebook: expected JSON, but it cannot be read ({error})."
        ) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise ValueError(
            f"{path} is not a notebook: it is JSON without the field 'nbformat' that every notebook has."
        )
    try:
        if raw["nbformat"] != 4:
            raw = nbformat.reads(json.dumps(raw), as_version=4)
        notebook = nbformat.v4.upgrade(nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(raw)))
        seen: set[str | None] = {None}
        for cell in notebook.cells:
            if cell.get("id") in seen:
                cell["id"] = uuid.uuid4().hex[:8]
            seen.add(cell["id"])
        nbformat.validate(notebook, relax_add_props=True)
    except (AttributeError, KeyError, TypeError, ValueError, nbformat.ValidationError) as error:
        words = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ValueError(
            f"{path} is not a notebook of format 4 ({type(error).__name__}: {words})."
        ) from error
    return notebook


def write_whole(path: Path, text: str) -> None:
    """Write a text file with LF ends so that a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
