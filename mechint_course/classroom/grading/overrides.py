"""`overrides.csv`: what a person decides (late, excused, marks for essays), kept apart from what the machine found."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mechint_course.classroom.files import write_whole

COLUMNS = ("learner", "chapter", "exercise", "what", "value", "note")
KINDS = ("points", "late", "excused")
NAME = "overrides.csv"


@dataclass(frozen=True)
class Override:
    """One decision of a person's."""

    learner: str
    chapter: str
    exercise: str
    """Empty: the decision is about the whole chapter. An id that the course has not is an essay or other extra work."""
    what: Literal["points", "late", "excused"]
    value: float
    """Points, or for `late` the per cent that are taken off the chapter; not used for `excused`."""
    note: str


def read(folder: Path) -> list[Override]:
    """The overrides of a class. An empty file with the column names is made where there is none.

    Raises:
        ValueError: a line cannot be understood; the sentence names it.
    """
    path = folder / NAME
    if not path.exists():
        write_whole(path, ",".join(COLUMNS) + "\n")
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as 'CSV UTF-8'.") from None
    with io.StringIO(text, newline="") as file:
        reader = csv.DictReader(file)
        if ";" in (reader.fieldnames or [""])[0]:
            raise ValueError(f"{path} is separated by semicolons: save it with commas.")
        if missing := set(COLUMNS[:5]) - set(reader.fieldnames or ()):
            raise ValueError(
                f"{path} lacks the columns {', '.join(sorted(missing))}; it needs {', '.join(COLUMNS)}."
            )
        return [_one(row, f"{path}, line {reader.line_num}") for row in reader if any(row.values())]


def _one(row: dict[str, str], where: str) -> Override:
    what = (row["what"] or "").strip()
    if what not in KINDS:
        raise ValueError(f"{where}: `what` is {what!r}, and may be {', '.join(KINDS)}.")
    if what != "excused" and not (row["value"] or "").strip():
        raise ValueError(f"{where}: `value` is empty, and `{what}` needs a number.")
    try:
        value = float(row["value"] or 0)
    except ValueError:
        raise ValueError(f"{where}: `value` is {row['value']!r}, and must be a number.") from None
    if not 0 <= value < float("inf") or (what == "late" and value > 100):
        raise ValueError(
            f"{where}: `value` is {value:g}; points are 0 or more, and `late` is a per cent from 0 to 100."
        )
    learner, chapter, exercise = ((row[name] or "").strip() for name in COLUMNS[:3])
    if not learner or not chapter:
        raise ValueError(f"{where}: `learner` and `chapter` must be filled in.")
    return Override(learner, chapter, exercise, what, value, (row.get("note") or "").strip())  # type: ignore[arg-type]
