"""Chapter 4, section 2: the correlation that the sums hold, safely."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import torch
from torch import Tensor

from mechint_course.exercises.compare import Tolerance, same
from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.universality.moments import State, columns, empty, token_by_token
from mechint_course.exercises.values import normal

CONSTANT = 1e-9
"""A column whose squared deviations are a smaller share of its squares than this is constant: the rest is rounding."""


@exercise(
    id="universality.from_moments",
    title="The correlation in the sums",
    points=3,
    minutes=11,
    difficulty=2,
    core=True,
    hints=(
        "Write both sums of the formula without means inside: sum (x - mean)^2 = sum x^2 - (sum x)^2 / n, and the same for "
        "the products. Then the formula is the one you know.",
        "together = products - outer(sum_left, sum_right) / n; deviations = squares - sum^2 / n for each side; r = together "
        "/ sqrt(outer(deviations_left, deviations_right)).",
        "A column is constant where deviations <= 1e-9 * squares: compare with its own squares, not with a fixed small "
        "number. torch.where(constant, 0, deviations) first, then torch.where(scale > 0, together / scale, 0).",
    ),
)
def from_moments(ask: Ask) -> None:
    "Every correlation against exact fractions; then rare latents, then constant columns whose sums are rounded."
    look = "sum (x - mean)^2 = sum x^2 - (sum x)^2 / n, and the same for products."
    ask.compare(_states(ask), _exactly, _FROM_MISTAKES, look=look, atol=1e-6, rtol=1e-5)
    for state in _rare(ask):
        yours, theirs = ask(state=state), normal(_exactly(state))
        ask.require(
            same(yours, theirs, Tolerance(1e-4, 1e-4)),
            "rare-drowned",
            f"Right, but for latents that fire once in {state['n_tokens']:,} tokens. Their deviations are tiny, so a fixed "
            "small number that you add or compare with is larger than they are. Whether a column is constant, only its "
            "own squares can tell.",
            inputs={"state": state},
            yours=yours,
            expected=theirs,
            look="an epsilon, a clamp, a rounding or single precision.",
        )
    for state in _rounded(ask):
        yours, theirs = ask(state=state), normal(_exactly(state))
        ask.require(
            same(yours, theirs, Tolerance(1e-6, 1e-5)),
            "rounding-counted",
            "Right, but for columns that never change and are large. Their squares and (sum)^2 / n are equal but for the "
            "last digit, and your function takes that digit for a deviation. Count a column as constant where its "
            "deviations are no more than 1e-9 of its squares.",
            inputs={"state": state},
            yours=yours,
            expected=theirs,
            look="deviations <= 1e-9 * squares, before you divide.",
        )


def _states(ask: Ask) -> Iterator[dict[str, State]]:
    yield {
        "state": token_by_token(
            empty(1, 1), torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[2.0], [4.0], [0.0]])
        )
    }
    for number in range(10):
        n_left, n_right = ask.sizes(2, low=2, high=7)
        left, right = columns(ask, ask.random.choice((8, 16, 32)), n_left, n_right)
        right[:, 0] += left[:, 0]
        if number % 2:  # a latent that is never on, and one that is always on at 2: exact sums
            left[:, -1], right[:, -1] = 0.0, 2.0
        yield {"state": token_by_token(empty(n_left, n_right), left, right)}


def _rare(ask: Ask) -> Iterator[State]:
    """Latents that fire once in very many tokens, on one token or on two, beside one that never fires."""
    for _ in range(3):
        n_left, n_right = ask.sizes(2, low=3, high=6)
        n_tokens = ask.random.randint(3_000_000, 30_000_000)
        left, right = torch.zeros(2, n_left), torch.zeros(2, n_right)
        strength = 0.002 + 0.02 * torch.rand(4, generator=ask.generator)
        left[0, 0], left[1, 1] = strength[0], strength[1]
        right[0, 1], right[1, 0] = strength[2], strength[3]
        yield token_by_token(empty(n_left, n_right), left, right) | {"n_tokens": n_tokens}


def _rounded(ask: Ask) -> Iterator[State]:
    """Two large columns that never change on either side; rounding has left one's squares too large and one's too small."""
    for _ in range(3):
        n_left, n_right = ask.sizes(2, low=3, high=6)
        n_tokens = ask.random.randint(30, 90)
        left, right = columns(ask, n_tokens, n_left, n_right)
        left[:, :2], right[:, :2] = 1e6 / 3, 7e5 / 9
        state = token_by_token(empty(n_left, n_right), left, right)
        for side in ("left", "right"):
            exact = state[f"sum_{side}"][:2] ** 2 / n_tokens
            state[f"squares_{side}"] = state[f"squares_{side}"].clone()
            state[f"squares_{side}"][:2] = exact * (1 + torch.tensor([1e-13, -1e-13], dtype=torch.float64))
        products = state["products"].clone()
        products[:2] *= 1 + 1e-11
        products[2:, :2] *= 1 + 1e-11
        yield state | {"products": products}


def _exactly(state: State) -> Tensor:
    """Each pair in fractions, which do not round."""
    n = int(state["n_tokens"])
    sums = [[Fraction(v) for v in state[f"sum_{side}"].tolist()] for side in ("left", "right")]
    squares = [[Fraction(v) for v in state[f"squares_{side}"].tolist()] for side in ("left", "right")]
    products = state["products"].tolist()
    spread = [
        [0.0 if n * q - s * s <= Fraction(CONSTANT) * n * q else float(n * q - s * s) ** 0.5
         for s, q in zip(*side, strict=True)]
        for side in zip(sums, squares, strict=True)
    ]  # fmt: skip
    return torch.tensor(
        [[float(n * Fraction(products[i][j]) - sums[0][i] * sums[1][j]) / (a * b) if a * b else 0.0
          for j, b in enumerate(spread[1])] for i, a in enumerate(spread[0])],
        dtype=torch.float64,
    )  # fmt: skip


def _parts(state: State) -> tuple[Tensor, Tensor, Tensor, int]:
    """Sums of centred products, and of squared deviations of both sides; and how many tokens there are."""
    n = int(state["n_tokens"])
    left, right, products = (torch.as_tensor(state[k]) for k in ("sum_left", "sum_right", "products"))
    return (
        products - torch.outer(left, right) / n,
        state["squares_left"] - left**2 / n,
        state["squares_right"] - right**2 / n,
        n,
    )


def _wrong(slug: str, sentence: str, formula: Callable[[Tensor, Tensor, Tensor, int], Tensor]) -> list[Known]:
    """A mistake, made by a learner who minds constant columns and by one who does not."""
    return [
        Known(slug, sentence, lambda state: formula(*_parts(state)).nan_to_num(0.0, 0.0, 0.0)),
        Known(slug, sentence, lambda state: formula(*_parts(state))),
    ]


def _of_state(slug: str, sentence: str, formula: Callable[[State], Tensor]) -> list[Known]:
    return [
        Known(slug, sentence, lambda state: formula(state).nan_to_num(0.0, 0.0, 0.0)),
        Known(slug, sentence, lambda state: formula(state)),
    ]


def _r(together: Tensor, left: Tensor, right: Tensor) -> Tensor:
    return together / torch.outer(left, right).sqrt()


_FROM_MISTAKES = (
    *_wrong("constant-column", "Right, but for columns that never change: 0 / 0 is NaN there, and 0 is asked for.",
            lambda t, x, y, n: _r(t, x, y))[1:],
    *_of_state(
        "not-centred",
        "You divide the sums of products by the roots of the sums of squares: this is the cosine. The means have to come off, "
        "in all three.",
        lambda s: _r(s["products"], s["squares_left"], s["squares_right"]),
    ),
    *_of_state(
        "products-not-centred",
        "The deviations are right, but the products have kept their means: take off outer(sum_left, sum_right) / n.",
        lambda s: _r(s["products"], *_parts(s)[1:3]),
    ),
    *_of_state(
        "lengths-not-centred",
        "The products are centred, but you divide by the squares as they are: take off (sum)^2 / n.",
        lambda s: _r(_parts(s)[0], s["squares_left"], s["squares_right"]),
    ),
    *_of_state(
        "n-forgotten",
        "The sums are multiplied but not divided by the number of tokens: sum x^2 - (sum x)^2 / n.",
        lambda s: _r(
            s["products"] - torch.outer(s["sum_left"], s["sum_right"]),
            s["squares_left"] - s["sum_left"] ** 2,
            s["squares_right"] - s["sum_right"] ** 2,
        ),
    ),
    *_wrong("not-rooted", "You divide by the product of both sums of squared deviations; take its root.",
            lambda t, x, y, n: t / torch.outer(x, y)),
    *_wrong("covariance", "This is the covariance: divide by both spreads, so that units cancel.",
            lambda t, x, y, n: t / n),
    *_wrong("covariance", "These are sums of centred products: divide by both spreads, so that units cancel.",
            lambda t, x, y, n: t),
    *_wrong("n-mixed", "Your result is off by a factor of n or of n - 1: both the products and the squared deviations are sums, "
            "or both are means.", lambda t, x, y, n: _r(t, x, y) / n),
    *_wrong("n-mixed", "Your result is off by n / (n - 1): use n everywhere, or n - 1 everywhere.",
            lambda t, x, y, n: _r(t, x, y) * (n - 1) / n),
    *_wrong("n-mixed", "Your result is off by n / (n - 1): use n everywhere, or n - 1 everywhere.",
            lambda t, x, y, n: _r(t, x, y) * n / (n - 1)),
    *_wrong("transposed", "Transposed: rows are for the left model.", lambda t, x, y, n: _r(t, x, y).T),
    *_wrong("absolute", "Your result has lost its sign.", lambda t, x, y, n: _r(t, x, y).abs()),
    *_wrong("squared", "This is the square of the correlation: a root is missing somewhere, or one too many is there.",
            lambda t, x, y, n: _r(t, x, y) ** 2),
    *_wrong("cut-at-zero", "Your result has no negative values, but two features can avoid each other.",
            lambda t, x, y, n: _r(t, x, y).clamp(min=0)),
)  # fmt: skip
