"""What a learner has done, in one SQLite file: every verdict and every hint, in the order they came.

The file uses SQLite's rollback journal, which is safe on network homes; two kernels may write at once, and a process
killed in the middle of a write leaves the file as it was before that write. A write that fails never fails a check.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
        self.message = ""
        """One sentence where a file had to be set aside or could not be written; empty otherwise."""

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
        with self._connected() as database:
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
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._connected() as database:
                database.execute(
                    "INSERT INTO events (at, exercise, kind, points, detail) VALUES (?, ?, ?, ?, ?)", row
                )
        except (sqlite3.Error, OSError) as error:
            self.message = f"Your progress could not be written to {self.path} ({error}); the verdict above holds all the same."

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = self._open()
        try:
            with database:  # commits, or rolls back
                yield database
        finally:
            database.close()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepared(sqlite3.connect(self.path, timeout=10))
        except _Foreign:
            self._set_aside()
            return self._prepared(sqlite3.connect(self.path, timeout=10))

    def _prepared(self, database: sqlite3.Connection) -> sqlite3.Connection:
        try:
            # One writer at a time decides whether the table is there, so that two new kernels do not both make it.
            database.execute("BEGIN IMMEDIATE")
            (owner,) = database.execute("PRAGMA application_id").fetchone()
            tables = {
                name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not tables and owner == 0:
                database.execute(_SCHEMA)
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            elif owner != APPLICATION_ID or "events" not in tables:
                raise _Foreign
            database.commit()
            return database
        except sqlite3.OperationalError:  # locked, read-only, full disk: the file itself may be fine
            database.close()
            raise
        except (_Foreign, sqlite3.DatabaseError) as error:
            database.close()
            raise _Foreign from error

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.set-aside-{stamp}")
        self.path.rename(aside)
        self.message = f"The progress file was damaged or another program's; it was kept as {aside.name} and a new one begun."


class _Foreign(Exception):
    """The file is damaged, or is not ours."""
