"""Whether this machine is ready for the course, offline included, and what to do where it is not.

It must speak where nothing is installed yet, so it imports only the standard library and asks for the rest.
"""

import importlib
import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from mechint_course import install
from mechint_course.install_words import cannot_run_here

GIGABYTE = 1e9
COMMAND = "python -m mechint_course lab"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["ready", "missing", "optional"]
    """`missing`: the course needs it and it is not right; `optional`: works without, with something less."""
    found: str
    remedy: str = ""


def run(as_json: bool = False) -> int:
    """Prints every finding, and returns 1 if something that the course needs is missing."""
    findings = list(look())
    missing = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        print(
            json.dumps(
                {"ready": not missing, "findings": [asdict(finding) for finding in findings]}, indent=1
            )
        )
        return 1 if missing else 0
    marks = {"ready": "ok      ", "missing": "MISSING ", "optional": "optional"}
    for finding in findings:
        print(f"{marks[finding.state]}  {finding.what}: {finding.found}")
        if finding.remedy:
            print(f"          -> {finding.remedy}")
    print(
        "This machine is ready, without a network too."
        if not missing
        else f"{len(missing)} to mend before the course can run."
    )
    return 1 if missing else 0


def look() -> Iterator[Finding]:
    """Everything that the course needs from a machine, in the order in which one would mend it."""
    yield python()
    yield disk()
    yield memory()
    yield packages()
    if not _lacking():
        for what, looking in (
            ("PyTorch", threads),
            ("JupyterLab", jupyterlab),
            ("Kernel", kernel),
            ("Token view", token_view),
            ("Shipped files", shipped_data),
        ):
            yield _or_broken(what, looking)
        yield from folders()
    yield browser()


def python() -> Finding:
    """The version of Python, and whether PyTorch is built for this machine."""
    found = f"{sys.version.split()[0]}, {sys.executable}"
    problem = cannot_run_here()
    return Finding("Python", "missing" if problem else "ready", found, problem or "")


def disk() -> Finding:
    """Room for the packages where they are not installed yet, for a learner's copy and caches where they are."""
    free = shutil.disk_usage(Path.cwd()).free
    needed = install.SPACE if _lacking() else 500_000_000
    if free < needed:
        return Finding(
            "Free disk", "missing", _gigabytes(free), f"free {_gigabytes(needed - free)} more on this disk"
        )
    return Finding("Free disk", "ready", _gigabytes(free))


def memory() -> Finding:
    """Memory that is free for use now."""
    try:
        import psutil
    except ImportError:
        return Finding("Memory", "optional", "not known before the packages are installed")
    free = psutil.virtual_memory().available
    if free < 2 * GIGABYTE:
        return Finding(
            "Memory",
            "optional",
            f"{_gigabytes(free)} free",
            "close other programs: below 2 GB training may stop",
        )
    return Finding("Memory", "ready", f"{_gigabytes(free)} free")


def packages() -> Finding:
    """Every dependency, in a version that the course was made for."""
    lacking = _lacking()
    if lacking:
        return Finding(
            "Packages",
            "missing",
            f"{len(lacking)} not installed: {', '.join(lacking)}",
            f"type `{COMMAND}`, which installs them",
        )
    from packaging.requirements import Requirement

    wrong = []
    for line in _requirements():
        requirement = Requirement(line)
        version = importlib.metadata.version(requirement.name)
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} (needs {requirement.specifier})")
    if wrong:
        remedy = f"type `{Path(sys.executable).name} -m pip install -e .` in the checkout"
        return Finding("Packages", "missing", ", ".join(wrong), remedy)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformer-lens", "jupyterlab")
    )
    return Finding("Packages", "ready", f"all {len(_requirements())} ({versions})")


def threads() -> Finding:
    """How many threads PyTorch computes with, and on what."""
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    return Finding(
        "PyTorch", "ready", f"{device}, {torch.get_num_threads()} threads on {os.cpu_count()} cores"
    )


def jupyterlab() -> Finding:
    """JupyterLab can be imported."""
    importlib.import_module("jupyterlab.labapp")
    return Finding("JupyterLab", "ready", importlib.metadata.version("jupyterlab"))


