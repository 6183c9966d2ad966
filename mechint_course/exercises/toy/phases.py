"""Chapter 1, section 7: the phase change: candidate solutions, their losses, and what becomes of a feature."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_phase = prediction(
    id="toy.guess_phase",
    title="Gradual or sudden?",
    options=("it grows in gradually", "it comes in at full length, all at once", "it stays out"),
    core=True,
)


@exercise(
    id="toy.branch_losses",
    title="The price of each way out",
    points=3,
    minutes=9,
    difficulty=2,
    core=True,
    hints=(
        "Ignoring a feature leaves the squared distance of x from the best constant, which is the variance of x. For the "
        "pair, ask: in which samples is anything wrong at all, and by how much?",
        "E[x] = p/2 and E[x^2] = p/3. The pair errs only where both are there, which has the probability p^2; the output "
        "is then the larger minus the smaller one and 0, so both are wrong by the smaller one, and E[min^2] = 1/6.",
        "variance = density / 3 - density**2 / 4; the answers are importance * variance, variance, and "
        "(1 + importance) * density**2 / 6.",
    ),
)
def branch_losses(ask: Ask) -> None:
    "The three closed forms against sums over a fine grid of strengths."

    def known(slug: str, sentence: str, formula) -> Known:  # type: ignore[no-untyped-def]
        return Known(
            slug, sentence, lambda density, importance: formula(density.double(), importance.double())
        )

    ask.compare(
        _branch_cases(ask),
        expected=_by_grid,
        known=(
            known(
                "bias-forgotten",
                "You ignore a feature by answering 0. The bias lets the model answer the mean, p/2, which is better.",
                lambda p, w: (w * p / 3, p / 3, (1 + w) * p**2 / 6),
            ),
            known(
                "absence-forgotten",
                "Your variance is p/12, that of a feature that is always there, scaled with p. The square of the mean is "
                "(p/2)^2, with p^2 in it: being absent is part of the variation.",
                lambda p, w: (w * p / 12, p / 12, (1 + w) * p**2 / 6),
            ),
            known(
                "one-factor-of-p",
                "The pair errs only when both features are there, which has the probability p^2, not p.",
                lambda p, w: (w * (p / 3 - p**2 / 4), p / 3 - p**2 / 4, (1 + w) * p / 6),
            ),
            known(
                "one-side-of-the-pair",
                "You count the error of one of the pair. When both are there, both are wrong.",
                lambda p, w: (w * (p / 3 - p**2 / 4), p / 3 - p**2 / 4, p**2 / 6),
            ),
            known(
                "importance-missing",
                "Your pair ignores the importance of the extra feature.",
                lambda p, w: (w * (p / 3 - p**2 / 4), p / 3 - p**2 / 4, p**2 / 3),
            ),
            known(
                "importance-missing",
                "You do not use the importance at all.",
                lambda p, w: (p / 3 - p**2 / 4, p / 3 - p**2 / 4, p**2 / 3),
            ),
            known(
                "order-swapped",
                "Your first two answers are in the wrong order: the first one ignores the extra feature, so it is the one "
                "that holds its importance.",
                lambda p, w: (p / 3 - p**2 / 4, w * (p / 3 - p**2 / 4), (1 + w) * p**2 / 6),
            ),
        ),
        look="p = 1 and importance 1 by hand: 1/12, 1/12 and 1/3.",
        atol=1e-6,
        rtol=2e-3,
    )


def _branch_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"density": torch.tensor([1.0]), "importance": torch.tensor([1.0])}
    yield {"density": torch.tensor([0.1, 1.0]), "importance": torch.tensor([0.5, 2.0])}
    for _ in range(10):
        (size,) = ask.sizes(1)
        yield {
            "density": 0.05 + 0.95 * torch.rand(size, generator=ask.generator),
            "importance": 0.1 + 3 * torch.rand(size, generator=ask.generator),
        }


def _by_grid(density: Tensor, importance: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    u = (torch.arange(400, dtype=torch.float64) + 0.5) / 400
    smaller = torch.minimum(u[:, None], u[None, :])
    p, w = density.double(), importance.double()
    # Absent with 1 - p: then the best constant, the mean, is wrong by itself.
    mean = p * u.mean()
    spread = (1 - p) * mean**2 + p * ((u[:, None] - mean) ** 2).mean(0)
    return w * spread, spread, (1 + w) * p**2 * (smaller**2).mean()


@exercise(
    id="toy.expected_loss",
    title="The exact loss, by adding up",
    points=3,
    minutes=10,
    difficulty=3,
    core=True,
    hints=(
        "There are four kinds of samples: none, the first, the second, or both features there. What is the probability of "
        "each, and over which strengths do you average in each?",
        "Midpoints: u = (torch.arange(n_points) + 0.5) / n_points. A feature that is absent is torch.zeros(1). With one "
        "feature in the rows, [:, None], and the other in the columns, [None, :], the same lines serve all four kinds.",
        "For each pair of (strengths, probability) in ((torch.zeros(1), 1 - density), (u, density)) for the first and the "
        "second feature: h = W[0] * x1 + W[1] * x2, outputs relu(W[i] * h + b[i]), the weighted errors' mean times both "
        "probabilities. Add up.",
    ),
)
def expected_loss(ask: Ask) -> None:
    "Values and gradients against plain sums over every pair of strengths."

    def known(slug: str, sentence: str, **how: bool) -> Known:
        return Known(slug, sentence, lambda **case: _sums(**case, **how))  # type: ignore[arg-type]

    ask.compare(
        _loss_cases(ask),
        expected=_sums,
        known=(
            known("bias-missing", "Your outputs ignore the bias.", bias=False),
            known("relu-missing", "Your outputs have no ReLU.", relu=False),
            known(
                "importance-missing", "You do not weigh the second feature with its importance.", weigh=False
            ),
            known(
                "importance-on-the-first",
                "You weigh the first feature with the importance; it belongs to the second.",
                other=True,
            ),
            known(
                "only-both",
                "You average over samples in which both features are there. Most samples hold one, or none.",
                only_both=True,
            ),
            known(
                "none-forgotten",
                "You leave out the samples in which no feature is there. A positive bias costs something there.",
                skip_none=True,
            ),
            known(
                "probabilities-missing",
                "You add up the four kinds of samples without their probabilities.",
                chances=False,
            ),
            known(
                "ends-for-midpoints",
                "Your strengths start at 0. Use the middle of each of the n_points intervals.",
                left_ends=True,
            ),
        ),
        gradients=("W", "b"),
        look="the smallest case by hand: with n_points 1, every strength that is there is 0.5.",
    )


def _loss_cases(ask: Ask) -> Iterator[dict[str, Tensor | float | int]]:
    yield {
        "W": torch.tensor([1.0, 0.0]),
        "b": torch.tensor([0.0, 0.1]),
        "importance": 0.5,
        "density": 1.0,
        "n_points": 1,
    }
    yield {
        "W": torch.tensor([1.0, -1.0]),
        "b": torch.tensor([0.05, 0.2]),
        "importance": 2.0,
        "density": 0.5,
        "n_points": 2,
    }
    for _ in range(12):
        yield {
            "W": torch.randn(2, generator=ask.generator),
            "b": 0.4 * torch.randn(2, generator=ask.generator),
            "importance": round(0.2 + 2 * ask.random.random(), 2),
            "density": round(0.1 + 0.8 * ask.random.random(), 2),
            "n_points": ask.random.randint(2, 6),
        }


def _sums(
    W: Tensor,
    b: Tensor,
    importance: float,
    density: float,
    n_points: int,
    *,
    bias: bool = True,
    relu: bool = True,
    weigh: bool = True,
    other: bool = False,
    only_both: bool = False,
    skip_none: bool = False,
    chances: bool = True,
    left_ends: bool = False,
) -> Tensor:
    W, b = W.double(), b.double() * bias
    strengths = [(k + (0 if left_ends else 0.5)) / n_points for k in range(n_points)]
    weights = (importance, 1.0) if other else (1.0, importance if weigh else 1.0)
    samples, chances_of = [], []
    for first in [None, *strengths]:
        for second in [None, *strengths]:
            if (only_both and None in (first, second)) or (skip_none and first is None and second is None):
                continue
            chance = 1.0
            for value in (first, second):
                there = 1.0 if only_both or not chances else density
                absent = 1.0 if not chances else 1 - density
                chance *= absent if value is None else there / n_points
            samples.append((first or 0.0, second or 0.0))
            chances_of.append(chance)
    total = torch.zeros((), dtype=torch.float64)
    x, chance_of = torch.tensor(samples, dtype=torch.float64), torch.tensor(chances_of, dtype=torch.float64)
    h = W[0] * x[:, 0] + W[1] * x[:, 1]
    for i in range(2):
        out = W[i] * h + b[i]
        out = out.clamp(min=0) if relu else out
        total = total + (chance_of * weights[i] * (x[:, i] - out) ** 2).sum()
    return total
