"""Grading one submission from its bytes to its `Result`. Never raises for anything that a submission is or does."""

import re
import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from nbformat import NotebookNode

from mechint_course.classroom.files import read_notebook
from mechint_course.classroom.grading import plan as planning
from mechint_course.classroom.grading.intake import Submission
from mechint_course.classroom.grading.result import NEEDS_A_PERSON, UNREADABLE, Mark, Result
from mechint_course.classroom.grading.sandbox import Limits
from mechint_course.classroom.grading.session import CannotStart, Session, Spent
from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, exercises_of, find
from mechint_course.exercises.judge import Verdict, judge
from mechint_course.exercises.model import Exercise
from mechint_course.exercises.standin import START_SECONDS

MISSING = re.compile(r"NameError: name '(\w+)' is not defined")


@dataclass(frozen=True)
class Task:
    """A submission and how it is to be graded."""

    submission: Submission
    limits: Limits = field(default_factory=Limits)
    unsafe: bool = False
    only: frozenset[str] = frozenset()
    """Exercises to judge; empty means all of the chapter."""
    known: Mapping[str, bool] = field(default_factory=dict)
    """Whether the answers to other exercises are right, where that is known: those are not judged again."""
    seed: int | None = None
    """What the random cases are drawn from; None draws a seed that nobody can know beforehand."""


def grade_one(task: Task) -> Result:
    """Grades one submission."""
    started, cpu = time.monotonic(), time.process_time()
    seed = secrets.randbelow(2**31) if task.seed is None else task.seed
    who = task.submission
    notes = (who.note,) if who.note else ()
    result = Result(who.key, who.learner, who.name, who.number, seed=seed, unsafe=task.unsafe, notes=notes)
    result = _graded(task, result)
    cpu = time.process_time() - cpu + result.cpu_seconds
    return replace(result, seconds=round(time.monotonic() - started, 2), cpu_seconds=round(cpu, 2))


def _graded(task: Task, result: Result) -> Result:
    if task.submission.trouble:
        return replace(result, state=NEEDS_A_PERSON, reason=_sentence(task.submission.trouble))
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        try:
            theirs = _read(task.submission.content, place)
        except ValueError as error:
            return replace(result, state=UNREADABLE, reason=str(error))
        chapter = planning.recognise(theirs)
        if chapter is None:
            reason = "No chapter of this course is recognised in it: another notebook, or one without any of the course's cells."
            return replace(result, state=NEEDS_A_PERSON, reason=reason)
        given = place / "given"
        _lay_out(task.submission.beside, given)
        plan = planning.plan(theirs, chapter)
        with Session(task.limits, given, unsafe=task.unsafe) as session:
            result = _Marking(task, plan, session, result.seed).run(replace(result, chapter=chapter))
        return replace(result, cpu_seconds=session.cpu_seconds)


def _read(content: bytes, place: Path) -> NotebookNode:
    path = place / "notebook.ipynb"
    path.write_bytes(content)
    try:
        return read_notebook(path)
    except ValueError as error:
        raise ValueError(str(error).replace(f"{path} is", "It is")) from error
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"It is not a notebook that can be read ({type(error).__name__}).") from error
    finally:
        path.unlink()


def _lay_out(files: dict[str, bytes], folder: Path) -> None:
    """The files that came along, where the cells find them. Their names are data of the submission's."""
    folder.mkdir(mode=0o755)
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/" or any(len(part.encode()) > 200 for part in parts):
            continue
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (OSError, ValueError):  # a file where a folder is wanted, or a name that this system has not
            continue


