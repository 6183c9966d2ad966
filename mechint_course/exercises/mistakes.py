"""What a failed check says: the mistake by name, the smallest counter-example, and where to look next."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mechint_course.exercises.values import Value

_MOST_SHOWN = 24


class Mistake(Exception):
    """A check's finding about an answer: a stable slug, and the message for the learner."""

    def __init__(self, slug: str, message: str) -> None:
        self.slug, self.message = slug, message
        super().__init__(f"{slug}: {message}")


def write_mistake(
    sentence: str,
    inputs: Mapping[str, Value] | None = None,
    yours: Value = None,
    expected: Value = None,
    look: str = "",
    *,
    show_values: bool = False,
) -> str:
    """The whole message: the sentence, the counter-example as an indented block, the advice."""
    parts = [sentence]
    lines = [f"{name} = {show(value)}" for name, value in (inputs or {}).items()]
    if show_values:
        lines += [f"yours    = {show(yours, near=expected)}", f"expected = {show(expected, near=yours)}"]
        lines += _where(yours, expected)
    if lines:
        parts.append("\n".join("    " + line for text in lines for line in text.splitlines()))
    if look:
        parts.append("Look next: " + look)
    return "\n\n".join(parts)


def show(value: Value, near: Value = None) -> str:
    """A value in a few characters.

    >>> show(torch.tensor([[1.0, 0.25]]))
    'tensor [1, 2]: [[1.0, 0.25]]'
    """
    if isinstance(value, Tensor):
        shape = f"tensor {list(value.shape)}"
        if value.numel() > _MOST_SHOWN:
            return shape
        return (
            f"{shape}: {rounded(value.tolist())}"
            if value.ndim
            else f"{rounded(value.item())} (a tensor with no dimensions)"
        )
    if isinstance(value, float):
        return str(rounded(value))
    if isinstance(value, tuple | list) and not any(isinstance(member, Tensor) for member in value):
        text = str(rounded(list(value)))
    elif isinstance(value, tuple | list):
        text = "; ".join(show(member) for member in value)
    elif isinstance(value, dict):
        text = "; ".join(f"{key}: {show(member)}" for key, member in value.items())
    else:
        text = repr(value)
    return text if len(text) <= 400 else text[:400] + " ..."


def rounded(value: Value) -> Value:
    """Numbers to four significant digits, inside lists too.

    >>> rounded([0.123456, [2.0, 3]])
    [0.1235, [2.0, 3]]
    """
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, list):
        return [rounded(member) for member in value]
    return value


def _where(yours: Value, expected: Value) -> list[str]:
    """The place of the largest difference, for tensors too large to print."""
    if not (isinstance(yours, Tensor) and isinstance(expected, Tensor)) or yours.shape != expected.shape:
        return []
    if yours.numel() <= _MOST_SHOWN or not yours.numel():
        return []
    gap = (yours.double() - expected.double()).abs().nan_to_num(nan=torch.inf)
    place = torch.unravel_index(gap.argmax(), gap.shape)
    index = tuple(int(i) for i in place)
    return [
        f"at {list(index)}: yours {rounded(float(yours[index]))}, expected {rounded(float(expected[index]))}"
    ]
