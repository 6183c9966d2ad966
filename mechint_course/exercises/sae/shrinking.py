"""Chapter 3, section 2: what the penalty does to latents that are right."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_strength = prediction(
    id="sae.guess_strength",
    title="Prediction: a feature that is found",
    options=("the true strength", "a fixed share of it", "a fixed amount less", "a fixed amount more"),
    core=True,
)


@exercise(
    id="sae.best_latent",
    title="What a feature pays",
    points=2,
    minutes=4,
    difficulty=2,
    core=True,
    hints=(
        "Where the slope of (strength - a)^2 + l1_coefficient * a is 0, the sum is smallest. What if that place is below 0?",
        "The slope is -2 (strength - a) + l1_coefficient. Set it to 0 and solve for a. A latent cannot be negative.",
        "(strength - l1_coefficient / 2).clamp(min=0).",
    ),
)
def best_latent(ask: Ask) -> None:
    "The latent at which the loss stops falling, found by halving."
    ask.compare(
        _strengths(ask),
        expected=_by_halving,
        known=(
            Known(
                "whole-coefficient",
                "You subtract the whole coefficient. The slope of the square is twice the distance, so half of it is enough.",
                lambda strength, l1_coefficient: (strength - l1_coefficient).clamp(min=0),
            ),
            Known(
                "twice-the-coefficient",
                "You subtract twice the coefficient; the slope -2 (strength - a) + l1_coefficient is 0 earlier.",
                lambda strength, l1_coefficient: (strength - 2 * l1_coefficient).clamp(min=0),
            ),
            Known(
                "negative",
                "Your latent is negative for weak features. It cannot be: the best it can do then is 0.",
                lambda strength, l1_coefficient: strength - l1_coefficient / 2,
            ),
            Known(
                "not-shrunk",
                "You return the true strength. With the penalty a little less is better: the error grows slowly at first.",
                lambda strength, l1_coefficient: strength,
            ),
            Known(
                "only-switched-off",
                "You switch weak features off and leave strong ones at their true strength. Strong ones pay the penalty too.",
                lambda strength, l1_coefficient: torch.where(strength > l1_coefficient / 2, strength, 0.0),
            ),
            Known(
                "share-instead",
                "You shrink by a share. Every unit of a latent costs the same, so the amount does not depend on the strength.",
                lambda strength, l1_coefficient: strength * (1 - l1_coefficient / 2),
            ),
            Known(
                "share-instead",
                "You shrink by a share, as a penalty on the squared latent would. This penalty is on the latent itself.",
                lambda strength, l1_coefficient: strength / (1 + l1_coefficient),
            ),
            Known(
                "stretched",
                "Your latent is larger than the feature is strong; the penalty makes it smaller.",
                lambda strength, l1_coefficient: strength + l1_coefficient / 2,
            ),
            Known(
                "loss-returned",
                "You return the smallest loss; the latent that reaches it is asked for.",
                lambda strength, l1_coefficient: (
                    (strength - _by_halving(strength, l1_coefficient)).square()
                    + l1_coefficient * _by_halving(strength, l1_coefficient)
                ),
            ),
        ),
        look="strength 1 and coefficient 0.2: compare the loss at a = 1, 0.9 and 0.8.",
    )


def _strengths(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"strength": torch.tensor([1.0, 0.05, 0.5]), "l1_coefficient": 0.2}
    for _ in range(10):
        (n,) = ask.sizes(1, low=4)
        strength = torch.cat([2 * torch.rand(n, generator=ask.generator), torch.tensor([0.01, 3.0])])
        yield {"strength": strength, "l1_coefficient": 0.1 + 2 * ask.random.random()}


def _by_halving(strength: Tensor, l1_coefficient: float) -> Tensor:
    found = []
    for s in strength.tolist():
        low, high = 0.0, s + 1
        for _ in range(40):
            a = (low + high) / 2
            before, after = ((s - x) ** 2 + l1_coefficient * x for x in (a - 1e-7, a + 1e-7))
            low, high = (a, high) if after < before else (low, a)
        found.append(
            (low + high) / 2 if low > 0 else 0.0
        )  # where it never fell, the end of the range is lowest
    return torch.tensor(found, dtype=torch.float64)


@exercise(
    id="sae.shrinkage",
    title="By which factor too short?",
    points=3,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "Take the mean of x off both first: the decoder's bias can learn it, and it is not shrunk. Then two sums are enough.",
        "x_c = x - x.mean(0) and y = reconstruction - x.mean(0). The factor is a sum of y * y over a sum of y * x_c, "
        "each over all inputs and all of d_in.",
        "(y.square().sum() / (y * x_c).sum()).item().",
    ),
)
def shrinkage(ask: Ask) -> None:
    "The factor against one that is tried out, until y / g can come no nearer to x."
    ask.compare(
        _reconstructions(ask),
        expected=_tried_out,
        known=(
            Known(
                "upside-down",
                "Your fraction is upside down: a reconstruction that is too short must give a number below 1.",
                lambda x, reconstruction: 1 / _factor(x, reconstruction),
            ),
            Known(
                "mean-kept",
                "You do not take the mean of x off. The bias carries it at full length and hides what the latents lack.",
                lambda x, reconstruction: _of_sums(x, reconstruction),
            ),
            Known(
                "mean-kept",
                "You take the mean off x but not off the reconstruction.",
                lambda x, reconstruction: _of_sums(x - x.mean(0), reconstruction),
            ),
            Known(
                "own-means",
                "You take the reconstruction's own mean off it. Take the mean of x off both.",
                lambda x, reconstruction: _of_sums(x - x.mean(0), reconstruction - reconstruction.mean(0)),
            ),
            Known(
                "one-mean-for-all",
                "You take one number off. The mean of x is a vector: one number for each of the d_in entries.",
                lambda x, reconstruction: _of_sums(x - x.mean(), reconstruction - x.mean()),
            ),
            Known(
                "lengths-compared",
                "You compare lengths. A reconstruction can have the right length and miss the direction: use its product with x.",
                lambda x, reconstruction: _lengths(x, reconstruction),
            ),
            Known(
                "lengths-compared",
                "You compare squared lengths. A reconstruction can have the right length and miss the direction: use its product with x.",
                lambda x, reconstruction: _lengths(x, reconstruction) ** 2,
            ),
            Known(
                "divided-by-x",
                "You divide the product by |x|^2, so all that the dictionary misses counts as shrinkage. Take |y|^2 over the product.",
                lambda x, reconstruction: _products(x, reconstruction)[1] / _products(x, reconstruction)[0],
            ),
            Known(
                "mean-of-ratios",
                "You average a ratio for each input. Sum above and below first, then divide.",
                lambda x, reconstruction: _mean_of_ratios(x, reconstruction),
            ),
            Known(
                "share-missing",
                "You return how much is missing; the factor itself is asked for (1 is right, 0.9 a tenth too short).",
                lambda x, reconstruction: 1 - _factor(x, reconstruction),
            ),
        ),
        look="inputs -2 and 2 with the reconstructions -1 and 1: half as long as it should be.",
        atol=1e-4,
    )


def _reconstructions(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"x": torch.tensor([[-2.0], [2.0], [3.0]]), "reconstruction": torch.tensor([[-1.0], [1.0], [2.5]])}
    for _ in range(10):
        batch, d_in = ask.sizes(2, low=3)
        x = torch.randn(batch, d_in, generator=ask.generator) + 1.5
        noise = 0.3 * torch.randn(batch, d_in, generator=ask.generator)
        factor = 0.5 + 0.8 * ask.random.random()
        yield {"x": x, "reconstruction": x.mean(0) + factor * (x - x.mean(0)) + noise}


def _products(x: Tensor, reconstruction: Tensor) -> tuple[float, float, float]:
    """x . x, x . y and y . y over everything, both taken from the mean of x."""
    a, b = x.double(), reconstruction.double()
    mean = a.mean(0)
    xx = xy = yy = 0.0
    for i in range(len(a)):
        for j in range(a.shape[1]):
            p, q = float(a[i, j] - mean[j]), float(b[i, j] - mean[j])
            xx, xy, yy = xx + p * p, xy + p * q, yy + q * q
    return xx, xy, yy


def _tried_out(x: Tensor, reconstruction: Tensor) -> float:
    """|x - c y|^2 is a parabola in c: its lowest point from three values of it, and g is 1 / c."""
    xx, xy, yy = _products(x, reconstruction)
    at: Callable[[float], float] = lambda c: xx - 2 * c * xy + c * c * yy  # noqa: E731 - one line of algebra
    low, middle, high = at(-1.0), at(0.0), at(1.0)
    lowest = (low - high) / (2 * (low - 2 * middle + high))
    return 1 / lowest


def _factor(x: Tensor, reconstruction: Tensor) -> float:
    return _tried_out(x, reconstruction)


def _of_sums(x: Tensor, y: Tensor) -> float:
    return float(y.double().square().sum() / (y.double() * x.double()).sum())


def _lengths(x: Tensor, reconstruction: Tensor) -> float:
    xx, _, yy = _products(x, reconstruction)
    return float((yy / xx) ** 0.5)


def _mean_of_ratios(x: Tensor, reconstruction: Tensor) -> float:
    a, b = x.double() - x.double().mean(0), reconstruction.double() - x.double().mean(0)
    return float((b.square().sum(1) / (a * b).sum(1)).mean())
