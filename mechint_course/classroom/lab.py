"""`lab`: JupyterLab on the learner's own copy of the course."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mechint_course import resources
from mechint_course.classroom.copies import bring_up_to_date


def run(chapter: str | None, folder: Path, browser: bool = True, *, extra: Sequence[str] = ()) -> int:
    """Bring the learner's copies up to date and open one in JupyterLab; returns when JupyterLab has ended.

    Args:
        chapter: a chapter's folder (`01_toy`), topic (`toy`) or number (`1`); None opens the first.
        folder: where the learner's copies are or should be.
        browser: whether to open a browser window.
        extra: more arguments for JupyterLab.

    Returns:
        0, or 1 after a sentence on stderr.
    """
    chapters = resources.chapters_folder()
    try:
        name = find_chapter(chapter, chapters)
        for sentence in bring_up_to_date(chapters, folder):
            print(sentence)
    except ValueError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    print(
        f"Opening {folder / name / name}.ipynb in JupyterLab. Your work is in {folder}. Ctrl-C here ends JupyterLab."
    )
    sys.stdout.flush()
    process = subprocess.Popen([*command(name, folder, browser), *extra], env=environment())
    while True:
        try:
            return 0 if process.wait() in (0, -2, 130) else 1
        except KeyboardInterrupt:
            continue  # JupyterLab got it too, asks whether it is meant, and ends by itself


def find_chapter(wanted: str | None, chapters: Path) -> str:
    """The folder name of the chapter that is meant.

    Raises:
        ValueError: there is no such chapter; the sentence lists those there are.
    """
    names = sorted(path.parent.name for path in chapters.glob("*/*.ipynb") if path.stem == path.parent.name)
    if not names:
        raise ValueError(
            f"expected the course's chapters in {chapters}, found none; install the course again."
        )
    if wanted is None:
        return names[0]
    for name in names:
        number, topic = name.split("_", 1)
        if wanted.rstrip("/") in (name, topic, number, number.lstrip("0"), f"{name}.ipynb"):
            return name
    raise ValueError(f"there is no chapter {wanted!r}; the chapters are {', '.join(names)}.")


def command(name: str, folder: Path, browser: bool) -> list[str]:
    """How JupyterLab is started: in this environment, in the learner's folder, asking nobody for news."""
    arguments = [
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{name}/{name}.ipynb",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",  # the other one asks the package index what could be installed
    ]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append(
            "--allow-root"
        )  # containers; the server listens on this machine only, behind a token
    return [sys.executable, "-m", "jupyterlab", *arguments]


def environment() -> dict[str, str]:
    """The environment for JupyterLab: kernels of this Python before any that the user has registered elsewhere."""
    settings = Path(__file__).with_name("jupyter")
    paths = [str(settings), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    return {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
