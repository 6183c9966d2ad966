"""What may cross between an answer and its judge, and how it is written on a wire.

The grammar: dense tensors, numbers, strings, booleans, None, tuples, lists and dicts of these, and named fixtures
(models and corpora, which both sides build themselves). On the wire a value is a JSON tree whose tensors lie beside
it as safetensors: nothing is ever unpickled.
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

Value = Any
"""A value of the grammar above (Python's type system cannot say it without recursion that helps nobody)."""

MOST_BYTES = 2**30
"""The largest message that is read: 1 GiB."""


@dataclass(frozen=True)
class Fixture:
    """The name of something too large to send: both sides build it (see `fixtures`)."""

    name: str


class NotAValue(TypeError):
    """Something outside the grammar; `kind` is the name of its type, for the sentence to the learner."""

    def __init__(self, thing: object) -> None:
        self.kind = type(thing).__name__
        super().__init__(f"a {self.kind} is not a value that can be judged")


def normal(thing: object) -> Value:
    """The value in plain form: numpy becomes torch, named tuples tuples, subclasses their base; tensors are detached copies.

    >>> normal((np.float64(0.5), np.array([True]), [None]))
    (0.5, tensor([True]), [None])
    """
    if isinstance(thing, Tensor):
        return plain_tensor(thing)
    if isinstance(thing, np.ndarray):
        try:
            return torch.tensor(thing)
        except TypeError as error:  # an array of objects
            raise NotAValue(thing) from error
    if isinstance(thing, np.generic):
        return normal(thing.item())
    return rebuild(thing, normal)


def holds_arrays(thing: object) -> bool:
    """Whether it is a numpy array, or a container that holds one.

    >>> holds_arrays((1.0, np.ones(2))), holds_arrays([1.0])
    (True, False)
    """
    members = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, tuple | list) else ()
    return isinstance(thing, np.ndarray) or any(holds_arrays(member) for member in members)


def without_arrays(thing: Any) -> Any:
    """The same with a tensor for each numpy array; float64, numpy's habit, becomes torch's default precision.

    >>> without_arrays((1.5, np.ones(2)))
    (1.5, tensor([1., 1.]))
    """
    if isinstance(thing, np.ndarray):
        tensor = torch.as_tensor(thing)
        return tensor.to(torch.get_default_dtype()) if tensor.dtype == torch.float64 else tensor
    if isinstance(thing, tuple | list):
        members = [without_arrays(member) for member in thing]
        return (
            thing._make(members) if hasattr(thing, "_make") else type(thing)(members)
        )  # a named tuple keeps its names
    if isinstance(thing, dict):
        return {key: without_arrays(member) for key, member in thing.items()}
    return thing


def plain_tensor(tensor: Tensor) -> Tensor:
    """A dense, contiguous, detached copy that shares no memory with anything."""
    dense = tensor.detach().to_dense() if tensor.layout != torch.strided else tensor.detach()
    return torch.empty(dense.shape, dtype=dense.dtype).copy_(dense.resolve_conj().resolve_neg())


def rebuild(thing: object, leaf: Callable[[Any], Value]) -> Value:
    """Applies `leaf` to the members of a container; numbers, strings and fixtures stay as they are."""
    if thing is None or isinstance(thing, Fixture):
        return thing
    for scalar in (bool, int, float, str):  # bool before int: True is an int
        if isinstance(thing, scalar):
            return scalar(thing)
    if isinstance(thing, tuple):
        return tuple(leaf(member) for member in thing)
    if isinstance(thing, list):
        return [leaf(member) for member in thing]
    if isinstance(thing, dict) and all(isinstance(key, str | int) for key in thing):
        return {key: leaf(member) for key, member in thing.items()}
    raise NotAValue(thing)


def tensors_in(value: Value) -> list[Tensor]:
    """Every tensor of a value, in order."""
    if isinstance(value, Tensor):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [tensor for member in members for tensor in tensors_in(member)]


def encode(value: Value) -> bytes:
    """Writes a value: length of the JSON tree, the tree, then the tensors."""
    tensors: dict[str, Tensor] = {}

    def tree(part: Value) -> Any:
        if isinstance(part, Tensor):
            name = str(len(tensors))
            tensors[name] = plain_tensor(part)
            return {"tensor": name}
        if isinstance(part, Fixture):
            return {"fixture": part.name}
        if isinstance(part, float) and not math.isfinite(part):
            return {"float": repr(part)}
        if isinstance(part, tuple | list):
            return {type(part).__name__: [tree(member) for member in part]}
        if isinstance(part, dict):
            return {"dict": [[key, tree(member)] for key, member in part.items()]}
        if part is None or isinstance(part, bool | int | float | str):
            return part
        raise NotAValue(part)

    head = json.dumps(tree(value)).encode()
    return struct.pack(">Q", len(head)) + head + safetensors.torch.save(tensors)


def decode(message: bytes) -> Value:
    """Reads what `encode` wrote; ValueError where the bytes are something else."""
    try:
        (length,) = struct.unpack(">Q", message[:8])
        tree = json.loads(message[8 : 8 + length])
        tensors = safetensors.torch.load(message[8 + length :])
        return _grow(tree, tensors)
    except (
        struct.error,
        UnicodeDecodeError,
        json.JSONDecodeError,
        safetensors.SafetensorError,
        KeyError,
        OverflowError,  # a length that no machine has
        RecursionError,
        TypeError,  # a key that cannot be one
    ) as error:
        raise ValueError(f"not a message of the value grammar: {error}") from error


def _grow(tree: Any, tensors: dict[str, Tensor]) -> Value:
    if not isinstance(tree, dict):
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        raise ValueError(f"not a message of the value grammar: a bare {type(tree).__name__}")
    match list(tree.items()):
        case [("tensor", str(name))]:
            return tensors[name]
        case [("fixture", str(name))]:
            return Fixture(name)
        case [("float", str(number))]:
            return float(number)
        case [("tuple", list(members))]:
            return tuple(_grow(member, tensors) for member in members)
        case [("list", list(members))]:
            return [_grow(member, tensors) for member in members]
        case [("dict", list(pairs))]:
            return {key: _grow(member, tensors) for key, member in pairs}
    raise ValueError(f"not a message of the value grammar: an unknown kind {list(tree)}")
