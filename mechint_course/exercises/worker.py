"""The process in which a stand-in's answers run: `python -m mechint_course.exercises.worker`.

It reads sources and requests from standard input and writes replies to standard output (see `standin`). What an
answer prints goes to standard error, so that it cannot be taken for a reply by accident. This is no sandbox: it
separates the judge's memory from the answer's, and the caller adds what limits it needs.
"""

import linecache
import os
import sys
from typing import Any

from mechint_course.exercises.calling import answer_call
from mechint_course.exercises.values import NotAValue, Value, normal
from mechint_course.exercises.wire import receive, reply_to_value, request_from_value, send

FILENAME = "<your cell>"


def main() -> None:
    """Serves until standard input ends."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    namespace: dict[str, Any] = {}
    while True:
        try:
            message = receive(requests)
        except EOFError:
            return
        if "source" in message:
            namespace, answer = load(message["source"])
        elif "request" in message:
            answer = reply_to_value(
                answer_call(namespace.get(message["name"]), request_from_value(message["request"]))
            )
        else:
            answer = _value(namespace.get(message["value"]))
        send(replies, answer)


def load(source: str) -> tuple[dict[str, Any], Value]:
    """Runs the source in a fresh namespace; beside it an error in words, or None."""
    linecache.cache[FILENAME] = (len(source), None, source.splitlines(keepends=True), FILENAME)
    namespace: dict[str, Any] = {"__name__": "__answer__"}
    try:
        exec(compile(source, FILENAME, "exec"), namespace)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - reported to the judge in words
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return namespace, f"{type(error).__name__}: {error}"
    return namespace, None


def _value(thing: object) -> Value:
    try:
        return normal(thing)
    except NotAValue:
        return None


if __name__ == "__main__":
    main()
