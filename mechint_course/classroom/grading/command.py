"""`mechint-course grade`: from the words of the command line to tables and pages."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mechint_course.classroom.files import write_whole
from mechint_course.classroom.grading import batch, overrides, pages, sandbox, tables
from mechint_course.classroom.grading.intake import Submission, find
from mechint_course.classroom.grading.one import Task
from mechint_course.classroom.grading.result import GRADED, NEEDS_A_PERSON, Result
from mechint_course.classroom.grading.store import CannotStore, Store
from mechint_course.exercises.catalogue import find as find_exercise
from mechint_course.printable import printable
from mechint_course.work import work


def run(arguments: argparse.Namespace) -> int:
    """Grades, writes, prints. Returns 0, 1 after an error, 130 after an interrupt; what is graded is never lost.

    Raises:
        ValueError: a path, an id, an override or the folder is not what it should be.
    """
    for id in arguments.only:
        _known(id)
    if arguments.jobs < 1:
        raise ValueError(f"--jobs must be 1 or more, but it is {arguments.jobs}")
    store = Store(arguments.out)
    if arguments.explain is not None:
        return explain(arguments.explain, store.results().values())
    if not arguments.paths:
        raise ValueError("nothing to grade: give a notebook, a folder of notebooks, or a zip.")
    _may_write_csv(arguments.csv, arguments.flavour)
    decided = overrides.read(arguments.out)  # a slip in it is said before an hour of grading, not after
    submissions = {one.key: one for one in find(arguments.paths, arguments.pattern)}
    if not submissions:
        raise ValueError(f"no notebook in {', '.join(map(str, arguments.paths))}.")
    results = _of_now(store.results(), submissions)
    tasks = _tasks(submissions, results, arguments)
    if (
        tasks
        and any(not task.submission.trouble for task in tasks)
        and not arguments.unsafe
        and not arguments.scheduler
    ):
        try:
            sandbox.require()
        except sandbox.NoSandbox as refusal:
            print(f"mechint-course grade: {refusal}", file=sys.stderr)
            return 1
    board = _Board(arguments, results, decided)
    try:
        interrupted = _grade(tasks, arguments, store, results, board)
        table = board.write(whole=True)
    except (CannotStore, sandbox.NoSandbox) as trouble:
        print(f"mechint-course grade: {trouble}. Type the same command to go on.", file=sys.stderr)
        return 1
    print(tables.as_json(table) if arguments.json else tables.as_text(table))
    if not arguments.json:
        print(f"The class: {arguments.out / 'class.html'}. Each learner: {arguments.out / 'learners'}.")
    return 130 if interrupted else 0


def _may_write_csv(path: Path | None, flavour: str) -> None:
    """Raises ValueError, before anything is graded, where the platform's table could not be written or is not asked for."""
    if path is None and flavour != "plain":
        raise ValueError("--for says whose columns --csv has: name the file with --csv.")
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise ValueError(f"--csv {path}: name a file in a folder that is there.")


def _grade(
    tasks: list[Task],
    arguments: argparse.Namespace,
    store: Store,
    results: dict[str, Result],
    board: "_Board",
) -> bool:
    if not tasks:
        return False
    with work(len(tasks), "Grading", unit="submission", disable=arguments.json) as bar:
        for fresh in _run(tasks, arguments):
            result = _joined(results.get(fresh.key), fresh, arguments.only)
            store.put(result)
            results[result.key] = result
            board.write()
            bar.update()
            bar.note(last=f"{result.points:g} of {result.of:g}")
    return bar.interrupted


def _run(tasks: list[Task], arguments: argparse.Namespace) -> Iterator[Result]:
    if arguments.scheduler:
        return batch.grade_on_cluster(tasks, arguments.scheduler)
    return batch.grade_here(tasks, arguments.jobs)


