"""What `mechint-course grade` understands. Standard library only: the command line is read before anything is installed."""

import argparse
from pathlib import Path


def add_arguments(grade: argparse.ArgumentParser) -> None:
    """The words that `grade` understands."""
    grade.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a notebook, a folder of them, or a platform's zip",
    )
    grade.add_argument(
        "--out",
        type=Path,
        default=Path("grades"),
        metavar="DIR",
        help="where results and pages go (default: ./grades)",
    )
    grade.add_argument(
        "--pattern",
        help="how the learner stands in a file's name, for example '(?P<learner>[^_/]+)_' (Moodle's, Canvas' and nbgrader's are known)",
    )
    grade.add_argument("--csv", type=Path, metavar="FILE", help="also write the table here")
    grade.add_argument(
        "--for",
        dest="flavour",
        choices=("plain", "moodle", "canvas"),
        default="plain",
        help="whose columns --csv has",
    )
    grade.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    grade.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="grade this exercise again, of everybody, and leave the others",
    )
    grade.add_argument("--again", action="store_true", help="grade again what is graded already")
    grade.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="grade N submissions at a time (default: 1)"
    )
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on a Dask cluster, for example tcp://10.0.0.5:8786"
    )
    grade.add_argument(
        "--explain",
        metavar="LEARNER",
        help="show everything that is known of one learner's grade, and grade nothing",
    )
    grade.add_argument(
        "--unsafe", action="store_true", help="run submissions without a sandbox; every page will say so"
    )
