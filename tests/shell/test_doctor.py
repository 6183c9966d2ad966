"""The doctor: each thing that can be wrong is found, and told with what to do."""

import json
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from mechint_course import cli, install, resources
from mechint_course.classroom import doctor
from tests.shell.small import bare_python

ROOT = Path(__file__).parents[2]


def test_a_machine_that_runs_these_tests_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [one for one in told["findings"] if one["state"] == "missing"] == []
    assert code == 0 and told["ready"] is True
    assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("This machine is ready, without a network too.\n")


def test_a_bare_python_is_told_what_is_missing() -> None:
    run = subprocess.run(
        [
            bare_python(),
            "-c",
            "from mechint_course.classroom import doctor; raise SystemExit(doctor.run(as_json=True))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stderr
    told = {one["what"]: one for one in json.loads(run.stdout)["findings"]}
    assert (
        "torch" in told["Packages"]["found"] and "python -m mechint_course lab" in told["Packages"]["remedy"]
    )


def test_a_package_of_the_wrong_version(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.0" if name == "torch" else version(name))
    finding = doctor.packages()
    assert (
        finding.state == "missing"
        and finding.found == "torch 1.0 (needs <2.14,>=2.6)"
        and "pip install" in finding.remedy
    )


def test_too_little_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 9 * 10**8, 10**8))
    finding = doctor.disk()
    assert finding.state == "missing" and finding.found == "0.1 GB" and "0.4 GB more" in finding.remedy


def test_little_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = namedtuple("memory", "available")
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory(10**9))
    finding = doctor.memory()
    assert finding.state == "optional" and "close other programs" in finding.remedy


@pytest.mark.parametrize("program", [bare_python(), "/nowhere/python"])
def test_a_kernel_of_another_python(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path(program) == Path(sys.executable):
        pytest.skip("these tests run in no environment of their own; un-skip by running them in one")
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {
        "argv": [program, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "x",
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = doctor.kernel()
    assert finding.state == "missing" and program in finding.found and "ipykernel install" in finding.remedy


@pytest.mark.parametrize("variable", ["MECHINT_COURSE_HOME", "MECHINT_COURSE_CACHE"])
def test_a_folder_that_cannot_be_written_to(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "inside"))
    states = {finding.state: finding for finding in doctor.folders()}
    assert variable in states["missing"].remedy and "ready" in states


@pytest.mark.parametrize("damage", ["weights", "notebook", "nothing there"])
def test_damaged_or_missing_files(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from safetensors.torch import save_file

    (tmp_path / "01_toy").mkdir()
    if damage != "nothing there":
        (tmp_path / "01_toy" / "01_toy.ipynb").write_text("{}" if damage == "weights" else "{")
        save_file({"W": torch.ones(3)}, tmp_path / "model.safetensors")
    if damage == "weights":
        (tmp_path / "model.safetensors").write_bytes(b"\x09" + bytes(20))
    monkeypatch.setattr(resources, "chapters_folder", lambda: tmp_path)
    monkeypatch.setattr(resources, "data_folder", lambda: tmp_path)
    finding = doctor.shipped_data()
    assert finding.state == "missing" and "clone the course again" in finding.remedy
    named = {"weights": "model.safetensors", "notebook": "01_toy.ipynb", "nothing there": "0 notebooks"}
    assert named[damage] in finding.found


def test_whole_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from safetensors.torch import save_file

    (tmp_path / "01_toy").mkdir()
    (tmp_path / "01_toy" / "01_toy.ipynb").write_text("{}")
    save_file({"W": torch.ones(3)}, tmp_path / "model.safetensors")
    monkeypatch.setattr(resources, "chapters_folder", lambda: tmp_path)
    monkeypatch.setattr(resources, "data_folder", lambda: tmp_path)
    finding = doctor.shipped_data()
    assert finding.state == "ready" and finding.found.startswith("1 notebooks, 1 files")


def test_a_broken_package_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    (finding,) = (one for one in doctor.look() if one.what == "JupyterLab")
    assert (
        finding.state == "missing"
        and "jupyterlab.labapp" in finding.found
        and "delete the folder .venv" in finding.remedy
    )


def test_a_token_view_without_its_script_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import circuitsvis

    monkeypatch.setattr(circuitsvis, "__file__", str(tmp_path / "__init__.py"))
    assert doctor.token_view().state == "optional"


def test_no_browser_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert doctor.browser().state == "optional"


def test_an_unfit_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "cannot_run_here", lambda: "PyTorch is not built for it.")
    assert (doctor.python().state, doctor.python().remedy) == ("missing", "PyTorch is not built for it.")


def test_an_installed_wheel_knows_its_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "checkout", lambda: None)
    assert doctor.packages().state == "ready"
