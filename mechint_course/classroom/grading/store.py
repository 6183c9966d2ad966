"""What is graded already, in one SQLite file: a result is there whole or not at all, whatever happens to the machine."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mechint_course.classroom.grading.result import Result, from_json, to_json

APPLICATION_ID = 0x6D656367
_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY,
    learner TEXT NOT NULL,
    name TEXT NOT NULL,
    result TEXT NOT NULL,
    gradings INTEGER NOT NULL DEFAULT 1
)
"""


class CannotStore(OSError):
    """A result could not be written: a full disk, a folder that is gone. All earlier ones are safe."""


class Store:
    """The results of one class in the folder of its grades."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "results.sqlite"
        folder.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            (owner,) = database.execute("PRAGMA application_id").fetchone()
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if owner != APPLICATION_ID and tables:
                raise ValueError(f"{self.path} is another program's file; choose another folder with --out.")
            database.execute(_SCHEMA)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def put(self, result: Result) -> None:
        """Writes a result for good, in place of an earlier one of the same submission."""
        with self._open() as database:
            database.execute(
                "INSERT INTO results (key, learner, name, result) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET result = excluded.result, gradings = gradings + 1",
                (result.key, _clean(result.learner), _clean(result.name), to_json(result)),
            )

    def results(self) -> dict[str, Result]:
        """Every result, by its submission's key."""
        with self._open() as database:
            rows = database.execute("SELECT key, result FROM results").fetchall()
        return {key: from_json(text) for key, text in rows}

    def gradings(self) -> dict[str, int]:
        """How often each submission was graded, by key."""
        with self._open() as database:
            return dict(database.execute("SELECT key, gradings FROM results").fetchall())

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.path, timeout=30)
            try:
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.OperationalError as error:
            raise CannotStore(
                f"{self.path} cannot be written ({error}); all results before this one are safe there"
            ) from error
        except sqlite3.DatabaseError as error:
            raise ValueError(
                f"{self.path} is damaged or no SQLite file ({error}); choose another folder with --out."
            ) from error


def _clean(text: str) -> str:
    """A name as SQLite can hold it: file names may hold bytes that are no text."""
    return text.encode("utf-8", "replace").decode()
