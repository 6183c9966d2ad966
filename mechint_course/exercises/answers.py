"""An answer, wherever it lives: in this process (`LocalAnswer`) or in another (`standin.RemoteAnswer`)."""

from typing import Protocol, runtime_checkable

from mechint_course.exercises.calling import Reply, Request, answer_call
from mechint_course.exercises.values import NotAValue, Value, normal


@runtime_checkable
class Answer(Protocol):
    """What a check needs of an answer: one call, or its value where the answer is no function."""

    def call(self, request: Request) -> Reply: ...

    def value(self) -> Value: ...


class LocalAnswer:
    """An answer in this process.

    >>> LocalAnswer(lambda x: x + 1).call(Request([2], ["x"])).value
    3
    """

    def __init__(self, thing: object) -> None:
        self._thing = thing
        self.arrays = False
        """Whether a call so far has returned numpy arrays."""

    def call(self, request: Request) -> Reply:
        """Calls it once (see `answer_call`)."""
        reply = answer_call(self._thing, request)
        self.arrays |= reply.arrays
        return reply

    def value(self) -> Value:
        """The answer itself, for predictions; None where it is not a value."""
        try:
            return normal(self._thing)
        except NotAValue:
            return None
