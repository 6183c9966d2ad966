"""Copies what the learners of this room's hub have written to where it can be graded.

    python collect.py                    # makes the folder `submitted` beside this file
    mechint-course grade submitted       # or nbgrader, see plain_nbgrader.md

Backups and a learner's other notebooks stay where they are.
"""

import shutil
import sys
from pathlib import Path

here = Path(__file__).resolve().parent


def collect(learners: Path, target: Path) -> int:
    """Copy each chapter to `target/NAME/CHAPTER/CHAPTER.ipynb`; returns how many there were.

    Links are left alone: a learner's link could point at somebody else's file.
    """
    if target.exists():
        raise SystemExit(
            f"{target} is there already, and nothing is written over it: rename it, or name another folder"
        )
    count = 0
    for notebook in sorted(learners.glob("*/my-course/*/*.ipynb")):
        parts = [notebook, notebook.parent, notebook.parents[1], notebook.parents[2]]
        if notebook.stem != notebook.parent.name or any(part.is_symlink() for part in parts):
            continue
        place = target / notebook.relative_to(learners).parts[0] / notebook.stem / notebook.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, place)
        count += 1
    return count


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "submitted"
    found = collect(here / "learners", folder)
    print(
        f"{found} notebooks are in {folder}."
        if found
        else f"No notebooks in {here / 'learners'}: has anybody logged in?"
    )
    sys.exit(0 if found else 1)
