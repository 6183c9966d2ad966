"""`new`: an ordinary folder, whole or not at all, and names that are no names."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import jupytext
import nbformat
import pytest

from mechint_course import cli
from mechint_course.hackathon.project import NOTEBOOK, TEMPLATES, cells_of, create, notebook
from mechint_course.hackathon.tracks import TRACKS

ROOT = Path(__file__).parents[2]
tracks = pytest.mark.parametrize("track", list(TRACKS))


@tracks
def test_a_project_is_an_ordinary_folder(track: str, tmp_path: Path) -> None:
    folder = create(tmp_path / "ours", track)
    there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert there == [".gitignore", "README.md", NOTEBOOK, "report.md", "results/README.md"]
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]  # nothing of the making is left
    readme = (folder / "README.md").read_text(encoding="utf-8")
    told = TRACKS[track]
    for sentence in (told.question, told.problems, *told.directions, *told.findings, *told.pitfalls):
        assert sentence in readme
    assert "everything but weights and activations" in readme  # as .gitignore has it
    assert told.question in (folder / "report.md").read_text(encoding="utf-8")
    assert "What would change our mind" in (folder / "report.md").read_text(encoding="utf-8")


@tracks
def test_a_notebook_is_what_jupytext_makes_of_the_script(track: str) -> None:
    script = (TEMPLATES / f"{track.replace('-', '_')}.py").read_text(encoding="utf-8")
    ours = [(cell.cell_type, cell.source) for cell in cells_of(script)]
    theirs = [(cell.cell_type, cell.source) for cell in jupytext.reads(script, fmt="py:percent").cells]
    assert ours == theirs
    made = notebook(TRACKS[track])
    nbformat.validate(made)
    assert len({cell.id for cell in made.cells}) == len(made.cells) == len(ours) + 1
    saves = [cell.source for cell in made.cells if "savefig" in cell.source]
    assert len(saves) == 1 and 'RESULTS / "plot.png"' in saves[0]


def test_the_shipped_scripts_are_the_tracks() -> None:
    assert sorted(path.stem.replace("_", "-") for path in TEMPLATES.glob("*.py")) == sorted(TRACKS)


def test_an_existing_folder_is_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "work.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("ours", "empty", "link"):
        assert cli.main(["new", str(tmp_path / name), "--track", "geometry"]) == 1
        assert "these names are free: " + name + "-2" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["work.txt"]
    assert not list((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("name", ["a b", "-x", "..", "ä", "x" * 61, "a:b"])
def test_a_bad_name_gets_good_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="for example team-pentagon"):
        create(tmp_path / name, "geometry")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--track", "geometrie"], []])
def test_a_bad_track_gets_the_list(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new", str(tmp_path / "ours"), *words]) == 1
    said = capsys.readouterr().err
    assert all(name in said and track.question in said for name, track in TRACKS.items())
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_new_then_run_in_a_clean_environment(tmp_path: Path) -> None:
    """The course installed as a wheel in an environment of its own, which borrows nothing but the dependencies."""
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    made = subprocess.run(build, capture_output=True, text=True)
    if made.returncode and "hatchling" in made.stderr:
        pytest.skip("hatchling is not installed; un-skip by installing it")
    assert made.returncode == 0, made.stderr
    venv.create(tmp_path / "env", with_pip=False)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "env" / scripts / Path(sys.executable).name
    python = python if python.exists() else tmp_path / "env" / scripts / "python"
    inside = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    # The wheel's package comes first; everything else is found where this environment has it.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--target",
            inside.strip(),
            *map(str, tmp_path.glob("*.whl")),
        ],
        check=True,
    )
    here = subprocess.check_output(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    (Path(inside.strip()) / "zz_dependencies.pth").write_text(here.strip() + "\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"MECHINT_COURSE_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    new = [python, "-m", "mechint_course", "new", "ours", "--track", "own-model"]
    subprocess.run(new, cwd=tmp_path, env=environment, check=True)
    where = "import mechint_course, sys; print(mechint_course.__file__)"
    assert str(tmp_path) in subprocess.check_output(
        [python, "-c", where], cwd=tmp_path, env=environment, text=True
    )
    code = (
        "import nbformat, nbclient, sys\n"
        f"notebook = nbformat.read({NOTEBOOK!r}, as_version=4)\n"
        "manager = nbclient.NotebookClient(notebook, timeout=600, kernel_name='python3').create_kernel_manager()\n"
        "manager.kernel_spec.argv[0] = sys.executable\n"
        "nbclient.NotebookClient(notebook, timeout=600, km=manager).execute()\n"
    )
    ran = subprocess.run(
        [python, "-c", code], cwd=tmp_path / "ours", env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert (tmp_path / "ours" / "results" / "plot.png").stat().st_size > 10_000
    words = ["evaluate", "my-dictionary", "--activations", "activations.safetensors", "--json"]
    found = subprocess.check_output(
        [python, "-m", "mechint_course", *words], cwd=tmp_path / "ours", env=environment
    )
    assert json.loads(found)["dictionaries"][0]["rank"] == "1"
