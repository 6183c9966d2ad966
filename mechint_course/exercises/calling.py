"""One call of an answer, with everything that can go wrong turned into one sentence.

`answer_call` is the only place where a learner's function is run. It runs in the notebook's process or in another
(`worker`), in the same way.
"""

import contextlib
import functools
import inspect
import io
import linecache
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises import fixtures
from mechint_course.exercises.limits import OutOfTime, call_within
from mechint_course.exercises.values import NotAValue, Value, holds_arrays, normal, tensors_in

_NOT_THEIRS = (Path(__file__).resolve().parents[1], Path(sysconfig.get_path("stdlib")))


@dataclass
class Request:
    """One call: positional `args` with their `names`, and, for a vector-Jacobian product, `cotangent` and `wrt`."""

    args: list[Value]
    names: list[str]
    seconds: float = 10.0
    cotangent: Value = None
    """None, or a value of the output's shape: then the reply carries the gradients of <cotangent, output>."""
    wrt: list[int] = field(default_factory=list)
    """Positions of the arguments whose gradients are wanted."""


@dataclass
class Reply:
    """What came of one call."""

    value: Value = None
    inputs_after: list[Value] = field(default_factory=list)
    gradients: list[Tensor | None] = field(default_factory=list)
    printed: str = ""
    """The beginning of what the answer printed."""
    arrays: bool = False
    """Whether it returned numpy arrays."""
    slug: str = ""
    """Empty, or the name of what went wrong ..."""
    sentence: str = ""
    """... and the sentence that says so."""


class _Beginning(io.TextIOBase):
    """Keeps the first 200 characters that are written, and lets the rest go."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = (self.text + text)[:200]
        return len(text)


def answer_call(function: object, request: Request) -> Reply:
    """Calls an answer once. Never raises for anything the answer does; an interrupt by the person passes through."""
    reply = Reply()
    if not callable(function):
        kind = type(function).__name__
        return _trouble(
            reply,
            "not-a-function",
            f"This name should hold a function, but it holds a {kind}: {function!r:.80}",
        )
    if complaint := _arguments_complaint(function, request.names):
        return _trouble(reply, "wrong-arguments", complaint)
    args = [_for_gradient(normal(arg), i in request.wrt) for i, arg in enumerate(request.args)]
    watched = {name: fixtures.state(name) for name in fixtures.names_in(request.args)}
    printed = _Beginning()
    if request.wrt:
        _wake_autograd()
    try:
        with _quietly(printed), torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.seed()  # else a draw from the global generator would look reproducible
            returned = call_within(request.seconds, _called, function, request, args, reply)
        reply.value, reply.arrays = normal(returned), holds_arrays(returned)
        reply.inputs_after = [normal(arg) for arg in args]
    except OutOfTime:
        _trouble(reply, "loops", too_slow(request.seconds))
    except NotAValue as error:
        _trouble(
            reply,
            "wrong-type",
            f"Your function returned a {error.kind}, which cannot be judged; "
            "return tensors, numbers, strings, or tuples, lists and dicts of these.",
        )
    except _Detached as error:
        _trouble(reply, "detached", str(error))
    except NotImplementedError as error:
        if str(error):
            _trouble(reply, "raises", _raised(error))
        else:
            _trouble(
                reply,
                "not-written",
                "Not written yet: replace the `raise NotImplementedError()` line with your own.",
            )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an answer raises is its own business, told to it
        _trouble(reply, "raises", _raised(error))
    reply.printed = printed.text
    for name, before in watched.items():
        if (harm := fixtures.damage(name, before)) and not reply.slug:
            _trouble(reply, *harm)
    return reply


@functools.cache
def _wake_autograd() -> None:
    """The first gradient of a process imports for seconds: not on the answer's time, and never interrupted halfway."""
    x = torch.ones(1, requires_grad=True)
    torch.autograd.grad([x * 2], [x], [torch.ones(1)])


def _called(function: Callable[..., Any], request: Request, args: list[Value], reply: Reply) -> Any:
    returned = function(*[fixtures.resolve(arg) for arg in args])
    if request.wrt:
        reply.gradients = _gradients(returned, request, args)
    return returned


def too_slow(seconds: float) -> str:
    """The sentence for an answer that did not come back."""
    return (
        f"Your function had not returned after {seconds:g} seconds, so it was stopped. "
        "Look for a loop that never ends, or work that grows with every element."
    )


def _trouble(reply: Reply, slug: str, sentence: str) -> Reply:
    reply.slug, reply.sentence = slug, sentence
    return reply


@contextlib.contextmanager
def _quietly(sink: _Beginning) -> Iterator[None]:
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(io.StringIO()):
        yield


def _for_gradient(arg: Value, wanted: bool) -> Value:
    return arg.requires_grad_() if wanted else arg


class _Detached(Exception):
    """The output does not remember how it was computed."""


def _gradients(returned: Any, request: Request, args: list[Value]) -> list[Tensor | None]:
    outputs, cotangents = tensors_in(returned), tensors_in(request.cotangent)
    pairs = [(out, seed) for out, seed in zip(outputs, cotangents, strict=False) if out.requires_grad]
    if not pairs:
        raise _Detached(
            "Your result carries no gradient, so nothing could be trained through it. "
            "Keep to torch operations from input to output: no .detach(), .item(), .data, numpy or torch.no_grad()."
        )
    found = torch.autograd.grad(
        [out for out, _ in pairs],
        [args[i] for i in request.wrt],
        [seed.to(out.dtype) for out, seed in pairs],
        allow_unused=True,
    )
    return [None if gradient is None else gradient.detach() for gradient in found]


def _arguments_complaint(function: Callable[..., Any], names: list[str]) -> str | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some callables written in C have none
        return None
    try:
        signature.bind(*names)
    except TypeError:
        return f"Your function takes ({', '.join(signature.parameters)}), but it is called with ({', '.join(names)})."
    return None


def _raised(error: BaseException) -> str:
    """'Your function raised ValueError: ... in line 3: `y = x @ W`', with the last line that is the learner's own."""
    theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame.filename)]
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not theirs:
        return f"Your function raised {what}"
    line = theirs[-1].line or linecache.getline(theirs[-1].filename, theirs[-1].lineno or 0).strip()
    return f"Your function raised {what}\n\n    line {theirs[-1].lineno} of your cell: {line}"


def _is_theirs(filename: str) -> bool:
    path = Path(filename)
    return not ({"site-packages", "dist-packages"} & set(path.parts)) and not any(
        map(path.is_relative_to, _NOT_THEIRS)
    )
