"""Chapter 4, section 2: correlation a batch at a time, from sums that go in and come out."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.compare import Tolerance, same
from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.values import normal

State = dict[str, Any]
NAMES = ("sum_left", "sum_right", "squares_left", "squares_right", "products")

guess_memory = prediction(
    id="universality.guess_memory",
    title="Prediction: a hundred times the text",
    options=("a hundred times as much", "ten times as much", "as much as before"),
    core=True,
)


@exercise(
    id="universality.update_moments",
    title="Sums that go in and come out",
    points=2,
    minutes=9,
    difficulty=2,
    core=True,
    hints=(
        "Six things are enough: how many tokens there were, the sum of each column, the sum of its squares, and the sum of "
        "the products of every pair. For each, the new one is the old one plus that of the batch.",
        "In double precision: left = left.double(). Then left.sum(0), left.square().sum(0), and left.T @ right holds the "
        "sums of products of all pairs.",
        'return {"n_tokens": state["n_tokens"] + len(left), "sum_left": state["sum_left"] + left.sum(0), ..., '
        '"products": state["products"] + left.T @ right}: a new dict, the old one stays as it was.',
    ),
)
def update_moments(ask: Ask) -> None:
    "The six sums against adding token by token, in double precision."
    cases = list(_batches(ask))
    ask.compare(
        cases,
        expected=token_by_token,
        known=_UPDATE_MISTAKES,
        look="one of the six at a time: what does this batch add to it?",
        atol=1e-5,
        rtol=1e-5,
    )
    for case in cases:
        yours, theirs = ask(**case), normal(token_by_token(**case))
        ask.require(
            same(yours, theirs, Tolerance(1e-9, 1e-9)),
            "single-precision",
            "Right to seven digits, and that is not enough. Over millions of tokens the sums grow large, and the small "
            "difference of two large sums is what the next exercise needs. Turn left and right into double precision "
            "before you multiply.",
            inputs=case,
            look="left.double() and right.double(), before the first product.",
        )


def _batches(ask: Ask) -> Iterator[dict[str, Any]]:
    # By hand: one token before, two tokens now.
    yield {
        "state": token_by_token(empty(1, 2), torch.tensor([[1.0]]), torch.tensor([[2.0, 0.0]])),
        "left": torch.tensor([[2.0], [3.0]]),
        "right": torch.tensor([[1.0, 4.0], [0.0, 5.0]]),
    }
    for number in range(12):
        n_left, n_right, n_tokens = ask.sizes(3, low=2, high=9)
        state = empty(n_left, n_right)
        for n_before in [] if number == 1 else ask.sizes(2, low=1, high=6):
            state = token_by_token(state, *columns(ask, n_before, n_left, n_right))
        left, right = columns(ask, n_tokens, n_left, n_right)
        yield {"state": state, "left": left, "right": right}


def columns(ask: Ask, n_tokens: int, n_left: int, n_right: int) -> tuple[Tensor, Tensor]:
    left, right = (torch.randn(n_tokens, n, generator=ask.generator) + 1.7 for n in (n_left, n_right))
    return left.relu() * 3, right - 0.4


def empty(n_left: int, n_right: int) -> State:
    sizes = ((n_left,), (n_right,), (n_left,), (n_right,), (n_left, n_right))
    return {"n_tokens": 0} | {
        name: torch.zeros(size, dtype=torch.float64) for name, size in zip(NAMES, sizes, strict=True)
    }


def token_by_token(state: State, left: Tensor, right: Tensor) -> State:
    """The new sums, one token after the other, in double precision."""
    found = dict(state)
    for x, y in zip(left.double(), right.double(), strict=True):
        added = (x, y, x * x, y * y, x[:, None] * y[None, :])
        found |= {name: found[name] + more for name, more in zip(NAMES, added, strict=True)}
        found["n_tokens"] = int(found["n_tokens"]) + 1
    return found


def _edited(edit: Callable[[State, State, Tensor, Tensor], State]) -> Callable[..., State]:
    """The right new state with some entries replaced by what `edit(new, old, left, right)` gives."""

    def formula(state: State, left: Tensor, right: Tensor) -> State:
        new = token_by_token(state, left, right)
        return new | edit(new, state, left.double(), right.double())

    return formula


_UPDATE_MISTAKES = (
    Known(
        "old-forgotten",
        "You return the sums of this batch alone. What was summed before has to stay in them.",
        lambda state, left, right: token_by_token(empty(left.shape[1], right.shape[1]), left, right),
    ),
    Known(
        "counts-batches",
        "Your n_tokens grows by 1 a batch. Batches differ in length: count tokens.",
        _edited(lambda new, old, left, right: {"n_tokens": old["n_tokens"] + 1}),
    ),
    Known(
        "count-kept",
        "Your n_tokens does not grow; add the number of tokens of this batch.",
        _edited(lambda new, old, left, right: {"n_tokens": old["n_tokens"]}),
    ),
    Known(
        "counts-numbers",
        "Your n_tokens counts all numbers of the batch; count its rows.",
        _edited(lambda new, old, left, right: {"n_tokens": old["n_tokens"] + left.numel()}),
    ),
    Known(
        "means-added",
        "You add means. The mean of a short batch and that of a long one do not weigh the same: add sums.",
        _edited(
            lambda new, old, left, right: {
                "sum_left": old["sum_left"] + left.mean(0),
                "sum_right": old["sum_right"] + right.mean(0),
                "squares_left": old["squares_left"] + left.square().mean(0),
                "squares_right": old["squares_right"] + right.square().mean(0),
                "products": old["products"] + left.T @ right / len(left),
            }
        ),
    ),
    Known(
        "square-of-the-sum",
        "You square the batch's sum. Square each activation first, then sum over the tokens.",
        _edited(
            lambda new, old, left, right: {
                "squares_left": old["squares_left"] + left.sum(0).square(),
                "squares_right": old["squares_right"] + right.sum(0).square(),
            }
        ),
    ),
    Known(
        "product-of-sums",
        "Your products are products of the two sums. Multiply token by token, then sum: left.T @ right.",
        _edited(
            lambda new, old, left, right: {
                "products": old["products"] + torch.outer(left.sum(0), right.sum(0))
            }
        ),
    ),
    Known(
        "centred-by-batch",
        "You take this batch's means away before you multiply. The mean over all tokens is not known yet; sum the plain "
        "squares and products, the means come off at the end.",
        _edited(
            lambda new, old, left, right: {
                "squares_left": old["squares_left"] + (left - left.mean(0)).square().sum(0),
                "squares_right": old["squares_right"] + (right - right.mean(0)).square().sum(0),
                "products": old["products"] + (left - left.mean(0)).T @ (right - right.mean(0)),
            }
        ),
    ),
    Known(
        "transposed",
        "Your products are [n_right, n_left], so they only broadcast or fail: rows are for the left model.",
        _edited(lambda new, old, left, right: {"products": (new["products"]).T}),
    ),
    Known(
        "squares-without-square",
        "Your squares are sums of absolute values; square the activations.",
        _edited(
            lambda new, old, left, right: {
                "squares_left": old["squares_left"] + left.abs().sum(0),
                "squares_right": old["squares_right"] + right.abs().sum(0),
            }
        ),
    ),
    Known(
        "products-forgotten",
        "Your products do not change; add the sums of products of this batch, left.T @ right.",
        _edited(lambda new, old, left, right: {"products": old["products"]}),
    ),
    Known(
        "only-last-token",
        "You add the last token alone; every token of the batch counts.",
        lambda state, left, right: (
            token_by_token(state, left[-1:], right[-1:]) | {"n_tokens": int(state["n_tokens"]) + len(left)}
        ),
    ),
)
