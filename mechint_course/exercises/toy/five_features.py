"""Chapter 1, section 2: five features in two dimensions: the model and its loss."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="toy.forward",
    title="Squeeze and unfold",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "Follow the shapes. x is [batch, n_features], W is [n_hidden, n_features]: which product of the two is "
        "[batch, n_hidden]?",
        "Squeeze with x @ W.T. Unfold with the same W, not transposed. The bias comes next, and the ReLU last of all.",
        "hidden = x @ W.T has the shape [batch, n_hidden]; the answer is torch.relu of (hidden @ W + b_final).",
    ),
)
def forward(ask: Ask) -> None:
    "Values and gradients against a sum written out feature by feature."
    ask.compare(
        forward_cases(ask),
        expected=_unfolded,
        known=(
            Known(
                "bias-missing", "Your output ignores b_final.", lambda x, W, b_final: torch.relu(x @ W.T @ W)
            ),
            Known(
                "bias-subtracted",
                "Your output subtracts b_final; the formula adds it.",
                lambda x, W, b_final: torch.relu(x @ W.T @ W - b_final),
            ),
            Known(
                "bias-after-relu",
                "You add b_final after the ReLU. It belongs inside: a negative bias is there to push small values "
                "under zero, where the ReLU removes them.",
                lambda x, W, b_final: torch.relu(x @ W.T @ W) + b_final,
            ),
            Known(
                "relu-missing",
                "The ReLU is missing: some of your outputs are negative.",
                lambda x, W, b_final: x @ W.T @ W + b_final,
            ),
            Known(
                "relu-on-hidden",
                "You apply a ReLU to the hidden vector. In this model only the output has one.",
                lambda x, W, b_final: torch.relu(torch.relu(x @ W.T) @ W + b_final),
            ),
            Known(
                "relu-on-hidden-only",
                "Your ReLU acts on the hidden vector. In this model it acts on the output, and only there.",
                lambda x, W, b_final: torch.relu(x @ W.T) @ W + b_final,
            ),
            Known(
                "bias-on-input",
                "You add b_final to the input. It belongs to the output, just before the ReLU.",
                lambda x, W, b_final: torch.relu((x + b_final) @ W.T @ W),
            ),
            Known(
                "hidden-returned",
                "You return the hidden vector; unfold it with W again.",
                lambda x, W, b_final: x @ W.T,
            ),
            Known(
                "abs-for-relu",
                "Negative values come out positive: you take the absolute value, the ReLU puts 0 there.",
                lambda x, W, b_final: (x @ W.T @ W + b_final).abs(),
            ),
            Known(
                "clipped-at-one",
                "Your output never exceeds 1. The ReLU has no upper end.",
                lambda x, W, b_final: (x @ W.T @ W + b_final).clamp(0, 1),
            ),
            Known(
                "sigmoid-for-relu",
                "You use a sigmoid at the output, the formula a ReLU.",
                lambda x, W, b_final: torch.sigmoid(x @ W.T @ W + b_final),
            ),
        ),
        gradients=("W", "b_final"),
        look="the order of the four steps (squeeze, unfold, bias, ReLU), and one sample worked out by hand.",
    )


def forward_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    "Samples, weights and biases for a forward pass; the first can be worked out by hand."
    yield {
        "x": torch.tensor([[1.0, 0.5, 0.0]]),
        "W": torch.tensor([[1.0, -1.0, 0.5], [0.0, 1.0, 2.0]]),
        "b_final": torch.tensor([0.25, -0.25, -0.5]),
    }
    for _ in range(20):
        batch, n_features, n_hidden = ask.sizes(3)
        yield {
            "x": torch.rand(batch, n_features, generator=ask.generator) * 1.5,
            "W": torch.randn(n_hidden, n_features, generator=ask.generator),
            "b_final": torch.randn(n_features, generator=ask.generator),
        }


def _unfolded(x: Tensor, W: Tensor, b_final: Tensor) -> Tensor:
    """Output j is the bias of j plus, for every feature i, its value times the overlap of directions i and j."""
    x, W, b = x.double(), W.double(), b_final.double()
    overlaps = (W[:, :, None] * W[:, None, :]).sum(0)
    total = b + (x[:, :, None] * overlaps).sum(1)
    return torch.where(total > 0, total, 0.0)


@exercise(
    id="toy.loss",
    title="What counts as a mistake",
    points=2,
    minutes=5,
    difficulty=1,
    core=True,
    hints=(
        "Start with one sample and one feature: how far off, squared, times how much it counts.",
        "Square first, weigh afterwards. Then add up over the features and average over the samples: two different "
        "reductions along two different dimensions.",
        "importance * (x - x_hat) ** 2 has the shape [batch, n_features]. Sum it over the last dimension, "
        "then take the mean of what is left.",
    ),
)
def loss(ask: Ask) -> None:
    "Values and gradients against the double sum, term by term."
    ask.compare(
        _loss_cases(ask),
        expected=_double_sum,
        known=(
            Known(
                "importance-missing",
                "Every feature counts the same in your loss: importance is not used.",
                lambda x, x_hat, importance: ((x - x_hat) ** 2).sum(1).mean(),
            ),
            Known(
                "importance-squared",
                "You square the importance together with the error. Square the error first, weigh it afterwards.",
                lambda x, x_hat, importance: ((importance * (x - x_hat)) ** 2).sum(1).mean(),
            ),
            Known(
                "mean-over-features",
                "You average over the features too. This loss adds them up and averages over the samples only.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).mean(),
            ),
            Known(
                "sum-over-samples",
                "You add up over the samples too, so the loss grows with the batch. Average over the samples.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).sum(),
            ),
            Known(
                "dimensions-swapped",
                "You average over the features and add up over the samples; it is the other way round.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).mean(1).sum(),
            ),
            Known(
                "one-per-sample",
                "You return one loss for each sample; one number is expected, their mean.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).sum(1),
            ),
            Known(
                "one-per-feature",
                "You return one loss for each feature; one number is expected, their sum.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).mean(0),
            ),
            Known(
                "absolute-error",
                "You use the absolute error, the formula the squared one.",
                lambda x, x_hat, importance: (importance * (x - x_hat).abs()).sum(1).mean(),
            ),
            Known(
                "not-squared",
                "You do not square the error, so errors of opposite sign cancel.",
                lambda x, x_hat, importance: (importance * (x - x_hat)).sum(1).mean(),
            ),
            Known(
                "not-squared",
                "You do not square the error, so errors of opposite sign cancel.",
                lambda x, x_hat, importance: (importance * (x_hat - x)).sum(1).mean(),
            ),
            Known(
                "weighted-average",
                "You divide by the total importance. This loss is a weighted sum, not a weighted average.",
                lambda x, x_hat, importance: (
                    (importance * (x - x_hat) ** 2).sum(1) / importance.sum()
                ).mean(),
            ),
            Known(
                "root-taken",
                "You take a square root at the end; this loss has none.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).sum(1).mean().sqrt(),
            ),
            Known(
                "root-taken",
                "You take a square root for each sample; this loss has none.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).sum(1).sqrt().mean(),
            ),
            Known(
                "half",
                "Your loss is half of what is expected: this one has no factor 1/2.",
                lambda x, x_hat, importance: (importance * (x - x_hat) ** 2).sum(1).mean() / 2,
            ),
        ),
        gradients=("x_hat",),
        look="which dimension you add up and which you average, and where the importance comes in.",
    )


def _loss_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]]),
        "x_hat": torch.tensor([[0.5, 0.5], [0.0, 2.0], [0.0, 0.0]]),
        "importance": torch.tensor([1.0, 2.0]),
    }
    for _ in range(20):
        batch, n_features = ask.sizes(2)
        yield {
            "x": torch.rand(batch, n_features, generator=ask.generator),
            "x_hat": torch.rand(batch, n_features, generator=ask.generator) * 2,
            "importance": 0.2 + torch.rand(n_features, generator=ask.generator) * 2,
        }


def _double_sum(x: Tensor, x_hat: Tensor, importance: Tensor) -> Tensor:
    """Over samples k and features i: the importance of i times the error of k and i, twice."""
    error = x.double() - x_hat.double()
    return torch.einsum("i,ki,ki->", importance.double(), error, error) / x.shape[0]