class _Board:
    """The files that show the results; the table after each submission, the pages at the end."""

    def __init__(
        self, arguments: argparse.Namespace, results: dict[str, Result], decided: list[overrides.Override]
    ) -> None:
        self.arguments, self.results, self.decided = arguments, results, decided

    def write(self, *, whole: bool = False) -> list[tables.Row]:
        table = tables.rows(self.results.values(), self.decided)
        out: Path = self.arguments.out
        try:
            write_whole(out / "grades.csv", tables.as_csv(table))
            if self.arguments.csv:
                write_whole(self.arguments.csv, tables.as_csv(table, self.arguments.flavour))
            if whole:
                write_whole(out / "grades.json", tables.as_json(table))
                pages.write(out, table)
        except OSError as error:
            raise CannotStore(
                f"{out} cannot be written ({error.strerror or error}); all results are safe in results.sqlite"
            ) from error
        return table


def _of_now(stored: dict[str, Result], submissions: dict[str, Submission]) -> dict[str, Result]:
    """The stored results without those of files that have been handed in anew since."""
    now = {(one.learner, one.name): key for key, one in submissions.items()}
    return {
        key: result for key, result in stored.items() if now.get((result.learner, result.name), key) == key
    }


def _tasks(
    submissions: dict[str, Submission], results: dict[str, Result], arguments: argparse.Namespace
) -> list[Task]:
    only = frozenset(arguments.only)
    chapters = {find_exercise(id).chapter for id in only}
    tasks = []
    for key, submission in submissions.items():
        before = results.get(key)
        stale = before is not None and before.unsafe and not arguments.unsafe
        if before is None or stale or arguments.again:
            tasks.append(Task(submission, unsafe=arguments.unsafe))
        elif before.chapter in chapters:
            known = {mark.exercise: mark.mistake is None for mark in before.marks}
            tasks.append(Task(submission, unsafe=arguments.unsafe, only=only, known=known))
    return tasks


def _joined(before: Result | None, fresh: Result, only: Iterable[str]) -> Result:
    """With `--only`, the marks of the other exercises and what was said about them stay."""
    if before is None or not set(only) or len(fresh.marks) >= len(before.marks):
        return fresh
    new = {mark.exercise: mark for mark in fresh.marks}
    marks = tuple(new.get(mark.exercise, mark) for mark in before.marks)
    reason = " ".join(dict.fromkeys(filter(None, [before.reason, fresh.reason])))
    state = NEEDS_A_PERSON if NEEDS_A_PERSON in (before.state, fresh.state) else GRADED
    return replace(fresh, marks=marks, state=state, reason=reason, unsafe=before.unsafe or fresh.unsafe)


def explain(learner: str, results: Iterable[Result]) -> int:
    """Prints what is known of one learner's grade."""
    found = [result for result in results if learner in (result.learner, result.number)]
    if not found:
        print(f"mechint-course grade: no result of {learner!r} is there yet.", file=sys.stderr)
        return 1
    for result in found:
        print(
            printable(
                f"{result.name}: {result.chapter or 'no chapter'}, {result.points:g} of {result.of:g} points"
            )
        )
        print(f"  {result.state}. {printable(result.reason)}".rstrip())
        print(
            f"  random cases from seed {result.seed}; {result.seconds:g} s, of which {result.cpu_seconds:g} s of processor time"
        )
        if result.unsafe:
            print("  UNSAFE: graded without a sandbox")
        for mark in result.marks:
            print(
                f"  {mark.exercise}: {mark.points:g} of {mark.of:g}, {mark.mistake or 'passed'}"
                + (", equal to the reference" if mark.like_reference else "")
            )
            print(
                "".join(f"      {printable(line)}\n" for line in mark.message.splitlines() if line),
                end="",
            )
        for cell, words in result.cells:
            print(f"  cell {printable(cell)}: {printable(words)}")
    return 0


def _known(id: str) -> None:
    try:
        find_exercise(id)
    except LookupError as error:
        raise ValueError(str(error)) from None
