"""The stick: wheels come from pip, and the installer asks for no network."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from mechint_course import resources
from mechint_course.classroom.workshop import offline

NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}


def wheel(folder: Path, name: str, lines: list[str]) -> Path:
    """A wheel of a package with one module and these lines of metadata, written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": f"def main():\n    print('{name} runs')\n",
        f"{info}/METADATA": "\n".join(
            ["Metadata-Version: 2.1", f"Name: {name.replace('_', '-')}", "Version: 1.0", *lines, ""]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name.replace('_', '-')} = {name}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
    return path


@pytest.fixture
def stick(tmp_path, monkeypatch):
    """A bundle of a small project that stands in for the course, and of what it depends on."""
    for key, value in (NOWHERE | {"PIP_FIND_LINKS": str(tmp_path / "index"), "PIP_NO_INDEX": "1"}).items():
        monkeypatch.setenv(key, value)
    wheel(tmp_path / "index", "small_dependency", [])
    lines = ["Provides-Extra: workshop", 'Requires-Dist: small-dependency; extra == "workshop"']
    course = wheel(tmp_path / "source", "mechint_course", lines)
    made = offline.write(tmp_path / "stick", ["small-dependency"], course, resources.chapters_folder())
    assert made.n_wheels == 2 and made.size == sum(
        path.stat().st_size for path in (tmp_path / "stick").rglob("*") if path.is_file()
    )
    return tmp_path / "stick"


def install(stick, folder, **environment):
    words = [sys.executable, str(stick / "install.py"), str(folder)]
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | NOWHERE | environment)


@pytest.mark.slow
def test_a_small_project_installs_from_the_stick(stick, tmp_path):
    done = install(stick, tmp_path / "here")
    assert done.returncode == 0, done.stdout + done.stderr
    programs = tmp_path / "here" / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    ran = subprocess.run([programs / "mechint-course"], capture_output=True, text=True)
    assert ran.stdout == "mechint_course runs\n"
    imports = subprocess.run([programs / "python", "-c", "import small_dependency"], capture_output=True)
    assert imports.returncode == 0
    assert {path.name for path in (stick / "chapters").iterdir()} >= {"01_toy"}
    again = install(stick, tmp_path / "here")
    assert again.returncode == 1 and "nothing is written over it" in again.stdout

    (stick / "python-version.txt").write_text("3.1\n")
    other = install(stick, tmp_path / "there")
    assert (
        other.returncode == 1 and "made for Python 3.1" in other.stdout and not (tmp_path / "there").exists()
    )


def test_what_pip_cannot_get_is_said(tmp_path, monkeypatch):
    for key, value in (NOWHERE | {"PIP_FIND_LINKS": str(tmp_path), "PIP_NO_INDEX": "1"}).items():
        monkeypatch.setenv(key, value)
    course = wheel(tmp_path / "source", "mechint_course", [])
    with pytest.raises(ValueError, match="no-such-distribution-anywhere"):
        offline.write(
            tmp_path / "stick", ["no-such-distribution-anywhere"], course, resources.chapters_folder()
        )
    assert not (tmp_path / "stick").exists()


@pytest.mark.release
@pytest.mark.timeout(3600)
def test_the_whole_course_installs_from_the_stick(tmp_path):
    """Downloads, so it needs a network; installs, so it must not."""
    began = time.monotonic()
    made = offline.make(tmp_path / "stick")
    downloaded = time.monotonic()
    done = install(tmp_path / "stick", tmp_path / "here")
    assert done.returncode == 0, done.stdout + done.stderr
    installed = time.monotonic()
    print(
        f"{made.n_wheels} wheels, {made.size / 1e9:.2f} GB; {downloaded - began:.0f} s to make, {installed - downloaded:.0f} s to install"
    )
    programs = tmp_path / "here" / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    ran = subprocess.run(
        [programs / "mechint-course", "doctor"], capture_output=True, text=True, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
