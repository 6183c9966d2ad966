"""Submissions as they come: notebooks, folders of them, the zip of a learning platform. Nothing is unpacked to disk.

Whatever is wrong with a file becomes the submission's `trouble`, so that it has its row in the table and the batch goes on.
"""

import hashlib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

MEGABYTE = 2**20
LARGEST = 20 * MEGABYTE
"""The largest notebook that is read; the largest of ours, with all its pictures, has less than 5 MB."""
MOST_ENTRIES = 20_000
SKIPPED = {".ipynb_checkpoints", "__pycache__", "__MACOSX", "backups"}
"""Folders that hold copies which somebody's program made, `backups` being the course's own: no hand-ins."""
MOST_BESIDE = 5 * MEGABYTE
"""All the other files of one learner together; more are left out, and the submission's row says so."""
PATTERNS = {
    "moodle": r"(?:^|/)(?P<learner>[^/]+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)",
    "canvas": r"(?:^|/)(?P<learner>[^/_]+?)(?:_LATE)?_(?P<id>\d+)_\d+_[^/]*$",
    "nbgrader": r"(?:^|/)submitted/(?P<learner>[^/]+)/",
}
"""How the learner stands in a file's name; `--pattern` comes before all of them."""


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in."""

    learner: str
    name: str
    """Where it was found, for people."""
    content: bytes = b""
    number: str = ""
    """The platform's own number of the learner, where the name holds one."""
    beside: dict[str, bytes] = field(default_factory=dict)
    """Files that came with the notebook, by their path relative to it."""
    trouble: str = ""
    """Why it cannot be graded, in a sentence; empty otherwise."""
    note: str = ""
    """What somebody should know who sees the grade; empty otherwise."""

    @property
    def key(self) -> str:
        """Tells this submission from every other and from a later version of itself."""
        parts = [self.learner, self.name, self.trouble, self.note, *sorted(self.beside)]
        hashed = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        for content in (self.content, *(self.beside[name] for name in sorted(self.beside))):
            hashed.update(hashlib.sha256(content).digest())
        return hashed.hexdigest()[:24]


@dataclass
class _Found:
    name: str
    content: bytes = b""
    trouble: str = ""
    too_large: bool = False
    """No notebook, and more than is read of any file: its content is left out."""


def find(paths: Iterable[Path], pattern: str | None = None) -> list[Submission]:
    """Every submission under the paths, in the order of their names.

    Raises:
        ValueError: the pattern is not one, or a path does not exist.
    """
    own = _compiled(pattern)
    submissions: list[Submission] = []
    for path in paths:
        if not path.exists():
            raise ValueError(f"{path} does not exist; give a notebook, a folder of notebooks, or a zip.")
        if path.is_dir():
            submissions += _grouped(_in_folder(path), own, str(path.name))
        elif path.suffix.lower() == ".zip":
            submissions += _grouped(_in_zip(path), own, path.stem)
        else:
            submissions += _grouped([_one_file(path, path.name)], own, path.stem)
    return submissions


def _compiled(pattern: str | None) -> list[re.Pattern[str]]:
    try:
        own = [re.compile(pattern)] if pattern else []
    except re.error as error:
        raise ValueError(f"--pattern is not a regular expression: {error}") from error
    if own and "learner" not in own[0].groupindex:
        raise ValueError("--pattern needs a group named learner, for example '^(?P<learner>[^_]+)_'")
    return own + [re.compile(known) for known in PATTERNS.values()]


def _grouped(found: Iterable[_Found], patterns: list[re.Pattern[str]], whole: str) -> Iterator[Submission]:
    """Notebooks (and what cannot be read) as submissions, each with the files that lie in its learner's own folder."""
    files = list(found)
    notebooks = [one for one in files if one.trouble or one.name.lower().endswith(".ipynb")]
    folders = [str(PurePosixPath(one.name).parent) for one in notebooks]
    own_folders = len(set(folders)) > 1 or len(notebooks) == 1
    for one, folder in zip(notebooks, folders, strict=True):
        learner, number = _learner(one.name, patterns, own_folders)
        beside, left_out = _beside(folder, files) if own_folders and folder != "." else ({}, "")
        yield Submission(learner, f"{whole}/{one.name}", one.content, number, beside, one.trouble, left_out)


