"""A learner's blind ratings: written at once, one by one, beside the progress, and given away as a small JSON file.

The file that is given away holds no name. A random number says only that two files are from one person::

    {"format": "mechint_course ratings", "version": 1, "person": "9f0c…", "written": "2026-11-28T10:00:00+00:00",
     "sheet": "17aa…", "about": {"feature": "A-4096", "neuron": "A"},
     "ratings": [{"kind": "feature", "unit": 12, "scores": [3, 5, 2, 1, 3]}, …]}

The scores stand in the order of `features.rating.RUBRIC`.
"""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mechint_course.exercises.database import Database
from mechint_course.features.rating import RUBRIC, Sheet
from mechint_course.resources import replace_file, user_folder

FORMAT, VERSION = "mechint_course ratings", 1
_APPLICATION_ID = 0x6D656372  # "mecr"
_NAMES = tuple(criterion.name for criterion in RUBRIC)
_SCHEMA = (
    "CREATE TABLE person (id TEXT NOT NULL)",
    "CREATE TABLE ratings (sheet TEXT NOT NULL, kind TEXT NOT NULL, unit INTEGER NOT NULL, at TEXT NOT NULL, "
    + "".join(f"{c.name} INTEGER NOT NULL CHECK ({c.name} BETWEEN 0 AND {c.most}), " for c in RUBRIC)
    + "PRIMARY KEY (sheet, kind, unit))",
)


class Rating(NamedTuple):
    """One unit rated once."""

    kind: str
    unit: int
    scores: tuple[int, ...]
    """In the order of the rubric."""

    @property
    def total(self) -> int:
        return sum(self.scores)


def checked(scores: Sequence[int]) -> tuple[int, ...]:
    """The scores, where they fit the rubric; else ValueError.

    >>> checked([3, 5, 2, 1, 3])
    (3, 5, 2, 1, 3)
    """
    fits = len(scores) == len(RUBRIC) and all(
        type(score) is int and 0 <= score <= criterion.most
        for score, criterion in zip(scores, RUBRIC, strict=True)
    )
    if not fits:
        limits = ", ".join(f"{c.name} 0 to {c.most}" for c in RUBRIC)
        raise ValueError(f"Expected {len(RUBRIC)} whole numbers ({limits}), found {list(scores)}.")
    return tuple(scores)


class Ratings:
    """The ratings of one sheet, kept in `path` (default: in the user's data folder).

    What cannot be written is kept in memory and tried again with the next rating. `message` says so in one sentence.
    """

    def __init__(self, sheet: Sheet, path: Path | None = None) -> None:
        self.sheet = sheet
        self.path = path or user_folder() / "ratings.sqlite"
        self._database = Database(self.path, "file of ratings", _APPLICATION_ID, "ratings", _SCHEMA)
        self._failed = ""
        self._places = [(item.kind, item.unit) for item in sheet.items]
        self._unsaved: set[tuple[str, int]] = set()
        self._person = secrets.token_hex(8)
        self._held = {(rating.kind, rating.unit): rating for rating in self._stored()}

    @property
    def message(self) -> str:
        """One sentence where a file had to be set aside or could not be written; empty otherwise."""
        return self._failed or self._database.message

    def record(self, kind: str, unit: int, scores: Sequence[int]) -> None:
        """Remembers a rating; a second one of the same unit takes its place.

        Raises ValueError where the unit is not on the sheet, or the scores do not fit the rubric.
        """
        if (kind, unit) not in self._places:
            raise ValueError(f"Expected a unit of this sheet, found {kind} {unit}.")
        self._held[kind, unit] = Rating(kind, unit, checked(scores))
        self._unsaved.add((kind, unit))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(self.sheet.key, *place, at, *self._held[place].scores) for place in sorted(self._unsaved)]
        marks = ", ".join("?" * (4 + len(RUBRIC)))
        try:
            with self._database.connected() as database:
                database.executemany(f"INSERT OR REPLACE INTO ratings VALUES ({marks})", rows)
        except (sqlite3.Error, OSError) as error:
            self._failed = (
                f"Your rating could not be written to {self.path} ({error}); it is kept until this notebook's kernel "
                "stops, and tried again with your next one."
            )
        else:
            self._unsaved, self._failed = set(), ""

    def all(self) -> list[Rating]:
        """Every rating of the sheet, in its order."""
        return [self._held[place] for place in self._places if place in self._held]

    def of(self, kind: str, unit: int) -> Rating | None:
        """The rating of one unit, or None where there is none yet."""
        return self._held.get((kind, unit))

    def export(self, folder: str | Path = "ratings") -> Path:
        """Writes the ratings into `folder` (made where it is missing) as a file that can be given away.

        Raises ValueError where nothing is rated yet, OSError where the file cannot be written.
        """
        ratings = self.all()
        if not ratings:
            raise ValueError("Expected at least one rating to give away, found none: rate a unit first.")
        person = self.person()
        content = {
            "format": FORMAT,
            "version": VERSION,
            "person": person,
            "written": datetime.now(UTC).isoformat(),
            "sheet": self.sheet.key,
            "about": dict(self.sheet.about),
            "ratings": [{"kind": r.kind, "unit": r.unit, "scores": list(r.scores)} for r in ratings],
        }
        path = Path(folder) / f"ratings-{person}-{self.sheet.key[:6]}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, (json.dumps(content, indent=1) + "\n").encode())
        return path

    def person(self) -> str:
        """A random number that stands for the person; of this session alone where nothing can be written."""
        try:
            with self._database.connected() as database:
                row = database.execute("SELECT id FROM person").fetchone()
                if row is None:
                    database.execute("INSERT INTO person VALUES (?)", (self._person,))
                else:
                    self._person = str(row[0])
        except (sqlite3.Error, OSError):
            pass  # The number of this session serves.
        return self._person

    def _stored(self) -> list[Rating]:
        if not self.path.exists():
            return []
        columns = ", ".join(_NAMES)
        try:
            with self._database.connected() as database:
                rows = database.execute(
                    f"SELECT kind, unit, {columns} FROM ratings WHERE sheet = ?", (self.sheet.key,)
                ).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._failed = (
                f"Your ratings could not be read from {self.path} ({error}); the file was left as it is."
            )
            return []
        return [Rating(kind, unit, tuple(scores)) for kind, unit, *scores in rows]
