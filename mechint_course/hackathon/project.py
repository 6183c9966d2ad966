"""`mechint-course new NAME --track TRACK`: an ordinary folder with a question, a notebook that runs, and a report to fill in.

Each track's notebook has one source, `templates/TRACK.py`, a percent script; it becomes a notebook here.
"""

import argparse
import re
import shlex
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mechint_course import __version__
from mechint_course.hackathon.readme import IGNORED, REPORT, readme
from mechint_course.hackathon.tracks import TRACKS, Track

TEMPLATES = Path(__file__).parent / "templates"
NOTEBOOK = "experiment.ipynb"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_GOOD_NAMES = ("team-pentagon", "sparser-than-you", "one-neuron")


def run(arguments: argparse.Namespace) -> int:
    """Makes the project and says how to go on.

    Raises:
        ValueError: the name or the track is none; the sentence lists good ones.
        FileExistsError: something is there already; nothing was written.
    """
    folder = create(Path(arguments.name), arguments.track)
    print(f"The project is in {folder}. Read {folder / 'README.md'}, then open the notebook:")
    print(f"  cd {shlex.quote(str(folder))} && jupyter lab {NOTEBOOK}")
    return 0


def create(folder: Path, track: str | None) -> Path:
    """Writes the project's files, whole or not at all: they are made beside the folder and moved there."""
    chosen = find(track)
    name = folder.name
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{str(folder)!r} is no name for a project: take letters, digits, '-', '_' and '.', "
            f"for example {', '.join(_GOOD_NAMES)}"
        )
    if folder.exists() or folder.is_symlink():
        free = [other for other in (f"{name}-2", *_GOOD_NAMES) if not folder.with_name(other).exists()]
        raise FileExistsError(
            f"{folder} is there already, and nothing is written over it; these names are free: {', '.join(free)}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}.") as temporary:
        made = Path(temporary) / "project"
        (made / "results").mkdir(parents=True)
        _text(made / "README.md", readme(chosen, name, NOTEBOOK))
        _text(made / "report.md", REPORT.format(name=name, question=chosen.question, version=__version__))
        _text(made / ".gitignore", IGNORED)
        _text(made / "results" / "README.md", "The notebook puts its plot and its numbers here.\n")
        _text(made / NOTEBOOK, nbformat.writes(notebook(chosen)) + "\n")
        made.rename(folder)
    return folder


def find(track: str | None) -> Track:
    """The track of a name. Raises ValueError, with the list of them, where there is none."""
    if track in TRACKS:
        return TRACKS[str(track)]
    listed = "".join(f"\n  {one.name:<13} {one.question}" for one in TRACKS.values())
    said = "say which track with --track" if track is None else f"there is no track {track!r}"
    raise ValueError(f"{said}; these are there:{listed}")


def notebook(track: Track) -> NotebookNode:
    """The track's notebook: its question, then the cells of its script."""
    script = (TEMPLATES / f"{track.name.replace('-', '_')}.py").read_text(encoding="utf-8")
    opening = nbformat.v4.new_markdown_cell(f"# {track.title}\n\n{track.question}\n\n{track.baseline}")
    cells = [opening, *cells_of(script)]
    for number, cell in enumerate(cells):
        cell.id = f"{track.name}-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    made: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(made)
    return made


def cells_of(script: str) -> list[NotebookNode]:
    """The cells of a percent script: `# %%` begins code, `# %% [markdown]` prose, whose lines are comments.

    >>> [(cell.cell_type, cell.source) for cell in cells_of("# %% [markdown]\\n# Hello\\n#\\n# you\\n\\n# %%\\nx = 1\\n")]
    [('markdown', 'Hello\\n\\nyou'), ('code', 'x = 1')]
    """
    cells = []
    for block in re.split(r"^# %%", script, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        if head.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.strip().split("\n")]
            cells.append(nbformat.v4.new_markdown_cell("\n".join(lines)))
        else:
            cells.append(nbformat.v4.new_code_cell(body.strip("\n")))
    return cells


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
