"""Chapter 3, section 1: the loss with its penalty, and how it could be dodged."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

Case = dict[str, Tensor | float]

guess_scale = prediction(
    id="sae.guess_scale",
    title="Prediction: longer rows, smaller latents",
    options=(
        "both terms stay",
        "only the squared error rises",
        "only the penalty falls",
        "both terms change",
    ),
    core=True,
)


@exercise(
    id="sae.l1_loss",
    title="Few latents, please",
    points=3,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "Work out one number for each input first: its squared distance plus l1_coefficient times the sum of its latents. "
        "Then take the mean of these numbers.",
        "(x - reconstruction).square() is [batch, d_in]: sum over d_in (dim -1), mean over the batch. "
        "The latents are summed over d_sae, and also averaged over the batch.",
        "((x - reconstruction).square().sum(-1) + l1_coefficient * latents.sum(-1)).mean().",
    ),
)
def l1_loss(ask: Ask) -> None:
    "Values and gradients against sums input by input."
    ask.compare(
        _cases(ask),
        expected=_input_by_input,
        known=_MISTAKES,
        gradients=("reconstruction", "latents"),
        look="one input by hand: its squared distance is a sum over d_in, its penalty a sum over d_sae.",
    )


def _cases(ask: Ask) -> Iterator[Case]:
    yield {
        "x": torch.tensor([[1.0, 2.0], [0.0, 1.0]]),
        "reconstruction": torch.tensor([[1.0, 1.5], [1.0, 2.0]]),
        "latents": torch.tensor([[2.0, 1.0, 0.5], [0.5, 3.0, 1.0]]),
        "l1_coefficient": 0.5,
    }
    for _ in range(5):
        batch, d_in, d_sae = ask.sizes(3)
        # No latent is exactly 0: there the gradients of a sum and of a sum of absolute values differ, and both are right.
        yield {
            "x": torch.randn(batch, d_in, generator=ask.generator),
            "reconstruction": torch.randn(batch, d_in, generator=ask.generator),
            "latents": 0.1 + 2 * torch.rand(batch, d_sae, generator=ask.generator),
            "l1_coefficient": 0.2 + ask.random.random(),
        }


def _input_by_input(x: Tensor, reconstruction: Tensor, latents: Tensor, l1_coefficient: float) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for i in range(len(x)):
        error = x[i].double() - reconstruction[i].double()
        total = total + error.dot(error) / len(x) + l1_coefficient * latents[i].double().sum() / len(x)
    return total


def _terms(
    error: Callable[[Tensor], Tensor] = lambda e: e.square().sum(-1).mean(),
    penalty: Callable[[Tensor], Tensor] = lambda f: f.sum(-1).mean(),
) -> Callable[..., Tensor]:
    """The loss with one of its terms worked out otherwise, or both."""
    return lambda x, reconstruction, latents, l1_coefficient: (
        error(x - reconstruction) + l1_coefficient * penalty(latents)
    )


_MISTAKES = (
    Known(
        "mean-over-elements",
        "You average the squared error over d_in as well. Here it is summed over d_in and averaged over the batch only.",
        _terms(error=lambda e: e.square().mean()),
    ),
    Known(
        "mean-over-elements",
        "You average both terms over all their numbers. Each is summed for one input, then averaged over the batch.",
        _terms(error=lambda e: e.square().mean(), penalty=lambda f: f.mean()),
    ),
    Known(
        "mean-over-latents",
        "You average the latents. The penalty is their sum for one input, averaged over the batch only.",
        _terms(penalty=lambda f: f.mean()),
    ),
    Known(
        "batch-summed",
        "You sum over the batch too, so a larger batch would have a larger loss. Take the mean over the inputs.",
        _terms(error=lambda e: e.square().sum(), penalty=lambda f: f.sum()),
    ),
    Known(
        "penalty-summed-over-batch",
        "Your penalty is summed over the batch, while the error is averaged over it. Average both.",
        _terms(penalty=lambda f: f.sum()),
    ),
    Known(
        "error-summed-over-batch",
        "Your squared error is summed over the batch, while the penalty is averaged over it. Average both.",
        _terms(error=lambda e: e.square().sum()),
    ),
    Known(
        "penalty-missing",
        "The penalty is missing: nothing would keep the latents few.",
        _terms(penalty=lambda f: 0 * f.sum()),
    ),
    Known(
        "coefficient-missing",
        "You add the penalty without multiplying it by l1_coefficient.",
        lambda x, reconstruction, latents, l1_coefficient: _terms()(x, reconstruction, latents, 1.0),
    ),
    Known(
        "penalty-rewarded",
        "You subtract the penalty, so latents are rewarded for being on.",
        lambda x, reconstruction, latents, l1_coefficient: _terms()(
            x, reconstruction, latents, -l1_coefficient
        ),
    ),
    Known(
        "squares-penalised",
        "You penalise squared latents. A square hardly minds small latents, so many small ones would stay on: use the sum itself.",
        _terms(penalty=lambda f: f.square().sum(-1).mean()),
    ),
    Known(
        "latents-counted",
        "You count the latents that are on. A count has no slope to train along: use the sum of their strengths.",
        _terms(penalty=lambda f: (f > 0).sum(-1).float().mean()),
    ),
    Known(
        "not-squared",
        "You add up absolute errors; the first term is the squared distance.",
        _terms(error=lambda e: e.abs().sum(-1).mean()),
    ),
    Known(
        "root-taken",
        "You take the distance; the first term is the squared distance.",
        _terms(error=lambda e: e.norm(dim=-1).mean()),
    ),
    Known(
        "one-per-input",
        "You return one number for each input; the loss is their mean.",
        lambda x, reconstruction, latents, l1_coefficient: (
            (x - reconstruction).square().sum(-1) + l1_coefficient * latents.sum(-1)
        ),
    ),
)
