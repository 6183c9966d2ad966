"""The checkout's own environment: is it there, make it, mend it, go on inside it. Standard library only."""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mechint_course.install_words import CannotInstall, cannot_run_here, pip_failed, pip_says

NAME = "mechint-course"
CAN_BECOME = os.name == "posix"
"""Whether a process can become another one, which keeps signals, terminal and exit code as they are."""
SPACE = 4_000_000_000
"""Bytes that must be free before an install: the packages take 1.9 GB (2.4 with the tests'), pip's copies the rest."""


def checkout() -> Path | None:
    """The root of the checkout that this file is in, or None where the package was installed from a wheel."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() else None


def requirements(project: dict, extra: str | None = None) -> list[str]:
    """What `[project]` of a pyproject.toml asks for, with one extra and the extras that it names in turn.

    >>> requirements({"name": "a", "dependencies": ["b>=1"], "optional-dependencies": {"x": ["a[y]", "c"], "y": ["d"]}}, "x")
    ['b>=1', 'd', 'c']
    """

    def of_extra(name: str) -> list[str]:
        found: list[str] = []
        for line in project.get("optional-dependencies", {})[name]:
            again = re.fullmatch(re.escape(project["name"]) + r"\[([\w-]+)\]", line)
            found += of_extra(again[1]) if again else [line]
        return found

    return [*project["dependencies"], *(of_extra(extra) if extra else [])]


def missing(root: Path, extra: str | None = None) -> list[str]:
    """Names of the distributions that this environment lacks; nothing is imported."""
    names = [re.match(r"[\w.-]+", line)[0] for line in requirements(project(root), extra)]  # type: ignore[index]
    return [name for name in [NAME, *names] if not _has_distribution(name)]


def is_ready(root: Path, extra: str | None = None) -> bool:
    """Whether this process can run the course of this checkout: everything is here, and up to date if it is our `.venv`."""
    if missing(root, extra) or _belongs_to_another_checkout(root):
        return False
    stamp = _stamp(root) if in_own_environment(root) else {}
    return not stamp or stamp.get(extra or "") == _fingerprint(root, extra)


def in_own_environment(root: Path) -> bool:
    """Whether this process runs in the checkout's `.venv`."""
    return Path(sys.prefix).resolve() == (root / ".venv").resolve()


def has_environment(root: Path, extra: str | None = None) -> bool:
    """Whether the checkout's `.venv` is whole and up to date."""
    return _stamp(root).get(extra or "") == _fingerprint(root, extra) and _version(_python(root)) is not None


def make_environment(root: Path, extra: str | None = None) -> None:
    """Makes, mends or updates the `.venv` in the checkout, so that it holds the course and its dependencies.

    Raises `CannotInstall` with a sentence that says why not and what to do.
    """
    folder = root / ".venv"
    new = _version(_python(root)) is None or _moved(root)
    _look_before(root, folder, new)
    if new:
        print(
            f"Making the course's own environment in {folder}. This happens once and takes 2 GB of disk.",
            flush=True,
        )
        print(
            "It takes a few minutes, and half a gigabyte is downloaded (more where PyTorch comes with CUDA).",
            flush=True,
        )
        _run_or_say([sys.executable, "-m", "venv", "--clear", str(folder)], folder)
    else:
        print(f"Bringing the course's own environment in {folder} up to date.", flush=True)
    if subprocess.call([_python(root), "-c", "import pip"], stderr=subprocess.DEVNULL) != 0:
        _run_or_say([str(_python(root)), "-m", "ensurepip"], folder)
    _pip(root, extra)
    known = ["", *project(root).get("optional-dependencies", {})]
    valid = {key: _fingerprint(root, key or None) for key in known}
    stamp = {key: value for key, value in _stamp(root).items() if valid.get(key) == value}
    stamp |= {key: valid[key] for key in ("", extra or "")}
    _stamp_file(root).write_text(json.dumps({"root": str(root), "holds": stamp}, indent=1), encoding="utf-8")
    print("Installed. From now on it starts at once, and needs no network.", flush=True)


def go_on(root: Path, argv: list[str], environment: dict[str, str]) -> int:
    """Runs the same command inside the `.venv` and returns its exit code; Ctrl-C and signals reach it."""
    words = [str(_python(root)), "-m", "mechint_course", *argv]
    sys.stdout.flush()
    if CAN_BECOME:
        os.execve(words[0], words, os.environ | environment)
    # Wait, and leave Ctrl-C, which both receive, to the child.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.Popen(words, env=os.environ | environment).wait()


