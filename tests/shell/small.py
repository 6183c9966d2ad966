"""A checkout small enough to install for real, with the real pip and no network, in a test."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import mechint_course

PACKAGE = Path(mechint_course.__file__).parent
FILES = ("__init__", "__main__", "cli", "commands", "install", "install_words")

# A build backend inside the checkout: pip needs nothing but this file to install the project.
BACKEND = """
import json, os, tomllib, zipfile
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    with open("backend_saw.json", "w") as seen:
        json.dump(dict(os.environ), seen)
    if os.environ.get("BACKEND_SAYS"):
        raise OSError(os.environ["BACKEND_SAYS"])
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.1", "Name: mechint-course", "Version: 0.1.0"]
    lines += [f"Requires-Dist: {line}" for line in project["dependencies"]]
    for extra, wanted in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}", *(f'Requires-Dist: {line} ; extra == "{extra}"' for line in wanted)]
    info = "mechint_course-0.1.0.dist-info/"
    wheel = "mechint_course-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder) / wheel, "w") as file:
        file.writestr("mechint_course.pth", os.getcwd())
        file.writestr(info + "METADATA", "\\n".join(lines) + "\\n")
        file.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        file.writestr(info + "RECORD", "")
    return wheel
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "mechint-course"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["tiny-one>=1"]

[project.optional-dependencies]
test = ["tiny-test"]
"""

# In place of JupyterLab: says where it runs, or waits for Ctrl-C, or ends with a code of its own.
LAB = """
import sys, time

def run(chapter, folder, browser):
    if chapter == "wait":
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted inside", flush=True)
            return 7
    if chapter == "slip":
        raise ValueError("expected a chapter, found a slip: open 01_toy")
    print("runs in", sys.prefix)
    return 5 if chapter == "five" else 0
"""


def make_checkout(folder: Path) -> Path:
    """A checkout with the real start-up files, one room in stand-in, and two tiny dependencies beside it."""
    (folder / "mechint_course" / "classroom").mkdir(parents=True)
    for name in FILES:
        shutil.copy(PACKAGE / f"{name}.py", folder / "mechint_course")
    (folder / "mechint_course" / "classroom" / "__init__.py").touch()
    (folder / "mechint_course" / "classroom" / "lab.py").write_text(LAB)
    shutil.copy(PACKAGE / "classroom" / "doctor.py", folder / "mechint_course" / "classroom")
    # What the command line says of a room's commands: words only, the standard library's argparse and nothing of the rooms.
    for room in ("classroom/grading", "hackathon"):
        (folder / "mechint_course" / room).mkdir()
        for name in ("__init__.py", "words.py"):
            shutil.copy(PACKAGE / room / name, folder / "mechint_course" / room)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for name in ("tiny_one", "tiny_test", "tiny_two"):
        make_wheel(folder / "wheels", name)
    return folder


def make_wheel(folder: Path, name: str) -> None:
    """A distribution that holds nothing."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info/"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(info + "RECORD", "")


def environment(root: Path, **more: str) -> dict[str, str]:
    """Variables under which pip finds the tiny wheels and nothing else."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON", "MECHINT_"))
    }
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (root / "wheels").as_uri(),
        **more,
    }


def bare_python() -> str:
    """The Python that this environment was made from: it has no dependency of the course."""
    return getattr(sys, "_base_executable", sys.executable)


def course(root: Path, *words: str, before: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m mechint_course WORDS` in a checkout with a bare Python; `before` is run in that Python first."""
    start = ["-m", "mechint_course"]
    if before:
        start = [
            "-c",
            f"{before}\nimport runpy; runpy.run_module('mechint_course', run_name='__main__', alter_sys=True)",
        ]
    return subprocess.run(
        [bare_python(), *start, *words],
        cwd=root,
        env=environment(root, **more),
        capture_output=True,
        text=True,
        timeout=120,
    )