class _Marking:
    """One pass over the steps of a plan."""

    def __init__(self, task: Task, plan: planning.Plan, session: Session, seed: int) -> None:
        self.task, self.plan, self.session, self.seed = task, plan, session, seed
        self.marks: dict[str, Mark] = {}
        self.cells: list[tuple[str, str]] = []
        self.doubts: list[str] = []
        self.postponed: list[planning.Step] = []
        """Work of the course's that nothing has asked for so far."""

    def run(self, result: Result) -> Result:
        try:
            for step in self.plan.steps:
                self._step(step)
        except Spent as spent:
            self.doubts.append(f"Not all of it was run: {spent}.")
        except CannotStart as error:
            self.doubts.append(f"Nothing is said about the rest of it: {error}.")
        for exercise in exercises_of(CHAPTERS[self.plan.chapter]):
            if exercise.id not in self.marks and self._wanted(exercise.id):
                words = "Not judged: the notebook had ended, by a limit or by itself, before its turn came."
                self._note(exercise, Verdict(False, 0.0, "not-reached", words))
        marks = tuple(self.marks.values())
        reason = " ".join(self.doubts)
        state = NEEDS_A_PERSON if reason else result.state
        return replace(result, state=state, reason=reason, marks=marks, cells=tuple(self.cells))

    def _wanted(self, exercise: str) -> bool:
        return not self.task.only or exercise in self.task.only

    def _step(self, step: planning.Step) -> None:
        if step.kind == "work":
            self.postponed.append(step)
            return
        if step.kind != "check":
            ours = step.kind == "course"
            words = self.session.cell(step.source, START_SECONDS if ours else None)
            if words and self._lacks(words) and self._catch_up():
                words = self.session.cell(step.source)
            if words and not ours:  # ours may need what was skipped
                self.cells.append((step.cell, words))
            return
        exercise = find(step.exercise)
        if not self._wanted(exercise.id) and exercise.id in self.task.known:
            if not self.task.known[exercise.id]:
                self.session.fallback(_fallback(exercise))
            return
        verdict = self._verdict(exercise)
        if verdict.mistake == "raises" and self._lacks(verdict.message) and self._catch_up():
            verdict = self._verdict(exercise)
        if self._wanted(exercise.id):
            self._note(exercise, verdict)
        if not verdict.passed:
            self.session.fallback(_fallback(exercise))

    def _lacks(self, words: str) -> str | None:
        """The name that is missing over there, where the course's own work would have defined it."""
        missing = MISSING.search(words)
        return missing[1] if missing and missing[1] in self.plan.skipped_names else None

    def _catch_up(self) -> bool:
        """Does the course's work up to here, at smoke size, because something of the learner's uses its results."""
        work, self.postponed = self.postponed, []
        for step in work:
            self.session.cell(step.source, START_SECONDS)
        return bool(work)

    def _verdict(self, exercise: Exercise) -> Verdict:
        try:
            verdict = judge(exercise.id, self.session.answer(exercise.name), seed=self.seed)
        except (Spent, CannotStart):
            raise
        except Exception as error:  # noqa: BLE001 - a check that breaks on an answer must not end the batch
            what = f"{type(error).__name__}: {error}"[:200]
            self.doubts.append(f"The check of {exercise.id} broke on this answer ({what}).")
            return Verdict(
                False, 0.0, "check-broke", f"The check could not make anything of your answer ({what})."
            )
        if verdict.mistake == "not-a-function" and "NoneType" in verdict.message:
            return replace(verdict, mistake="not-written", message=self._never_made(exercise))
        name = self._lacks(verdict.message) if verdict.mistake == "raises" else None
        if name and not self.postponed:  # all that stands before it was done, and that did not make the name
            self.doubts.append(
                f"{exercise.id} uses `{name}`, which only a cell of the course behind it makes, or one that did not go through."
            )
        return verdict

    def _never_made(self, exercise: Exercise) -> str:
        cells = {
            step.cell for step in self.plan.steps if step.kind == "answer" and step.exercise == exercise.id
        }
        words = next((words for cell, words in self.cells if cell in cells), None)
        return f"There is no `{exercise.name}` in the notebook" + (
            f": its cell came to {words}." if words else "."
        )

    def _note(self, exercise: Exercise, verdict: Verdict) -> None:
        like = verdict.passed and exercise.id in self.plan.like_reference
        self.marks[exercise.id] = Mark(
            exercise.id,
            float(min(verdict.points, exercise.points)),
            float(exercise.points),
            verdict.mistake,
            verdict.message,
            like,
        )


def _fallback(exercise: Exercise) -> str:
    """What stands in for an answer whose verdict is final, as `check` does it in a notebook."""
    if exercise.kind == "prediction":
        return f"{exercise.name} = None"
    return f"{references.imports(exercise.topic)}\n{references.source(exercise)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
