"""Each track's notebook runs to its end as a team gets it, and leaves its plot."""

from pathlib import Path

import nbclient
import nbformat
import pytest

from mechint_course.hackathon.project import NOTEBOOK, create
from mechint_course.hackathon.tracks import TRACKS
from tests.notebooks.conftest import Run

tracks = pytest.mark.parametrize("track", list(TRACKS))

QUICK = "own-model"  # in the default tier; the others import and train more


@pytest.mark.parametrize(
    "track", [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TRACKS]
)
def test_a_track_runs_to_the_end_and_leaves_its_plot(track: str, run_all: Run, tmp_path: Path) -> None:
    folder = create(tmp_path / "ours", track)
    (tmp_path / "results").mkdir()  # `run_all` runs in tmp_path
    ran = run_all(nbformat.read(folder / NOTEBOOK, as_version=4))
    assert all(cell.execution_count for cell in ran.cells if cell.cell_type == "code")
    assert (tmp_path / "results" / "plot.png").read_bytes().startswith(b"\x89PNG")
    shown = ran.cells[-1] if ran.cells[-1].get("outputs") else ran.cells[-3]
    assert any("image/png" in output.get("data", {}) for output in shown.outputs)


@pytest.mark.release
@pytest.mark.timeout(1800)
@tracks
def test_a_track_at_full_size(track: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MECHINT_COURSE_SMOKE", raising=False)
    folder = create(tmp_path / "ours", track)
    where = {"metadata": {"path": str(folder)}}
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=1500, kernel_name="python3", resources=where).execute()
    assert (folder / "results" / "plot.png").stat().st_size > 10_000
