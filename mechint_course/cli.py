"""The commands. Importing this needs only the standard library; each handler imports the room that it opens."""

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from mechint_course import __version__, install
from mechint_course.commands import ROOMS, TRAININGS

Handler = Callable[[argparse.Namespace], int]

OWN_WORDS = ("-h", "--help", "--debug", "--slow")
"""What `test` keeps for itself; the rest is pytest's, in its order."""


def main(argv: list[str] | None = None) -> int:
    """Runs one command; 0 only on success, 1 after an error said in one sentence, 2 for a slip in the command line."""
    words, for_pytest = split(sys.argv[1:] if argv is None else argv)
    arguments = parser(rooms=words[:1] == ["train"]).parse_args(words)
    arguments.pytest = for_pytest
    try:
        return arguments.handler(arguments)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `mechint-course exercises | head`: whoever read has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        if arguments.debug:
            raise
        print(f"mechint-course {arguments.command}: {_sentence(error)}", file=sys.stderr)
        return 1


def check_words(argv: list[str]) -> str:
    """The command that the words ask for; shows help or says what is wrong with them, and ends there, where they do not.

    >>> check_words(["lab", "01_toy"])
    'lab'
    """
    checking = parser(rooms=False)
    arguments, unknown = checking.parse_known_args(split(argv)[0])
    if unknown and arguments.command != "train":  # whose options only the rooms know
        checking.error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments.command


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our own words and, behind `test`, those that pytest gets.

    >>> split(["test", "-x", "--slow", "--", "-k", "toy"])
    (['test', '--slow'], ['-x', '-k', 'toy'])
    """
    if argv[:1] != ["test"]:
        return argv, []
    cut = argv.index("--") if "--" in argv else len(argv)
    ours = [word for word in argv[1:cut] if word in OWN_WORDS]
    return ["test", *ours], [word for word in argv[1:cut] if word not in OWN_WORDS] + argv[cut + 1 :]


def parser(rooms: bool) -> argparse.ArgumentParser:
    """The command line. `rooms` asks the rooms for their own options too, which imports torch."""
    top = argparse.ArgumentParser(
        prog="mechint-course",
        description="A hands-on course in mechanistic interpretability. Start with: python -m mechint_course lab",
        epilog="`mechint-course COMMAND --help` shows a command's options and an example.",
    )
    top.add_argument("--version", action="version", version=f"mechint-course {__version__}")
    top.set_defaults(debug=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        name: str, handler: Handler, says: str, example: str, to: Any = commands, add_help: bool = True
    ) -> argparse.ArgumentParser:
        epilog = f"example: mechint-course {example}"
        made = to.add_parser(name, help=says, description=f"It {says}.", epilog=epilog, add_help=add_help)
        made.add_argument("--debug", action="store_true", help="show the traceback of an error")
        made.set_defaults(handler=handler)
        return made

    lab = add("lab", _lab, "opens JupyterLab on your own copy of the course", "lab 01_toy")
    lab.add_argument("chapter", nargs="?", help="open this chapter, for example 01_toy")
    lab.add_argument(
        "--dir",
        type=Path,
        default=Path("my-course"),
        help="your copy (default: ./my-course); what you wrote there is never overwritten",
    )
    lab.add_argument("--no-browser", action="store_true", help="print the address and open nothing")

    test = add("test", _test, "runs the tests of a checkout; other words go to pytest", "test -x tests/toy")
    test.add_argument(
        "--slow",
        action="store_true",
        help="run the slow tier (up to 35 minutes on two cores) instead of the default one",
    )

    exercises = add("exercises", _exercises, "lists every exercise of the course", "exercises --json")
    progress = add("progress", _progress, "shows what you have solved and what to do next", "progress")
    doctor = add("doctor", _doctor, "tells whether this machine is ready, offline included", "doctor")
    for listing in (exercises, progress, doctor):
        listing.add_argument("--json", action="store_true", help="print JSON, for a program to read")

    train = add(
        "train", _train_nothing, "makes a shipped checkpoint again", "train language --model A --out my-model"
    )
    trained = train.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, (room, does, example) in TRAININGS.items():
        training = add(name, _train, does, example, trained, add_help=rooms)
        if rooms:
            _room(room).add_arguments(training)

    workshop = add(
        "workshop",
        _workshop,
        "writes a room's kit: a JupyterHub, timetables, talking points, an offline bundle",
        "workshop my-workshop --offline /media/stick/course",
    )
    workshop.add_argument("dir", type=Path, metavar="DIR", help="the kit's folder; it must not exist yet")
    workshop.add_argument(
        "--offline",
        type=Path,
        metavar="STICK",
        help="also write wheels and notebooks into this folder, for computers without internet (half a gigabyte, more with CUDA)",
    )

    for name, (add_words, _room_of, does, example) in ROOMS.items():
        add_words(add(name, _in_its_room, does, example))

    build = add("build", _build, "makes chapters/ from solutions/ (for maintainers)", "build 01_toy")
    build.add_argument(
        "chapters",
        nargs="*",
        metavar="CHAPTER",
        help="a folder of solutions/, for example 01_toy (default: all)",
    )
    how = build.add_mutually_exclusive_group()
    how.add_argument(
        "--run", action="store_true", help="also run the solved notebooks and keep their pictures"
    )
    how.add_argument(
        "--check", action="store_true", help="write nothing; say what differs from solutions/ and exit 1"
    )

    new = add(
        "new-exercise",
        _new_exercise,
        "begins an exercise (for maintainers)",
        'new-exercise toy.hexagon "The hexagon"',
    )
    new.add_argument("id", help="topic.name, for example toy.hexagon; stable for ever")
    new.add_argument("title", help="what the learner reads above it")
    return top


def _lab(arguments: argparse.Namespace) -> int:
    from mechint_course.classroom import lab

    return lab.run(arguments.chapter, arguments.dir, not arguments.no_browser)


def _test(arguments: argparse.Namespace) -> int:
    root = _checkout("the tests")
    _needs(root, "test")
    tier = (["-m", "slow"] if arguments.slow else []) + _side_by_side(arguments)
    # Processes of their own: shapes are enforced only in modules that pytest is the first to import. One thread in each:
    # the tests are many and small, and as many of them as there are cores run at once.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    return subprocess.call(
        [sys.executable, "-m", "pytest", *tier, *arguments.pytest], cwd=root, env=environment
    )


def _side_by_side(arguments: argparse.Namespace) -> list[str]:
    """A whole tier runs on all cores, up to four; tests chosen by name, or looked into, run one by one.

    >>> _side_by_side(argparse.Namespace(slow=False, pytest=["tests/toy"]))
    []
    """
    words = arguments.pytest
    chosen = any(word in ("-k", "-m", "-n", "--pdb") or not word.startswith("-") for word in words)
    cores = min(4, os.cpu_count() or 1)
    if chosen or cores == 1:
        return []
    # A file of the slow tier prepares for minutes what all of its tests look at: it stays with one process.
    return ["-n", str(cores), "--dist", "loadfile" if arguments.slow else "worksteal"]


def _exercises(arguments: argparse.Namespace) -> int:
    from mechint_course.classroom.listing import exercises

    return exercises(as_json=arguments.json)


def _progress(arguments: argparse.Namespace) -> int:
    from mechint_course.classroom.listing import progress

    return progress(as_json=arguments.json)


def _doctor(arguments: argparse.Namespace) -> int:
    from mechint_course.classroom import doctor

    return doctor.run(as_json=arguments.json)


def _train(arguments: argparse.Namespace) -> int:
    return int(_room(TRAININGS[arguments.what][0]).run(arguments))


def _room(name: str) -> ModuleType:
    return importlib.import_module(f"mechint_course.{name}")


def _workshop(arguments: argparse.Namespace) -> int:
    from mechint_course.classroom.workshop import kit

    return kit.run(arguments.dir, arguments.offline)


def _in_its_room(arguments: argparse.Namespace) -> int:
    return int(_room(ROOMS[arguments.command][1]).run(arguments))


def _build(arguments: argparse.Namespace) -> int:
    _needs(_checkout("solutions/"), "classroom")
    from mechint_course.classroom import build

    return build.run(arguments.chapters, execute=arguments.run, check=arguments.check)


def _new_exercise(arguments: argparse.Namespace) -> int:
    from mechint_course.exercises import new

    return new.run(arguments.id, arguments.title)


def _train_nothing(_arguments: argparse.Namespace) -> int:
    raise AssertionError("argparse asks for what is to be trained before it comes here")


def _checkout(what: str) -> Path:
    root = install.checkout()
    if root is None:
        raise FileNotFoundError(
            f"{what} stand in a checkout of the course, and this is an installed package: clone the course"
        )
    return root


def _needs(root: Path, extra: str) -> None:
    """Makes sure that an extra is here: in the course's own environment by itself, in another by a sentence."""
    lacking = install.missing(root, extra)
    if lacking and install.in_own_environment(root):
        install.make_environment(root, extra)
    elif lacking:
        raise FileNotFoundError(
            f"this environment lacks {', '.join(lacking)}: type `{Path(sys.executable).name} -m pip install -e '{root}[{extra}]'`"
        )


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
