"""`workshop DIR`: writes the kit."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

from mechint_course.classroom.workshop import offline, planning
from mechint_course.classroom.workshop.timetable import Timetable, as_markdown, timetables
from mechint_course.exercises.catalogue import catalogue
from mechint_course.exercises.model import Exercise

TEMPLATES = Path(__file__).parent / "templates"


def run(folder: Path, stick: Path | None = None) -> int:
    """Write the kit into `folder`, and with `stick` an offline bundle there; says what it wrote.

    Raises:
        FileExistsError: something is at one of the two places already; nothing was written.
        ValueError: the two places are not apart, and nothing was written; or the bundle cannot be made, and the kit is there.
    """
    if stick is not None and not _apart(folder.resolve(), stick.resolve()):
        raise ValueError(
            f"--offline {stick}: the stick needs a folder of its own, neither inside the kit {folder} nor around it."
        )
    for place in filter(None, (folder, stick)):
        look_before(place)
    write(folder, catalogue())
    print(f"The kit is in {folder}. Begin with {folder / 'README.md'}.")
    if stick is not None:
        made = offline.make(stick)
        print(f"The offline bundle is in {stick}: {made.n_wheels} wheels, {made.size / 1e9:.2f} GB.")
    return 0


def _apart(one: Path, other: Path) -> bool:
    """
    >>> _apart(Path("/kit"), Path("/stick")), _apart(Path("/media/kit"), Path("/media"))
    (True, False)
    """
    return not one.is_relative_to(other) and not other.is_relative_to(one)


def look_before(folder: Path) -> None:
    """Raises FileExistsError unless `folder` is free or an empty folder."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise FileExistsError(
            f"{folder} is there already, and nothing is written over it: name a folder that does not exist"
        )


def write(folder: Path, exercises: Sequence[Exercise]) -> None:
    """The kit's files, whole or not at all: they are made beside `folder` and moved there."""
    look_before(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        kit = Path(temporary) / "kit"
        shutil.copytree(TEMPLATES, kit, ignore=shutil.ignore_patterns("__pycache__", "offline"))
        readme = Template((kit / "README.md").read_text(encoding="utf-8"))
        plan = planning.as_markdown(planning.measured())
        _text(kit / "README.md", readme.substitute(planning=plan))
        for table in timetables(exercises):
            _text(kit / "timetables" / name_of(table), as_markdown(table))
        if folder.exists():
            folder.rmdir()
        kit.rename(folder)


def name_of(table: Timetable) -> str:
    """
    >>> name_of(Timetable("2 hours"))
    '2-hours.md'
    """
    return f"{table.title.replace(' ', '-')}.md"


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
