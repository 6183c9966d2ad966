"""What a learner has done, in one SQLite file: every verdict and every hint, in the order they came.

The file is a `Database`, which two kernels may write at once and no kill spoils. A write that fails never fails a check.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mechint_course.exercises.database import Database
from mechint_course.resources import user_folder

APPLICATION_ID = 0x6D656368  # "mech": tells our file from another program's
_SCHEMA = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    exercise TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('verdict', 'hint')),
    points REAL,
    detail TEXT
)
"""


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with one exercise."""

    exercise: str
    points: float
    """The best verdict's points."""
    tries: int
    hints: tuple[str, ...]
    """The tiers asked for, in order."""


class Progress:
    """The progress file at `path` (default: in the user's data folder)."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_folder() / "progress.sqlite"
        self._database = Database(self.path, "progress file", APPLICATION_ID, "events", (_SCHEMA,))
        self._failed = ""

    @property
    def message(self) -> str:
        """One sentence where a file had to be set aside or could not be written; empty otherwise."""
        return self._failed or self._database.message

    def record_verdict(self, exercise: str, points: float, mistake: str | None) -> None:
        """Remembers a verdict."""
        self._record(exercise, "verdict", points, mistake)

    def record_hint(self, exercise: str, tier: str) -> None:
        """Remembers that a hint was asked for. It costs nothing."""
        self._record(exercise, "hint", None, tier)

    def standings(self) -> dict[str, Standing]:
        """Where the learner stands, by exercise id; exercises never touched are absent."""
        if not self.path.exists():
            return {}
        with self._database.connected() as database:
            rows = database.execute(
                "SELECT exercise, kind, points, detail FROM events ORDER BY id"
            ).fetchall()
        found: dict[str, Standing] = {}
        for exercise, kind, points, detail in rows:
            old = found.get(exercise, Standing(exercise, 0.0, 0, ()))
            if kind == "hint":
                found[exercise] = Standing(exercise, old.points, old.tries, (*old.hints, detail))
            else:
                found[exercise] = Standing(exercise, max(old.points, points or 0.0), old.tries + 1, old.hints)
        return found

    def _record(self, exercise: str, kind: str, points: float | None, detail: str | None) -> None:
        row = (datetime.now(UTC).isoformat(timespec="seconds"), exercise, kind, points, detail)
        try:
            with self._database.connected() as database:
                database.execute(
                    "INSERT INTO events (at, exercise, kind, points, detail) VALUES (?, ?, ?, ?, ?)", row
                )
        except (sqlite3.Error, OSError) as error:
            self._failed = f"Your progress could not be written to {self.path} ({error}); the verdict above holds all the same."
