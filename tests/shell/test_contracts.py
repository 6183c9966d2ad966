"""The rooms' rules: who may import whom, and what an import may cost."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mechint_course
from tests.shell.small import bare_python

ROOT = Path(__file__).parents[2]
HEAVY = ("transformer_lens", "matplotlib", "jupyterlab")


def test_imports_run_downwards_only() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", ["mechint_course", "mechint_course.toy", "mechint_course.sae"])
def test_a_light_room_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "[]\n"


def test_the_front_door_needs_nothing_but_python() -> None:
    code = "import mechint_course; print(dir(mechint_course)); mechint_course.chek"
    run = subprocess.run([bare_python(), "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert all(repr(name) in run.stdout for name in mechint_course.__all__)
    assert "module 'mechint_course' has no attribute 'chek'; it offers check, hint, sized" in run.stderr


def test_every_public_name_is_there() -> None:
    assert all(callable(getattr(mechint_course, name)) for name in mechint_course.__all__)


def test_conda_gets_what_pip_gets() -> None:
    """environment.yml asks for every dependency, within the bounds of pyproject.toml or for the same name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = (ROOT / "environment.yml").read_text(encoding="utf-8")
    rows = [
        Requirement(row.strip("- "))
        for row in listed.splitlines()
        if row.startswith("  - ") and ":" not in row
    ]
    by_conda = {row.name: row.specifier for row in rows if row.name != "conda-forge"}
    for line in project["dependencies"]:
        wanted = Requirement(line)
        if wanted.name in ("transformer-lens", "circuitsvis"):  # `pip: -e .` brings them
            continue
        name = {"torch": "pytorch", "huggingface-hub": "huggingface_hub"}.get(wanted.name, wanted.name)
        assert by_conda.get(name) == wanted.specifier, f"environment.yml and pyproject.toml differ on {name}"
    assert "- -e ." in listed


def test_models_dictionaries_and_results_fit_into_50_megabytes() -> None:
    data = Path(mechint_course.__file__).parent / "data"
    shipped = [path for path in data.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert any(path.suffix == ".safetensors" for path in shipped)
    assert sum(path.stat().st_size for path in shipped) <= 50_000_000
