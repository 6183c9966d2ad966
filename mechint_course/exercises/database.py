"""One small SQLite file of ours that neither a kill nor a full disk nor another program can spoil.

The file uses SQLite's rollback journal, which is safe on network homes; two kernels may write at once, and a process
killed in the middle of a write leaves the file as it was before that write.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path


class Database:
    """The file at `path`, made at its first use.

    Args:
        path: where it is; its folder is made where it is missing.
        name: what messages call it, for example "progress file".
        application_id: tells our file from another program's.
        table: the table that must be there.
        schema: the statements that make a new file's tables.

    `message` is one sentence where a file had to be set aside, and empty otherwise.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "new", "n.sqlite")
    >>> database = Database(path, "file of numbers", 7, "numbers", ("CREATE TABLE numbers (n INTEGER)",))
    >>> with database.connected() as connection:
    ...     _ = connection.execute("INSERT INTO numbers VALUES (3)")
    >>> with database.connected() as connection:
    ...     connection.execute("SELECT n FROM numbers").fetchall()
    [(3,)]
    """

    def __init__(self, path: Path, name: str, application_id: int, table: str, schema: Sequence[str]) -> None:
        self.path, self.name = path, name
        self.message = ""
        self._application_id, self._table, self._schema = application_id, table, schema

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: all of the block is written, or nothing of it.

        Raises sqlite3.Error or OSError where that is not possible.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._open()
        try:
            with connection:  # commits, or rolls back
                yield connection
        finally:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepared(sqlite3.connect(self.path, timeout=10))
        except _Foreign:
            self._set_aside()
            return self._prepared(sqlite3.connect(self.path, timeout=10))

    def _prepared(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            # One writer at a time decides whether the table is there, so that two new kernels do not both make it.
            connection.execute("BEGIN IMMEDIATE")
            (owner,) = connection.execute("PRAGMA application_id").fetchone()
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {name for (name,) in connection.execute(query)}
            if not tables and owner == 0:
                for statement in self._schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self._application_id}")
            elif owner != self._application_id or self._table not in tables:
                raise _Foreign
            connection.commit()
            return connection
        except sqlite3.OperationalError:  # locked, read-only, full disk: the file itself may be fine
            connection.close()
            raise
        except (_Foreign, sqlite3.DatabaseError) as error:
            connection.close()
            raise _Foreign from error

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.set-aside-{stamp}")
        self.path.rename(aside)
        self.message = f"The {self.name} was damaged or another program's; it was kept as {aside.name} and a new one begun."


class _Foreign(Exception):
    """The file is damaged, or is not ours."""