def kernel() -> Finding:
    """The notebooks' kernel `python3` is this Python: another one would not find the course."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = f"type `{Path(sys.executable).name} -m ipykernel install --sys-prefix`"
    try:
        # As the server does it: a bare `python` in the specification becomes the Python that runs the server.
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("Kernel", "missing", "there is no kernel named python3", remedy)
    program = spec.argv[0]
    own = re.fullmatch(r"python(3(\.\d+)?)?(\.exe)?", program) or (
        Path(program).exists() and _same_python(program)
    )
    if not own:
        return Finding(
            "Kernel", "missing", f"python3 in {spec.resource_dir} starts {program}, another Python", remedy
        )
    return Finding("Kernel", "ready", f"python3 in {spec.resource_dir}")


def token_view() -> Finding:
    """circuitsvis brings its own script, which colours tokens without a network."""
    import circuitsvis

    bundle = Path(circuitsvis.__file__).parent / "dist" / "cdn" / "iife.js"
    if bundle.is_file():
        return Finding(
            "Token view", "ready", f"circuitsvis {importlib.metadata.version('circuitsvis')} with its script"
        )
    return Finding(
        "Token view",
        "optional",
        f"no {bundle}",
        "tokens are shown as plain coloured text; reinstall circuitsvis for more",
    )


def shipped_data() -> Finding:
    """The models, the tokenizer and the chapters that come with the course are there and can be read."""
    from safetensors import SafetensorError, safe_open

    from mechint_course import resources

    chapters = sorted(resources.chapters_folder().glob("*/*.ipynb"))
    weights = sorted(resources.data_folder().rglob("*.safetensors"))
    remedy = "clone the course again, or install it again: files that it ships are missing or damaged"
    if not chapters or not weights:
        return Finding(
            "Shipped files",
            "missing",
            f"{len(chapters)} notebooks and {len(weights)} files of weights",
            remedy,
        )
    for path in weights:
        try:
            with safe_open(path, framework="pt") as file:
                file.keys()
        except (OSError, SafetensorError) as error:
            return Finding("Shipped files", "missing", f"{path} cannot be read: {error}", remedy)
    for path in chapters:
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            return Finding("Shipped files", "missing", f"{path} cannot be read: {error}", remedy)
    size = sum(path.stat().st_size for path in weights)
    return Finding(
        "Shipped files",
        "ready",
        f"{len(chapters)} notebooks, {len(weights)} files of weights ({size / 1e6:.1f} MB)",
    )


def folders() -> Iterator[Finding]:
    """The folders for progress and for what can be made again can be written to."""
    from mechint_course import resources

    for what, folder, variable in (
        ("Progress folder", resources.user_folder(), "MECHINT_COURSE_HOME"),
        ("Cache folder", resources.cache_folder(), "MECHINT_COURSE_CACHE"),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                yield Finding(what, "ready", str(folder))
        except OSError as error:
            remedy = f"name a folder of your own in the variable {variable}"
            yield Finding(what, "missing", f"{folder} cannot be written to ({error.strerror})", remedy)


def browser() -> Finding:
    """Chromium and playwright, for those who run the browser's tests."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program and find_spec("playwright"):
        return Finding("Browser tests", "ready", program)
    return Finding(
        "Browser tests",
        "optional",
        "Chromium or playwright is not there",
        "only needed to run the course's own browser tests",
    )


def _or_broken(what: str, looking: Callable[[], Finding]) -> Finding:
    """The finding, or what a broken install raised on the way to it."""
    try:
        return looking()
    except (ImportError, OSError) as error:  # OSError: a library that the system cannot load
        return Finding(
            what, "missing", f"a package is broken: {error}", f"delete the folder .venv and type `{COMMAND}`"
        )


def _same_python(program: str) -> bool:
    return Path(program).absolute().parent.samefile(Path(sys.executable).absolute().parent)


def _requirements() -> list[str]:
    root = install.checkout()
    if root:
        return install.requirements(install.project(root))
    return [line for line in importlib.metadata.requires(install.NAME) or () if "extra ==" not in line]


def _lacking() -> list[str]:
    root = install.checkout()
    return install.missing(root) if root else []


def _gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:.1f} GB"
