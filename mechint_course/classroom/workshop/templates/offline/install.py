"""Installs the course from this folder, without a network: python3 install.py [FOLDER]. Standard library only."""

import os
import subprocess
import sys
import venv
from pathlib import Path

here = Path(__file__).resolve().parent


def main() -> int:
    """Makes FOLDER (default: mechint-course in the home folder) and installs the course there."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path.home() / "mechint-course").absolute()
    made_for = (here / "python-version.txt").read_text(encoding="utf-8").strip()
    mine = "{}.{}".format(*sys.version_info[:2])
    if mine != made_for:
        print(
            f"This stick was made for Python {made_for}, and this is Python {mine}: start install.py with Python {made_for}."
        )
        return 1
    if folder.exists() and any(folder.iterdir()):
        print(
            f"{folder} is there already, and nothing is written over it: name another folder behind install.py."
        )
        return 1
    wheels = sorted((here / "wheels").glob("mechint_course-*.whl"))
    if len(wheels) != 1:
        print(
            f"Expected one wheel of the course in {here / 'wheels'}, found {len(wheels)}: copy the stick again."
        )
        return 1
    print(f"Installing into {folder}. This takes a few minutes.", flush=True)
    venv.create(folder / ".venv", with_pip=True)
    programs = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    words = [
        programs / "python",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
    ]
    settings = {
        key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHONDONTWRITE"))
    }
    extra = f"{wheels[0]}[workshop]"
    ran = subprocess.call(
        [*words, "--no-index", "--find-links", here / "wheels", extra],
        env=settings | {"PIP_CONFIG_FILE": os.devnull},
    )
    if ran != 0:
        print("pip could not install from this stick; its words are above. Was it made for this system?")
        return 1
    print(f"Installed. Start the course with:\n\n    cd {folder}\n    {programs / 'mechint-course'} lab\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
