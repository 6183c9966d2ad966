"""Chapter 4, section 5: one number for two whole spaces, on real activations of models A and B."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.universality.real import layer_of
from mechint_course.exercises.values import Value


@exercise(
    id="universality.cka",
    title="One number for two spaces",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "Centre both over the tokens first. Then there are three matrices of sums of products: left with right, left with "
        "left, right with right. Each has a length.",
        "The length of a matrix is the root of the sum of all its squared entries: (left.T @ right).norm(). The numerator "
        "takes it squared.",
        "left, right = left - left.mean(0), right - right.mean(0); (left.T @ right).norm() ** 2 / ((left.T @ left).norm() * "
        "(right.T @ right).norm()).",
    ),
)
def cka(ask: Ask) -> None:
    "One number from real activations of both models, against the products of tokens with tokens."
    ask.compare(
        _cases(ask),
        expected=_by_tokens,
        known=_MISTAKES,
        look="left with itself: CKA must be 1 there, and stay 1 when you double one of the two.",
        atol=1e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"left": torch.tensor([[1.0], [2.0], [3.0]]), "right": torch.tensor([[2.0], [4.0], [0.0]])}
    yield {
        "left": torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]),
        "right": torch.tensor([[1.0], [0.5], [5.0]]),
    }
    a, b = (layer_of(name).flatten(0, 1) for name in "AB")
    busy = [torch.nonzero((x > 0).float().mean(0) > 0.1)[:, 0] for x in (a, b)]
    for _ in range(8):
        n_left, n_right = ask.sizes(2, low=5, high=12)
        rows = torch.randperm(len(a), generator=ask.generator)[: ask.random.randint(20, 40)]
        left, right = (
            x[rows][:, own[torch.randperm(len(own), generator=ask.generator)[:n]]].clone()
            for x, own, n in ((a, busy[0], n_left), (b, busy[1], n_right))
        )
        yield {"left": left, "right": right}


def _by_tokens(left: Tensor, right: Tensor) -> float:
    """The same number from products of tokens with tokens: how alike two places are, in either model."""
    one, other = (side @ side.T for side in map(_centred, (left.double(), right.double())))
    return float((one * other).sum() / ((one * one).sum() * (other * other).sum()).sqrt())


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(0)


def _with(formula: Callable[[Tensor, Tensor], Tensor | float]) -> Callable[..., float | Tensor]:
    return lambda left, right: formula(left.double(), right.double())


def _gram(x: Tensor, y: Tensor) -> Tensor:
    """The length of the sums of products of centred columns."""
    return (_centred(x).T @ _centred(y)).norm()


def _standardised(x: Tensor) -> Tensor:
    return _centred(x) / x.std(0).clamp_min(1e-12)


def _unit(x: Tensor) -> Tensor:
    return _centred(x) / _centred(x).norm(dim=0).clamp_min(1e-12)


def _ratio(x: Tensor, y: Tensor, power: int = 2) -> Tensor:
    return (x.T @ y).norm() ** power / ((x.T @ x).norm() * (y.T @ y).norm())


_MISTAKES = (
    Known("not-centred", "The columns have kept their means: take them off first, over the tokens. Neurons are never negative, so "
          "without that any two layers look alike.", _with(lambda x, y: _ratio(x, y))),
    Known("centred-over-features", "You take away the mean of each token (dim=1). Each column has to lose its own, over the tokens.",
          _with(lambda x, y: _ratio(x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)))),
    Known("centred-as-a-whole", "You take away the mean of the whole matrix. Each column has to lose its own, over the tokens.",
          _with(lambda x, y: _ratio(x - x.mean(), y - y.mean()))),
    Known("not-squared", "The numerator is the length of left' right *squared*; yours depends on the number of tokens and on the units.",
          _with(lambda x, y: _ratio(_centred(x), _centred(y), 1))),
    Known("rooted", "You take the root of the whole. This is another similarity; the formula here has none.",
          _with(lambda x, y: _ratio(_centred(x), _centred(y)).sqrt())),
    Known("squared-again", "You square the denominator too: its two lengths are taken once each.",
          _with(lambda x, y: _ratio(_centred(x), _centred(y)) / (_gram(x, x) * _gram(y, y)))),
    Known("lengths-of-activations", "You divide by the squared lengths of the activations. The denominator holds the lengths of "
          "left' left and of right' right.",
          _with(lambda x, y: _gram(x, y) ** 2 / (_centred(x).norm() ** 2 * _centred(y).norm() ** 2))),
    Known("lengths-of-activations", "You divide by the lengths of the activations. The denominator holds the lengths of left' left and of "
          "right' right, and the numerator a square.",
          _with(lambda x, y: _gram(x, y) / (_centred(x).norm() * _centred(y).norm()))),
    Known("columns-standardised", "You divide each column by its spread first. In CKA strong columns count more.",
          _with(lambda x, y: _ratio(_standardised(x), _standardised(y)))),
    Known("lengths-not-centred", "The numerator is centred, but the two lengths you divide by are not.",
          _with(lambda x, y: _gram(x, y) ** 2 / ((x.T @ x).norm() * (y.T @ y).norm()))),
    Known("mean-correlation", "This is the mean of all correlations between columns. CKA compares the spaces as a whole.",
          _with(lambda x, y: (_unit(x).T @ _unit(y)).mean())),
    Known("covariance", "You return the numerator alone; without the two lengths it depends on the units.",
          _with(lambda x, y: _gram(x, y) ** 2)),
)  # fmt: skip
