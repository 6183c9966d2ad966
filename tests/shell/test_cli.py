"""The commands: their help, their errors, their exit codes, what programs read."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from mechint_course import cli, install
from mechint_course.classroom import listing
from mechint_course.exercises.catalogue import catalogue
from mechint_course.exercises.progress import Progress

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "lab",
    "test",
    "exercises",
    "progress",
    "doctor",
    "train",
    "workshop",
    "grade",
    "new",
    "evaluate",
    "build",
    "new-exercise",
)


def raising(error: BaseException) -> object:
    """A handler that ends with this error."""

    def handler(_arguments: argparse.Namespace) -> NoReturn:
        raise error

    return handler


@pytest.mark.parametrize(
    "command", [*COMMANDS, "train language", "train sae", "train toy-strip", "train toy-points"]
)
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*command.split(), "--help"])
    shown = capsys.readouterr().out
    assert end.value.code == 0
    assert f"example: mechint-course {command}" in " ".join(shown.split())


def test_help_lists_every_command_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "]
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ValueError("expected a chapter, found 3: name one of 01_toy"),
            "expected a chapter, found 3: name one of 01_toy",
        ),
        (FileNotFoundError(2, "No such file or directory", "x.ipynb"), "x.ipynb: No such file or directory"),
        (OSError("the disk went away"), "the disk went away"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_is_one_sentence(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_progress", raising(error))
    assert cli.main(["progress"]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"mechint-course progress: {said}\n")
    with pytest.raises(type(error)):
        cli.main(["progress", "--debug"])


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_progress", raising(AttributeError("ours")))
    with pytest.raises(AttributeError):
        cli.main(["progress"])


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "_progress", raising(KeyboardInterrupt()))
    assert cli.main(["progress"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


def test_a_reader_who_leaves_early_sees_no_traceback() -> None:
    words = [sys.executable, "-u", "-m", "mechint_course", "exercises", "--json"]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_pytest_gets_its_words_in_their_order() -> None:
    assert cli.split(["test", "-q", "-k", "toy", "--slow"]) == (["test", "--slow"], ["-q", "-k", "toy"])
    assert cli.split(["test", "--", "--slow", "-x"]) == (["test"], ["--slow", "-x"])
    assert cli.split(["lab", "-x"]) == (["lab", "-x"], [])


@pytest.mark.parametrize(
    ("words", "code"), [(["mechint_course/size.py"], 0), (["tests/there_is_none.py"], 4)]
)
def test_the_test_command_runs_pytest_and_gives_its_exit_code(words: list[str], code: int) -> None:
    assert cli.main(["test", "--collect-only", "-q", *words]) == code


def test_the_slow_tier_is_asked_for_by_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda words, cwd, env: seen.append(words) or 3)
    assert cli.main(["test", "--slow", "-x"]) == 3
    assert seen[0][1:5] == ["-m", "pytest", "-m", "slow"] and seen[0][-1] == "-x"


def test_a_whole_tier_runs_on_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda words, cwd, env: seen.append(words) or 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for words in (["test", "-ra"], ["test", "-x", "tests/toy"], ["test", "-k", "toy"], ["test", "--slow"]):
        assert cli.main(words) == 0
    assert [words[3:] for words in seen] == [
        ["-n", "2", "--dist", "worksteal", "-ra"],
        ["-x", "tests/toy"],
        ["-k", "toy"],
        ["-m", "slow", "-n", "2", "--dist", "loadfile"],
    ]


def test_a_lacking_extra_is_a_sentence_outside_our_own_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "missing", lambda root, extra: ["nbval"])
    monkeypatch.setattr(install, "in_own_environment", lambda root: False)
    assert cli.main(["test"]) == 1
    assert (
        f"this environment lacks nbval: type `{Path(sys.executable).name} -m pip install -e"
        in capsys.readouterr().err
    )


def test_without_a_checkout_the_maintainers_commands_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "checkout", lambda: None)
    assert cli.main(["build"]) == 1
    assert "clone the course" in capsys.readouterr().err


def test_exercises_as_json_is_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["exercises", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed] == [one.id for one in catalogue()]
    assert all(
        set(one) == {"id", "chapter", "title", "points", "minutes", "difficulty", "core"} for one in listed
    )
    assert cli.main(["exercises"]) == 0
    shown = capsys.readouterr().out
    assert all(one["id"] in shown and one["title"] in shown for one in listed)


def test_progress_counts_points_and_leads_along_the_core_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path))
    core = [one for one in catalogue() if one.core]
    file = Progress()
    file.record_hint(core[0].id, "first")
    file.record_verdict(core[0].id, core[0].points, None)
    file.record_verdict(core[1].id, 0.0, "a-slug")
    assert cli.main(["progress", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["points"] == core[0].points and told["of"] == sum(one.points for one in catalogue())
    assert told["next"] == core[1].id
    assert cli.main(["progress"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (first,) = (line for line in lines if f" {core[0].id} " in line)
    (second,) = (line for line in lines if f" {core[1].id} " in line)
    assert first.split()[0] == "solved" and first.endswith("hints: first")
    assert second.split()[0] == "tried"
    assert lines[-1].startswith(f"Next: {core[1].title}")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_progress_file_that_was_set_aside_is_told_once(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path))
    Progress().path.write_bytes(b"no database" * 100)
    assert listing.progress(as_json=as_json) == 0
    shown = capsys.readouterr()
    if as_json:
        assert json.loads(shown.out)["points"] == 0
    assert (shown.err if as_json else shown.out).count("it was kept as progress.sqlite.set-aside-") == 1
    if not as_json:
        assert "about 1 minute)" in shown.out.splitlines()[-1], "the first exercise takes one"


def test_after_the_core_path_come_extensions_and_then_nothing() -> None:
    solved = [(one, listing.Standing(one.id, one.points, 1, ())) for one in catalogue()]
    assert listing.what_next(solved) is None
    reopened = [
        (one, standing if one.core else listing.Standing(one.id, 0.0, 1, ())) for one, standing in solved
    ]
    following = listing.what_next(reopened)
    assert following is None or not following.core
