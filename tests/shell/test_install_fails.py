"""What a person reads where the course cannot be installed: one sentence, with the remedy."""

import ast
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from mechint_course import __main__ as start
from mechint_course import install, install_words
from tests.shell.small import PACKAGE, bare_python, course, make_checkout

NO_ENSUREPIP = "import sys; sys.modules['ensurepip'] = None"
FULL = "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**9, 9 * 10**8, 10**8)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "checkout")


def sentence(run: subprocess.CompletedProcess[str]) -> str:
    """The one line of stderr of a run that failed as it should."""
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    (line,) = run.stderr.splitlines()
    return line


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 0), (3, 14, 0)])
def test_a_wrong_python_is_named_with_the_one_to_take(root: Path, version: tuple[int, ...]) -> None:
    before = f"import sys; sys.version_info = {(*version, 'final', 0)}; sys.path.insert(0, '')"
    said = sentence(course(root, "lab", before=before))
    assert said.startswith(f"This is Python {version[0]}.{version[1]}; the course needs 3.11, 3.12 or 3.13")
    assert "-m mechint_course lab" in said or "python.org" in said
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("minor", [7, 8, 9, 10])
def test_an_old_python_on_this_machine_reads_the_sentence(root: Path, minor: int) -> None:
    name = f"python3.{minor}"
    if not shutil.which(name) or not start._runs(name):
        pytest.skip(f"no {name} here; un-skip by installing one")
    run = subprocess.run([name, "-m", "mechint_course", "lab"], cwd=root, capture_output=True, text=True)
    assert sentence(run).startswith(f"This is Python 3.{minor};")


@pytest.mark.parametrize("name", ["__init__", "__main__"])
def test_an_old_python_can_read_the_front_door(name: str) -> None:
    ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (oldest, newest) = start.OLDEST, start.NEWEST
    assert project["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    assert set(start.EXTRAS.values()) <= set(project["optional-dependencies"])


def test_a_python_without_ensurepip(root: Path) -> None:
    said = sentence(course(root, "lab", before=f"{NO_ENSUREPIP}; sys.path.insert(0, '')"))
    assert "ensurepip" in said and "sudo apt install python3." in said and "python.org" in said


def test_a_disk_that_is_too_full(root: Path) -> None:
    said = sentence(course(root, "lab", before=f"{FULL}; import sys; sys.path.insert(0, '')"))
    assert "0.1 GB free" in said and "an install needs 4 GB" in said and "free some space" in said


def test_a_folder_that_cannot_be_written_to(root: Path) -> None:
    (root / ".venv").write_text("a file where the environment belongs")
    said = sentence(course(root, "lab"))
    assert ".venv" in said and "type the same command" in said


def test_a_venv_folder_of_something_else_is_left_alone(root: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / "letters.txt").write_text("mine")
    assert "is no Python environment: rename it" in sentence(course(root, "lab"))
    assert (root / ".venv" / "letters.txt").read_text() == "mine"


def test_no_network_then_a_network(root: Path) -> None:
    """A real pip against an address where nobody answers; the next run goes on with the half-made environment."""
    nobody = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    run = course(root, "lab", PIP_FIND_LINKS="", **nobody)
    assert run.stdout.count("the package index does not answer") == 1
    said = sentence(run)
    assert "could not be downloaded" in said and "HTTPS_PROXY" in said
    assert "Connection" in (root / ".venv" / "install.log").read_text()
    mended = course(root, "lab")
    assert mended.returncode == 0 and "Making" not in mended.stdout and "runs in" in mended.stdout

    # In the same environment: the disk fills while pip works, and a package that this machine's index lacks.
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"tiny-one>=1"', '"tiny-one>=1", "tiny-two"'))
    said = sentence(course(root, "lab", BACKEND_SAYS="[Errno 28] No space left on device"))
    assert "The disk is full" in said and "TMPDIR" in said
    pyproject.write_text(pyproject.read_text().replace('"tiny-two"', '"tiny-absent"'))
    said = sentence(course(root, "lab"))
    assert "has no tiny-absent for this machine" in said


def test_help_slips_and_the_doctor_install_nothing(root: Path) -> None:
    assert course(root, "--help").returncode == 0
    assert course(root, "lab", "--help").returncode == 0
    slip = course(root, "lba")
    assert slip.returncode == 2 and "invalid choice" in slip.stderr
    doctor = course(root, "doctor")
    assert doctor.returncode == 1 and "2 not installed: mechint-course, tiny-one" in doctor.stdout
    assert not (root / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "PIP_CERT"),
        ("ERROR: [Errno 13] Permission denied: '/opt/x'", "copy it to a folder of your own"),
        ("OSError: [WinError 112] There is not enough space on the disk", "The disk is full"),
        ("HINT: Windows Long Path support is not enabled", "too long"),
        ("NewConnectionError: getaddrinfo failed", "could not be downloaded"),
        ("something new\n", "last words: something new"),
        ("", "last words: none"),
    ],
)
def test_every_failure_of_pip_has_a_remedy(output: str, says: str) -> None:
    said = install_words.pip_failed(output, "Could not install")
    assert says in said and "\n" not in said


def test_machines_without_a_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert "Intel Macs" in str(install_words.cannot_run_here())
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert install_words.cannot_run_here() is None
    monkeypatch.setattr("sys.maxsize", 2**31 - 1)
    assert "64-bit" in str(install_words.cannot_run_here())


def test_where_a_process_cannot_become_another_its_code_comes_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of Windows, on any system."""
    monkeypatch.setattr(install, "CAN_BECOME", False)
    monkeypatch.setattr(install, "_python", lambda _root: Path(bare_python()))
    monkeypatch.chdir(root)
    (root / "mechint_course" / "__main__.py").write_text(
        "import os, sys\nprint(sys.argv[1:])\nsys.exit(9 if os.environ['MARK'] == 'x' else 1)"
    )
    assert install.go_on(root, ["lab"], {"MARK": "x"}) == 9
