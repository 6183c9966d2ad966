"""The process in which a submission's cells run: `python -c "... inside.main()"` in the sandbox, started by `session`.

It speaks the language of `exercises.wire` over the pipes it was started with. Everything in this process belongs to the
submission as soon as its first cell has run: nothing here is trusted by the judge.
"""

import functools
import json
import os
import shutil
import sys
from typing import Any

from mechint_course.exercises.calling import answer_call
from mechint_course.exercises.limits import OutOfTime, call_within
from mechint_course.exercises.values import NotAValue, Value, normal
from mechint_course.exercises.wire import receive, reply_to_value, request_from_value, send

NOT_FINISHED = "not finished after {:g} seconds"
GIVEN = "/given"
"""Where the sandbox shows the files that came with the notebook; they are copied into the working folder."""


def main() -> None:
    """Serves until standard input ends. The first argument is JSON: `uid` or null, and the numbers of `sandbox.Limits`."""
    settings = json.loads(sys.argv[1])
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    become(settings["uid"])
    copy_given()
    shell = make_shell()
    sys.path.insert(0, "")  # as in a notebook: the helpers that lie beside it
    if os.name == "posix":
        restrict(settings)
    while True:
        try:
            message = receive(requests)
        except EOFError:
            os._exit(0)  # no thread that a cell left running is waited for
        send(replies, serve(shell, message))


def copy_given() -> None:
    """The files that came with the notebook, into the working folder."""
    for entry in os.scandir(GIVEN) if os.path.isdir(GIVEN) else ():
        if entry.is_dir():
            shutil.copytree(entry.path, entry.name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(entry.path, entry.name)


def serve(shell: Any, message: Value) -> Value:
    """The answer to one message."""
    if "cell" in message:
        return run_cell(shell, message["cell"], message["seconds"])
    if "fallback" in message:
        exec(compile(message["fallback"], "<the course's reference>", "exec"), shell.user_ns)
        return None
    if "request" in message:
        return reply_to_value(
            answer_call(shell.user_ns.get(message["name"]), request_from_value(message["request"]))
        )
    return value(shell.user_ns.get(message["value"]))


def run_cell(shell: Any, source: str, seconds: float) -> str | None:
    """Runs a cell as a notebook does, magics included, and returns in a line what it raised, or None."""
    try:
        result = call_within(seconds, functools.partial(shell.run_cell, source, silent=True))
    except OutOfTime:
        return NOT_FINISHED.format(seconds)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a cell does is told to the judge
        return _words(error)
    raised = result.error_before_exec or result.error_in_exec
    if raised is None:
        return None
    raised.__traceback__ = shell.last_execution_result = (
        None  # they would keep all that the cell's frames hold
    )
    return NOT_FINISHED.format(seconds) if isinstance(raised, OutOfTime) else _words(raised)


def value(thing: object) -> Value:
    """A prediction's value; None where it is not one."""
    try:
        return normal(thing)
    except NotAValue:
        return None


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def make_shell() -> Any:
    """An IPython shell that keeps no history and prints no traceback; `check` and `hint` say nothing in it."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import mechint_course

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = shell.showsyntaxerror = _nothing
    shell.enable_gui = _nothing  # `%matplotlib inline` asks for it
    for name in ("check", "hint"):  # the judge's business; a learner's own call of them has no effect
        setattr(mechint_course, name, _nothing)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    return shell


def _nothing(*_arguments: object, **_named: object) -> None:
    """Stands for `check` and `hint`, and for what nobody sees."""


def become(uid: int | None) -> None:
    """Gives up root for a user who owns nothing."""
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def restrict(settings: dict[str, Any]) -> None:
    """The limits that a process sets on itself and can never lift again."""
    import resource

    def limit(name: str, most: int) -> None:
        which = getattr(resource, name)
        hard = resource.getrlimit(which)[1]
        try:
            resource.setrlimit(
                which, (most, most) if hard == resource.RLIM_INFINITY else (min(most, hard),) * 2
            )
        except (ValueError, OSError):  # macOS knows the name of RLIMIT_AS, and no more
            if settings["sandboxed"]:
                raise

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    limit("RLIMIT_CPU", int(used + settings["cpu_seconds"]) + 1)
    limit("RLIMIT_AS", settings["address_space"])
    limit("RLIMIT_NOFILE", settings["open_files"])
    limit("RLIMIT_FSIZE", settings["file_size"])
    limit("RLIMIT_CORE", 0)
    if settings["sandboxed"]:  # elsewhere it would count all processes of the person who grades
        limit("RLIMIT_NPROC", settings["processes"])
