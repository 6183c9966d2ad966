"""`python -m mechint_course` from a bare checkout: real processes, the real venv and the real pip."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.shell.small import bare_python, course, environment, make_checkout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkout after its first `lab`."""
    root = make_checkout(tmp_path_factory.mktemp("small") / "a checkout")
    first = course(root, "lab", PYTHONDONTWRITEBYTECODE="1", PIP_USER="1")
    assert first.returncode == 0, first.stderr
    assert "Making the course's own environment" in first.stdout
    assert f"runs in {root / '.venv'}" in first.stdout
    return root


def test_the_first_run_says_what_it_does_and_how_long(installed: Path) -> None:
    seen = json.loads((installed / "backend_saw.json").read_text())
    assert "PYTHONDONTWRITEBYTECODE" not in seen and "PIP_USER" not in seen
    assert "Successfully installed" in (installed / ".venv" / "install.log").read_text()


def test_the_second_run_starts_at_once(installed: Path) -> None:
    second = course(installed, "lab")
    assert second.stdout.splitlines() == [f"runs in {installed / '.venv'}"]
    assert second.stderr == ""


def test_exit_codes_pass_through(installed: Path) -> None:
    assert course(installed, "lab", "five").returncode == 5


def test_an_error_is_one_sentence_and_debug_shows_where(installed: Path) -> None:
    plain = course(installed, "lab", "slip")
    assert plain.returncode == 1
    assert plain.stderr == "mechint-course lab: expected a chapter, found a slip: open 01_toy\n"
    debug = course(installed, "lab", "slip", "--debug")
    assert debug.returncode == 1 and "Traceback" in debug.stderr


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal; un-skip with a console of its own")
def test_an_interrupt_reaches_the_command_and_its_code_comes_back(installed: Path) -> None:
    words = [bare_python(), "-m", "mechint_course", "lab", "wait"]

    def heed_interrupts() -> None:  # a test run in the background ignores them, and hands that on
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        words,
        cwd=installed,
        env=environment(installed),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted inside\n"
        assert process.wait(30) == 7


def test_the_test_command_adds_its_extra_to_the_same_environment(installed: Path) -> None:
    before = course(installed, "test", "--help")
    assert before.returncode == 0 and "tiny" not in before.stdout
    run = course(installed, "test", "--version")
    assert "up to date" in run.stdout and "No module named pytest" in run.stderr  # the small extra has none
    again = course(installed, "test", "--version")
    assert "up to date" not in again.stdout


def test_changed_dependencies_are_installed(installed: Path) -> None:
    pyproject = installed / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["tiny-one>=1"]', '["tiny-one>=1", "tiny-two"]'))
    changed = course(installed, "lab")
    assert changed.returncode == 0 and "up to date" in changed.stdout
    assert len(course(installed, "lab").stdout.splitlines()) == 1


def test_a_package_that_vanished_is_put_back(installed: Path) -> None:
    (gone,) = installed.glob(".venv/[Ll]ib/**/tiny_one-1.0.dist-info")
    shutil.rmtree(gone)
    assert "up to date" in course(installed, "lab").stdout
    assert gone.is_dir()


def test_an_environment_whose_python_is_gone_is_made_again(installed: Path) -> None:
    shutil.rmtree(installed / ".venv" / ("Scripts" if os.name == "nt" else "bin"))
    mended = course(installed, "lab")
    assert mended.returncode == 0 and "Making" in mended.stdout


def test_a_moved_checkout_makes_its_environment_again(installed: Path, tmp_path: Path) -> None:
    moved = shutil.move(installed, tmp_path / "moved")
    try:
        there = course(moved, "lab")
        assert (
            there.returncode == 0
            and "Making" in there.stdout
            and f"runs in {moved / '.venv'}" in there.stdout
        )
    finally:
        shutil.move(moved, installed)


def test_another_checkouts_environment_is_not_used(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "mine")
    here = subprocess.run(  # the environment of these tests holds an editable install of this checkout, not of that one
        [
            bare_python(),
            "-c",
            "from mechint_course import install; print(install.is_ready(install.checkout()))",
        ],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
    )
    assert here.stdout == "False\n"
