"""The one place that knows where chapters, shipped data, progress and caches are.

Everything is found the same way from a checkout, an editable install and an installed wheel.
"""

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The root of the checkout that this package runs from, or None when it was installed as a wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "solutions").is_dir() else None


def chapters_folder() -> Path:
    """Where the learner's versions of the notebooks are (read-only for us: learners work on copies)."""
    root = checkout()
    return root / "chapters" if root else _PACKAGE / "_chapters"


def data_folder() -> Path:
    """What is shipped with the package: models, tokenizer, references of the exercises (read-only)."""
    return _PACKAGE / "data"


def user_folder() -> Path:
    """Where a learner's progress lives; `MECHINT_COURSE_HOME` names another place."""
    override = os.environ.get("MECHINT_COURSE_HOME")
    return Path(override) if override else platformdirs.user_data_path("mechint_course", appauthor=False)


def cache_folder() -> Path:
    """Where what can be made again is kept (corpora, retrained models); `MECHINT_COURSE_CACHE` names another place."""
    override = os.environ.get("MECHINT_COURSE_CACHE")
    return Path(override) if override else platformdirs.user_cache_path("mechint_course", appauthor=False)


def make_folder(folder: Path) -> None:
    """Makes the folder that a command will write to: called before hours of work, not after them.

    Raises ValueError where there can be none.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "is a file" if folder.is_file() else f"cannot be made ({error.strerror})"
        raise ValueError(f"Expected a folder to write to, but {folder} {why}: name another one.") from None


def replace_file(path: Path, content: bytes) -> None:
    """Puts `content` at `path` in one step: a crash on the way leaves the old file as it was."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
