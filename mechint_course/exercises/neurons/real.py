"""Real text and real activations for the checks of this chapter: a small sample, read once a process.

Only slices of it cross to an answer. Nothing depends on which corpus this installation has.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.values import Fixture, Value

HOOK = "blocks.0.mlp.hook_post"


@cache
def held_out() -> Any:
    """Two sequences of every domain of the evaluation text."""
    from mechint_course.language import evaluation_text

    return evaluation_text().sample(2, seed=1)


@cache
def layer() -> Tensor:
    """Model A's activations on `held_out()` without the start token, [n_sequences, n_ctx - 1, d_mlp]."""
    from mechint_course.language import activations

    return activations(build("model:A"), held_out().tokens)[:, 1:]


def some_tokens(generator: torch.Generator, batch: int, n_ctx: int) -> Tensor:
    """The beginnings of `batch` sequences of the text, no two of one domain, [batch, n_ctx]."""
    text = held_out()
    domains = torch.randperm(len(text.domains), generator=generator)[:batch]
    rows = torch.stack([torch.nonzero(text.domain == number)[0, 0] for number in domains])
    return text.tokens[rows, :n_ctx].clone()


@cache
def largest() -> Tensor:
    """Each neuron's largest activation on it, [d_mlp]."""
    return layer().amax((0, 1))


@cache
def often() -> list[int]:
    """The neurons that fire on more than a tenth of its tokens: a few tokens are enough to see them."""
    return torch.nonzero((layer() > 0).float().mean((0, 1)) > 0.1)[:, 0].tolist()


def remembered(formula: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A formula that runs a model, computed once for the same inputs: one judging asks it many times."""
    found: dict[tuple[object, ...], Tensor] = {}

    @wraps(formula)
    def remember(*args: Value) -> Tensor:
        key = tuple(_key(arg) for arg in args)
        if key not in found:
            if len(found) >= 32:
                found.clear()
            found[key] = formula(*args)
        return found[key].clone()

    return remember


def _key(arg: Value) -> object:
    if isinstance(arg, Tensor):
        return tuple(arg.shape), arg.numpy().tobytes()
    return arg.name if isinstance(arg, Fixture) else arg