def _learner(name: str, patterns: list[re.Pattern[str]], own_folders: bool) -> tuple[str, str]:
    for pattern in patterns:
        if match := pattern.search(name):
            groups = match.groupdict()
            return (groups["learner"] or "").strip() or name, groups.get("id") or ""
    path = PurePosixPath(name)
    first = next((part for part in path.parts[:-1] if part not in ("/", "..", ".")), "")
    return (first if own_folders and first else path.stem) or name, ""


def _beside(folder: str, files: list[_Found]) -> tuple[dict[str, bytes], str]:
    """The files that come along, and a sentence where some do not."""
    inside = folder + "/"
    mine = [
        one
        for one in files
        if one.name.startswith(inside) and not one.trouble and not one.name.lower().endswith(".ipynb")
    ]
    read = {one.name.removeprefix(inside): one.content for one in mine if not one.too_large}
    if sum(map(len, read.values())) > MOST_BESIDE:
        return {}, (
            f"The files beside the notebook have more than {MOST_BESIDE // MEGABYTE} MB and were left out: "
            "ask for the notebook and its helpers alone."
        )
    if len(read) < len(mine):
        return read, f"Files of more than {LARGEST // MEGABYTE} MB beside the notebook were left out."
    return read, ""


def _in_folder(root: Path) -> Iterator[_Found]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in [*folders, *sorted(names)]:
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                yield _Found(
                    relative,
                    trouble="it is a link to another place, which is not followed; ask for the file itself.",
                )
            elif name in names:
                yield _one_file(path, relative)


def _one_file(path: Path, name: str) -> _Found:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return _Found(name, trouble="it is no ordinary file; ask for the notebook itself.")
        if status.st_size > LARGEST:
            return _too_large(name, status.st_size)
        return _judged(name, path.read_bytes())
    except OSError as error:
        return _Found(name, trouble=f"it cannot be read ({error.strerror or error}).")


def _in_zip(path: Path) -> Iterator[_Found]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield _Found(path.name, trouble=f"it is no zip that can be opened ({error}); download it again.")
        return
    with archive:
        entries = archive.infolist()
        for entry in entries[:MOST_ENTRIES]:
            if not entry.is_dir() and not SKIPPED & set(PurePosixPath(entry.filename).parts):
                yield _entry(archive, entry)
        if len(entries) > MOST_ENTRIES:
            yield _Found(
                path.name, trouble=f"it has {len(entries)} entries, of which {MOST_ENTRIES} were read."
            )


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Found:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return _Found(
            name,
            trouble="its name leads out of the zip, which an honest zip does not do; ask for the file itself.",
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _Found(
            name, trouble="it is a link to another place, which is not followed; ask for the file itself."
        )
    try:
        with archive.open(entry) as file:
            content = file.read(LARGEST + 1)  # what the header says of the size is not believed
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        return _Found(name, trouble=f"it cannot be read from the zip ({error}).")
    return (
        _too_large(name, max(entry.file_size, len(content)))
        if len(content) > LARGEST
        else _judged(name, content)
    )


def _judged(name: str, content: bytes) -> _Found:
    if name.lower().endswith(".zip"):
        return _Found(
            name, trouble="it is a zip within the hand-in; unpack it, or ask for the notebook itself."
        )
    return _Found(name, content)


def _too_large(name: str, size: int) -> _Found:
    if not name.lower().endswith((".ipynb", ".zip")):
        return _Found(name, too_large=True)
    return _Found(
        name,
        trouble=f"it has {size / MEGABYTE:.0f} MB, and {LARGEST / MEGABYTE:.0f} is the most that is read; "
        "ask for the notebook with its outputs cleared.",
    )
