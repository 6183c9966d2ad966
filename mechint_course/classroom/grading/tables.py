"""From results to rows: one for each learner and chapter, overrides included, and the files that platforms import."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mechint_course.classroom.grading.overrides import Override
from mechint_course.classroom.grading.result import GRADED, NEEDS_A_PERSON, Result
from mechint_course.exercises.catalogue import CHAPTERS, exercises_of
from mechint_course.printable import printable

LIKE = "equal to the reference"
"""How the note begins that only the teacher reads."""


@dataclass
class Row:
    """A learner's standing in one chapter."""

    learner: str
    number: str
    chapter: str
    state: str
    reason: str
    points: float
    of: float
    exercises: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unsafe: bool = False
    results: list[Result] = field(default_factory=list)


def rows(results: Iterable[Result], overrides: Sequence[Override] = ()) -> list[Row]:
    """The table, by learner and chapter.

    Where a learner handed in two different versions of a chapter, the one with fewer points counts until a person
    decides: handing in twice is no way to more points, and nothing is hidden.
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in sorted(results, key=lambda one: (one.learner, one.chapter, one.name)):
        groups.setdefault((result.learner, result.number, result.chapter), []).append(result)
    table = [_row(group) for group in groups.values()]
    for override in overrides:
        found = [row for row in table if (row.learner, row.chapter) == (override.learner, override.chapter)]
        if not found:
            found = [
                Row(
                    override.learner,
                    "",
                    override.chapter,
                    "override only",
                    "nothing was handed in",
                    0.0,
                    _total(override.chapter),
                )
            ]
            table += found
        for row in found:
            _apply(row, override)
    for row in table:  # after all points are in, whatever the order of the lines
        late = max(
            (
                o.value
                for o in overrides
                if o.what == "late" and (o.learner, o.chapter) == (row.learner, row.chapter)
            ),
            default=0,
        )
        row.points = round(row.points * (1 - late / 100), 4)
    return sorted(table, key=lambda row: (row.learner, row.chapter))


def _row(group: list[Result]) -> Row:
    versions = {result.key: result for result in group}
    worst = min(group, key=lambda one: one.points)
    marks = {mark.exercise: mark.points for mark in worst.marks}
    row = Row(
        worst.learner, worst.number, worst.chapter, worst.state, worst.reason, worst.points, worst.of, marks
    )
    row.results, row.unsafe = group, any(one.unsafe for one in group)
    like = sorted({mark.exercise for one in group for mark in one.marks if mark.like_reference})
    row.notes += sorted({note for one in group for note in one.notes})
    row.notes += [f"{LIKE}: {', '.join(like)}"] if like else []
    if len(versions) > 1 and worst.chapter:
        names = " and ".join(f"{one.name} ({one.points:g})" for one in group)
        row.state = NEEDS_A_PERSON
        row.reason = f"Handed in {len(versions)} times: {names}. The lower counts until somebody decides. {row.reason}".strip()
    return row


def _apply(row: Row, override: Override) -> None:
    note = f"{override.what} {override.value:g}" if override.what != "excused" else "excused"
    row.notes.append(
        f"{override.exercise or row.chapter}: {note}" + (f" ({override.note})" if override.note else "")
    )
    worth = (
        {exercise.id: exercise.points for exercise in exercises_of(CHAPTERS[row.chapter])}
        if row.chapter in CHAPTERS
        else {}
    )
    if override.what == "points" and override.exercise:
        row.points += override.value - row.exercises.get(override.exercise, 0.0)
        row.of += 0.0 if override.exercise in worth else override.value
        row.exercises[override.exercise] = override.value
    elif override.what == "points":
        row.points, row.state, row.reason = override.value, GRADED, ""
    elif override.what == "excused" and override.exercise:
        row.points -= row.exercises.pop(override.exercise, 0.0)
        row.of -= worth.get(override.exercise, 0.0)
    elif override.what == "excused":
        row.state, row.reason, row.points, row.of = "excused", "", 0.0, 0.0


def _total(chapter: str) -> float:
    return (
        sum(exercise.points for exercise in exercises_of(CHAPTERS[chapter])) if chapter in CHAPTERS else 0.0
    )


def as_csv(table: Sequence[Row], flavour: str = "plain") -> str:
    """The table as CSV: `plain` with a column for each exercise, `moodle` or `canvas` as those import it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for line in {"moodle": _moodle, "canvas": _canvas}.get(flavour, _plain)(table):
        writer.writerow([_harmless(value) for value in line])
    return out.getvalue()


def _plain(table: Sequence[Row]) -> list[list[Any]]:
    ids = sorted({id for row in table for id in row.exercises})
    head = ["learner", "number", "chapter", "state", "points", "of", *ids, "reason", "notes", "sandbox"]
    body = [
        [row.learner, row.number, row.chapter, row.state, row.points, row.of]
        + [row.exercises.get(id, "") for id in ids]
        + [row.reason, "; ".join(row.notes), "UNSAFE" if row.unsafe else "yes"]
        for row in table
    ]
    return [head, *body]


def _moodle(table: Sequence[Row]) -> list[list[Any]]:
    """Moodle's offline grading worksheet: `Identifier` is `Participant` and the number in the submission's name.

    What holds no chapter has no grade to import: such rows are in the plain table only.
    """
    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    return [head] + [
        [f"Participant {row.number}" if row.number else "", row.learner, row.points, row.of, _feedback(row)]
        for row in table
        if row.chapter and row.state != "excused"
    ]


def _canvas(table: Sequence[Row]) -> list[list[Any]]:
    """Canvas' gradebook: a column for each chapter, and above the learners a line of what is possible."""
    chapters = sorted({row.chapter for row in table if row.chapter})
    learners = {(row.learner, row.number) for row in table}
    points = {
        (row.learner, row.number, row.chapter): row.points if row.state != "excused" else "EX"
        for row in table
    }
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *chapters]
    possible = ["    Points Possible", "", "", "", "", *(_total(chapter) for chapter in chapters)]
    body = [
        [name, number, "", "", "", *(points.get((name, number, c), "") for c in chapters)]
        for name, number in sorted(learners)
    ]
    return [head, possible, *body]


def _feedback(row: Row) -> str:
    missed = [mark.exercise for one in row.results for mark in one.marks if mark.mistake]
    words = (
        f"Open: {', '.join(dict.fromkeys(missed))}."
        if missed
        else "Everything is solved."
        if row.exercises
        else ""
    )
    told = [note for note in row.notes if not note.startswith(LIKE)]  # that one is for the teacher
    return " ".join(
        filter(None, [f"{row.state.capitalize()}." if row.state != GRADED else "", row.reason, words, *told])
    )


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if risky else value


def as_json(table: Sequence[Row]) -> str:
    """The table for a program: every row, with the results that it comes from."""
    return json.dumps([asdict(row) for row in table], indent=1) + "\n"


def as_text(table: Sequence[Row]) -> str:
    """The table for a terminal."""
    names = [printable(row.learner)[:32] for row in table]
    wide = max([len("learner"), *map(len, names)])
    lines = [f"{'learner':<{wide}}  {'chapter':<16} {'points':>12}  state"]
    for name, row in zip(names, table, strict=True):
        words = row.state + (f": {printable(row.reason)}" if row.reason else "")
        lines.append(
            f"{name:<{wide}}  {row.chapter or '-':<16} {f'{row.points:g} of {row.of:g}':>12}  {words}"
        )
    return "\n".join(lines)
