"""The offline bundle: wheels, notebooks and an installer on a stick, for a room without internet."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mechint_course import install, resources

INSTALLER = Path(__file__).parent / "templates" / "offline"
EXTRA = "workshop"
"""The extra that goes along, so that one of the room's machines can be the hub."""


@dataclass(frozen=True)
class Bundle:
    """What is on the stick."""

    n_wheels: int
    size: int
    """Bytes in all."""


def make(folder: Path) -> Bundle:
    """Download every wheel that the course needs on computers like this one, and put the notebooks beside them.

    Raises:
        ValueError: the course was not installed from a checkout, or pip could not get everything.
    """
    checkout = install.checkout()
    if checkout is None:
        raise ValueError(
            "an offline bundle holds the course's own wheel, which is made from a checkout: clone the course and run this there"
        )
    wanted = install.requirements(install.project(checkout), EXTRA)
    print(
        "Downloading wheels for this system and this Python: half a gigabyte, more where PyTorch comes with CUDA.",
        flush=True,
    )
    return write(folder, wanted, checkout, resources.chapters_folder())


def write(folder: Path, wanted: Sequence[str], source: Path, chapters: Path) -> Bundle:
    """The bundle of the project at `source` and of these requirements; the folder appears when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        bundle = Path(temporary) / "bundle"
        shutil.copytree(INSTALLER, bundle, ignore=shutil.ignore_patterns("__pycache__"))
        wheels = bundle / "wheels"
        # `wheel`, not `download`: a few dependencies are published as source only, and a stick must not build anything.
        _pip("wheel", "--wheel-dir", str(wheels), str(source), *wanted)
        shutil.copytree(chapters, bundle / "chapters", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        version = "{}.{}".format(*sys.version_info[:2])
        (bundle / "python-version.txt").write_text(f"{version}\n", encoding="utf-8", newline="\n")
        files = [path for path in bundle.rglob("*") if path.is_file()]
        made = Bundle(len(list(wheels.glob("*.whl"))), sum(path.stat().st_size for path in files))
        if folder.exists():
            folder.rmdir()
        bundle.rename(folder)
    return made


def _pip(*words: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words], capture_output=True, text=True
    )
    if ran.returncode != 0:
        said = [line for line in ran.stderr.splitlines() if "ERROR" in line] or ran.stderr.splitlines()
        raise ValueError(f"pip could not get what the bundle needs: {' '.join(said[-2:])[:500]}")
