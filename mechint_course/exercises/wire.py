"""Messages over a pipe: a length, then a value of the grammar (see `values`)."""

import struct
from typing import IO

from mechint_course.exercises.calling import Reply, Request
from mechint_course.exercises.values import MOST_BYTES, Value, decode, encode


def send(pipe: IO[bytes], value: Value) -> None:
    """Writes one message."""
    message = encode(value)
    pipe.write(struct.pack(">Q", len(message)) + message)
    pipe.flush()


def receive(pipe: IO[bytes], most: int = MOST_BYTES) -> Value:
    """Reads one message of at most `most` bytes; EOFError where the other side is gone, ValueError where it says something else."""
    (length,) = struct.unpack(">Q", _exactly(pipe, 8))
    if length > most:
        raise ValueError(f"a message of {length} bytes was announced; {most} is the most that is read")
    return decode(_exactly(pipe, length))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    got = b""
    while len(got) < count:
        chunk = pipe.read(count - len(got))
        if not chunk:
            raise EOFError("the other process is gone")
        got += chunk
    return got


def request_to_value(request: Request) -> Value:
    """A request in the value grammar."""
    return dict(vars(request))


def request_from_value(value: Value) -> Request:
    """The request that `request_to_value` wrote."""
    return Request(**value)


def reply_to_value(reply: Reply) -> Value:
    """A reply in the value grammar."""
    return dict(vars(reply))


def reply_from_value(value: Value) -> Reply:
    """The reply that `reply_to_value` wrote; ValueError where a field is missing, unknown or of another type."""
    expected = vars(Reply())
    if not isinstance(value, dict) or set(value) != set(expected):
        raise ValueError("the answer's process sent something that is no reply")
    for name in ("inputs_after", "gradients", "printed", "slug", "sentence"):
        if type(value[name]) is not type(expected[name]):
            raise ValueError(
                f"the answer's process sent a reply whose {name} is a {type(value[name]).__name__}"
            )
    return Reply(**value)