def project(root: Path) -> dict:
    """The `[project]` table of the checkout's pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _has_distribution(name: str) -> bool:
    try:
        return bool(importlib.metadata.distribution(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def _belongs_to_another_checkout(root: Path) -> bool:
    """An editable install of another checkout would run that one's code in every kernel."""
    origin = json.loads(importlib.metadata.distribution(NAME).read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return False
    return Path(url2pathname(urlsplit(origin["url"]).path)).resolve() != root


def _fingerprint(root: Path, extra: str | None) -> str:
    wanted = project(root)
    parts = [requirements(wanted, extra), wanted["requires-python"], wanted.get("scripts", {})]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _stamp_file(root: Path) -> Path:
    return root / ".venv" / "mechint_course.json"


def _whole_stamp(root: Path) -> dict:
    try:
        stamp = json.loads(_stamp_file(root).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or cut off in the middle of a write: both mean "install again"
        return {}
    return stamp if isinstance(stamp, dict) and isinstance(stamp.get("holds"), dict) else {}


def _stamp(root: Path) -> dict[str, str]:
    """What was installed for this checkout: extra -> fingerprint of what was asked for; the key "" is no extra."""
    stamp = _whole_stamp(root)
    return stamp["holds"] if stamp.get("root") == str(root) else {}


def _moved(root: Path) -> bool:
    """Whether the `.venv` was made for a checkout that stood elsewhere: its scripts point there."""
    return _whole_stamp(root).get("root", str(root)) != str(root)


def _python(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _version(python: Path) -> tuple[int, ...] | None:
    """The version of a Python that runs and has its packages in place, or None."""
    try:
        out = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
    except OSError:
        return None
    version = tuple(int(part) for part in out.stdout.split()) if out.returncode == 0 else None
    packages = python.parent.parent / (
        "Lib" if os.name == "nt" else "lib/python{}.{}".format(*version or (0, 0))
    )
    return version if packages.is_dir() else None


def _look_before(root: Path, folder: Path, new: bool) -> None:
    """Raises `CannotInstall` for everything that can be known before a byte is downloaded."""
    problem = cannot_run_here()
    if problem:
        raise CannotInstall(problem)
    version = _version(_python(root))
    if version is not None and not (3, 11) <= version <= (3, 13):
        raise CannotInstall(
            f"{folder} holds Python {version[0]}.{version[1]}, and the course needs 3.11, 3.12 or 3.13: "
            "delete or rename that folder and type the same command again."
        )
    if (
        folder.exists()
        and not (folder / "pyvenv.cfg").is_file()
        and any(path.is_file() for path in folder.rglob("*"))
    ):
        raise CannotInstall(
            f"{folder} is there but is no Python environment: rename it and type the same command again."
        )
    if new and (find_spec("venv") is None or find_spec("ensurepip") is None):
        raise CannotInstall(
            "This Python lacks `venv` or `ensurepip`, which make an environment: on Debian and Ubuntu type "
            f"`sudo apt install python3.{sys.version_info[1]}-venv`; elsewhere take Python from python.org."
        )
    free = shutil.disk_usage(root).free
    if new and free < SPACE:
        raise CannotInstall(
            f"{root} is on a disk with {free / 1e9:.1f} GB free and an install needs {SPACE / 1e9:.0f} GB: "
            "free some space or move the checkout to another disk."
        )


def _run_or_say(words: list[str], folder: Path) -> None:
    out = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if out.returncode != 0:
        raise CannotInstall(pip_failed(out.stdout, f"Could not make {folder}"))


def _pip(root: Path, extra: str | None) -> None:
    """Installs the checkout into its `.venv`; the whole output is kept in `.venv/install.log`."""
    log = root / ".venv" / "install.log"
    environment = {
        key: value
        for key, value in os.environ.items()
        # Without compiled bytecode every later start is seconds slower; the others send packages elsewhere.
        if key not in ("PYTHONDONTWRITEBYTECODE", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_NO_COMPILE")
    }
    what = f".[{extra}]" if extra else "."
    words = [
        str(_python(root)),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "-e",
        what,
    ]
    lines: list[str] = []
    last = ""
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            words, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", errors="replace",
        ) as process,
    ):  # fmt: skip
        for line in process.stdout or ():
            kept.write(line)
            lines.append(line)
            if (said := pip_says(line)) and said != last:
                print(last := said, flush=True)
    if process.returncode != 0:
        raise CannotInstall(
            pip_failed("".join(lines), f"Could not install the course; all that pip said is in {log}")
        )
