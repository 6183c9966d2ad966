"""`python -m mechint_course`, from a bare checkout too: makes what it needs, once, and goes on inside it.

This file and the package's `__init__` keep to what Python 3.6 can read, so that an old Python is told what is
wrong in a sentence; everything they import may be modern.
"""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)

# The extra of pyproject.toml that a command needs beside the dependencies.
EXTRAS = {"test": "test", "build": "classroom"}

# Says to the process that takes over that the environment was made just now.
_CHECKED = "MECHINT_COURSE_CHECKED"


def wrong_python(argv: "list[str]") -> "str | None":
    """One sentence that says which Python is needed and how to go on, or None where this one will do."""
    here = sys.version_info[:2]
    if OLDEST <= here <= NEWEST:
        return None
    said = (
        "This is Python {}.{}; the course needs 3.11, 3.12 or 3.13 (PyTorch has no other in common): ".format(
            *here
        )
    )
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)
        if shutil.which(name) and _runs(name):
            return said + "this machine has one, so type `{} -m mechint_course {}`.".format(
                name, " ".join(argv)
            )
    return said + "install one from python.org or your system's packages, and type the same command with it."


def _runs(name: str) -> bool:
    try:
        return subprocess.call([name, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def main(argv: "list[str]") -> int:
    """Runs a command here where everything is here, else in the checkout's `.venv`; returns the exit code."""
    sentence = wrong_python(argv)
    if sentence:
        print(sentence, file=sys.stderr)
        return 1

    from mechint_course import cli, install

    root = install.checkout()
    checked = os.environ.pop(_CHECKED, None) == str(root)
    if root is None or checked:
        return cli.main(argv)
    command = cli.check_words(argv)  # help and slips of the keyboard end here, before anything is installed
    extra = EXTRAS.get(command)
    if install.is_ready(root, extra):
        return cli.main(argv)
    has_own = install.has_environment(root, extra)
    if command == "doctor" and not has_own:
        return cli.main(argv)  # it tells what is missing, and must not mend it first
    if has_own and not install.in_own_environment(root):
        return install.go_on(root, argv, {})
    try:
        install.make_environment(root, extra)
    except install.CannotInstall as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read what is said has gone (`... | head`): nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Type the same command to go on from here.", file=sys.stderr)
        return 130
    return install.go_on(root, argv, {_CHECKED: str(root)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
