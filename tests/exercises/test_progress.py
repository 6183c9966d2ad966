"""Progress survives two kernels at once, a kill in the middle of a write, and a damaged or foreign file."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mechint_course.exercises.progress import Progress


def write_many(path: Path, exercise: str, count: int) -> None:
    for _ in range(count):
        progress = Progress(path)
        progress.record_verdict(exercise, 1.0, None)
        assert progress.message == ""


def test_the_best_verdict_counts_and_hints_are_listed(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.sqlite")
    progress.record_verdict("toy.loss", 0.0, "no-importance")
    progress.record_hint("toy.loss", "1")
    progress.record_verdict("toy.loss", 2.0, None)
    progress.record_verdict("toy.loss", 0.0, "raises")
    standing = progress.standings()["toy.loss"]
    assert (standing.points, standing.tries, standing.hints) == (2.0, 3, ("1",))


def test_two_kernels_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "p.sqlite"
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=write_many, args=(path, f"toy.{name}", 100)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert {name: standing.tries for name, standing in Progress(path).standings().items()} == {
        "toy.a": 100,
        "toy.b": 100,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="un-skip when a kill that cannot be caught exists there")
def test_a_kill_in_the_middle_of_a_write_leaves_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    Progress(path).record_verdict("toy.before", 1.0, None)
    # A transaction that has written pages and waits: the worst moment to be killed.
    code = (
        "import sqlite3, sys, time\n"
        f"d = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
        "d.execute('PRAGMA cache_size = 1'); d.execute('BEGIN IMMEDIATE')\n"
        "write = \"INSERT INTO events (at, exercise, kind, detail) VALUES ('now', 'toy.half', 'hint', ?)\"\n"
        "for i in range(2000): d.execute(write, ('x' * 500,))\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert writer.stdout and writer.stdout.readline() == b"ready\n"
    assert path.with_name("p.sqlite-journal").exists(), "the write was not in its middle"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    progress = Progress(path)
    progress.record_verdict("toy.after", 1.0, None)
    assert progress.message == ""
    assert set(progress.standings()) == {"toy.before", "toy.after"}


@pytest.mark.parametrize(
    "content",
    [
        b"not a database at all, but long enough to look like one" * 40,
        b"SQLite format 3\x00" + b"\xff" * 4000,
    ],
)
def test_a_damaged_file_is_set_aside_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.sqlite"
    path.write_bytes(content)
    progress = Progress(path)
    progress.record_verdict("toy.loss", 1.0, None)
    (aside,) = [file for file in tmp_path.iterdir() if "set-aside" in file.name]
    assert aside.read_bytes() == content
    assert aside.name in progress.message
    assert set(progress.standings()) == {"toy.loss"}


def test_another_programs_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE bookmarks (url TEXT)")
    theirs.close()
    progress = Progress(path)
    progress.record_hint("toy.loss", "1")
    assert "set-aside" in progress.message
    assert set(progress.standings()) == {"toy.loss"}


def test_a_write_that_fails_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    progress = Progress(blocker / "p.sqlite")
    progress.record_verdict("toy.loss", 1.0, None)
    assert "could not be written" in progress.message


def test_a_locked_file_is_a_sentence_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.sqlite"
    Progress(path).record_verdict("toy.loss", 1.0, None)
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: real(*args, **{**named, "timeout": 0.1}))
    holder = real(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    progress = Progress(path)
    progress.record_verdict("toy.loss", 1.0, None)
    holder.execute("ROLLBACK")
    holder.close()
    assert "locked" in progress.message and time.monotonic() - began < 5
    assert progress.standings()["toy.loss"].tries == 1
