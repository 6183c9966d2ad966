"""Comparing an answer with an independent formula over many cases, and naming the mistake where it is a known one."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mechint_course.exercises.values import NotAValue, Value, normal, tensors_in

Case = Mapping[str, Value]
Formula = Callable[..., Value]
Finding = tuple[str, str]
"""A slug and a sentence."""


class Known(NamedTuple):
    """A mistake that learners make: if their outputs equal `formula`'s on every case, that is the diagnosis."""

    slug: str
    sentence: str
    formula: Formula


class Tolerance(NamedTuple):
    """How far two numbers may be apart: atol + rtol * |expected|."""

    atol: float
    rtol: float


def size(case: Case) -> int:
    """How large a case is, in numbers: the smallest failing case is the one that is shown."""
    return sum(max(1, sum(t.numel() for t in tensors_in(value))) for value in case.values())


def same(yours: Value, expected: Value, within: Tolerance) -> bool:
    """Whether two values agree: shapes and structure exactly, numbers within the tolerance, NaN only where NaN is expected.

    A number and a tensor without dimensions are the same thing, a list and a tuple too.

    >>> same(torch.tensor(1.0), 1.0, Tolerance(1e-6, 0.0)), same([1.0], torch.tensor([1.0]), Tolerance(1e-6, 0.0))
    (True, False)
    """
    return difference(yours, expected, within) is None


def difference(yours: Value, expected: Value, within: Tolerance) -> Finding | None:
    """None where two values agree, else (slug, sentence): wrong-type, wrong-shape, nan or wrong-value."""
    if _is_number(expected) or isinstance(expected, Tensor):
        return _numbers_differ(yours, expected, within)
    if isinstance(expected, tuple | list):
        if not isinstance(yours, tuple | list):
            return (
                "wrong-type",
                f"Your function returned {_kind(yours)}, but {_kind(expected)} of {len(expected)} is expected.",
            )
        if len(yours) != len(expected):
            return (
                "wrong-shape",
                f"Your function returned {len(yours)} values, but {len(expected)} are expected.",
            )
        return _first(
            [difference(mine, theirs, within) for mine, theirs in zip(yours, expected, strict=True)]
        )
    if isinstance(expected, dict):
        if not isinstance(yours, dict) or set(yours) != set(expected):
            found = f"the keys {sorted(map(str, yours))}" if isinstance(yours, dict) else _kind(yours)
            return (
                "wrong-type",
                f"Your function returned {found}, but a dict with the keys {sorted(map(str, expected))} is expected.",
            )
        return _first([difference(yours[key], expected[key], within) for key in expected])
    if type(yours) is not type(expected):
        return "wrong-type", f"Your function returned {_kind(yours)}, but {_kind(expected)} is expected."
    return (
        None if yours == expected else ("wrong-value", "Your function returned another value than expected.")
    )


def _numbers_differ(yours: Value, expected: Value, within: Tolerance) -> Finding | None:
    if yours is None:
        return (
            "returns-nothing",
            f"Your function returned nothing, but {_kind(expected)} is expected. Is a `return` missing?",
        )
    if not (_is_number(yours) or isinstance(yours, Tensor)):
        return "wrong-type", f"Your function returned {_kind(yours)}, but {_kind(expected)} is expected."
    mine, theirs = torch.as_tensor(yours), torch.as_tensor(expected)
    if mine.shape != theirs.shape:
        return (
            "wrong-shape",
            f"Your result has the shape {list(mine.shape)}, but {list(theirs.shape)} is expected.",
        )
    if mine.is_complex() and not theirs.is_complex():
        return "wrong-type", "Your function returned complex numbers, but real ones are expected."
    a, b = mine.double(), theirs.double()
    if torch.allclose(a, b, atol=within.atol, rtol=within.rtol, equal_nan=True):
        return None
    if (a.isnan() & ~b.isnan()).any():
        return (
            "nan",
            "Your result holds NaN (not a number), which comes from 0/0, inf - inf or the root of a negative number.",
        )
    if (a.isinf() & ~b.isinf()).any():
        return "nan", "Your result is infinite somewhere, which comes from a division by zero or an overflow."
    return "wrong-value", "Your result differs from what is expected."


def _first(found: Sequence[Finding | None]) -> Finding | None:
    return next((finding for finding in found if finding is not None), None)


def _is_number(value: Value) -> bool:
    return isinstance(value, bool | int | float)


def _kind(value: Value) -> str:
    if value is None:
        return "nothing (None)"
    if isinstance(value, Tensor):
        return f"a tensor of shape {list(value.shape)}"
    if isinstance(value, str):
        return "a string"
    return f"{'an' if type(value).__name__[0] in 'aeiou' else 'a'} {type(value).__name__}"


def diagnose(
    known: Sequence[Known], cases: Sequence[Case], yours: Sequence[Value], within: Tolerance
) -> Known | None:
    """The first known mistake whose formula gives the learner's outputs on every case."""
    for mistake in known:
        if all(
            same(mine, _apply(mistake.formula, case), within) for mine, case in zip(yours, cases, strict=True)
        ):
            return mistake
    return None


def _apply(formula: Formula, case: Case) -> Value:
    """What a wrong formula gives; a string that no output equals where it cannot be computed on this case."""
    try:
        return normal(formula(**case))
    except (ArithmeticError, IndexError, KeyError, NotAValue, RuntimeError, TypeError, ValueError) as error:
        return f"the formula does not apply: {error}"


def pull_back(formula: Formula, case: Case, cotangent: Value, wrt: Sequence[str]) -> list[Tensor | None]:
    """The vector-Jacobian products of an independent formula, by autograd: one per name in `wrt`."""
    inputs = {name: value.clone().requires_grad_() if name in wrt else value for name, value in case.items()}
    outputs, seeds = tensors_in(formula(**inputs)), tensors_in(cotangent)
    total = sum((out * seed.to(out.dtype)).sum() for out, seed in zip(outputs, seeds, strict=True))
    if not (isinstance(total, Tensor) and total.requires_grad):
        return [None for _ in wrt]
    return list(torch.autograd.grad(total, [inputs[name] for name in wrt], allow_unused=True))


def diagnose_gradients(
    known: Sequence[Known],
    cases: Sequence[Case],
    cotangents: Sequence[Value],
    names: Sequence[str],
    yours: Sequence[list[Tensor | None]],
    within: Tolerance,
) -> Known | None:
    """The first known mistake whose gradients are the learner's on every case."""
    for mistake in known:
        theirs = [
            pull_back(mistake.formula, case, seed, names)
            for case, seed in zip(cases, cotangents, strict=True)
        ]
        if all(same(mine, normal(right), within) for mine, right in zip(yours, theirs, strict=True)):
            return mistake
    return None
