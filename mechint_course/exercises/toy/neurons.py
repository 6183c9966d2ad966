"""Chapter 1, computing in superposition: neurons that only store, and what makes their basis special."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_rotation = prediction(
    id="toy.guess_rotation",
    title="Turning the hidden space",
    options=("neither loss changes", "only without neurons", "only with neurons", "both losses change"),
    core=False,
)


@exercise(
    id="toy.hidden_relu",
    title="Neurons in the middle",
    points=2,
    minutes=5,
    difficulty=1,
    core=False,
    hints=(
        "It is your first model with one thing more, between squeezing and unfolding.",
        "The hidden vector x @ W.T goes through a ReLU of its own; the output keeps the one it has.",
        "neurons = torch.relu(x @ W.T); the answer is torch.relu of (neurons @ W + b_final).",
    ),
)
def hidden_relu(ask: Ask) -> None:
    "Values and gradients against a sum written out neuron by neuron."
    ask.compare(
        _store_cases(ask),
        expected=_stored,
        known=(
            Known(
                "hidden-relu-missing",
                "The hidden layer has no ReLU: this is the model of section 3, without neurons.",
                lambda x, W, b_final: torch.relu(x @ W.T @ W + b_final),
            ),
            Known(
                "output-relu-missing",
                "The output has lost its ReLU. There are two now: one on the neurons, one on the output.",
                lambda x, W, b_final: torch.relu(x @ W.T) @ W + b_final,
            ),
            Known(
                "bias-missing",
                "Your output ignores b_final.",
                lambda x, W, b_final: torch.relu(torch.relu(x @ W.T) @ W),
            ),
            Known(
                "bias-subtracted",
                "Your output subtracts b_final; the formula adds it.",
                lambda x, W, b_final: torch.relu(torch.relu(x @ W.T) @ W - b_final),
            ),
            Known(
                "bias-after-relu",
                "You add b_final after the last ReLU; it belongs inside.",
                lambda x, W, b_final: torch.relu(torch.relu(x @ W.T) @ W) + b_final,
            ),
            Known(
                "absolute-hidden",
                "Your neurons answer with the absolute value. A ReLU answers 0 to everything negative.",
                lambda x, W, b_final: torch.relu((x @ W.T).abs() @ W + b_final),
            ),
        ),
        gradients=("W", "b_final"),
        look="the first case by hand: a neuron whose input is negative is silent.",
    )


@exercise(
    id="toy.privileged",
    title="Turn the hidden space",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "Turning the hidden space replaces W by rotation @ W, wherever W stands in the model.",
        "Write a helper that gives the error of a model for a W, with or without the ReLU on the hidden layer. Call it for W "
        "and for rotation @ W.",
        "hidden = x @ V.T, with torch.relu around it or not; out = torch.relu(hidden @ V + b_final); the error is "
        "((x - out) ** 2).sum(dim=1).mean(). Return after minus before: without neurons first, with neurons second.",
    ),
)
def privileged(ask: Ask) -> None:
    "Both changes against sums written out neuron by neuron."
    ask.compare(
        _turn_cases(ask),
        expected=lambda x, W, b_final, rotation: _turned(x, W, b_final, rotation @ W),
        known=(
            Known(
                "rotated-once",
                "You turn W where it writes into the hidden space, but not where it reads from it. Both are the same W.",
                lambda x, W, b_final, rotation: _turned(x, W, b_final, rotation @ W, W),
            ),
            Known(
                "rotation-transposed",
                "You turn the other way round: W becomes rotation @ W.",
                lambda x, W, b_final, rotation: _turned(x, W, b_final, rotation.T @ W),
            ),
            Known(
                "before-minus-after",
                "Your signs are the wrong way round: the change is the error after minus the error before.",
                lambda x, W, b_final, rotation: tuple(-v for v in _turned(x, W, b_final, rotation @ W)),
            ),
            Known(
                "not-a-change",
                "You return the errors after turning. Subtract those before.",
                lambda x, W, b_final, rotation: tuple(
                    _error(x, rotation @ W, rotation @ W, b_final, neurons) for neurons in (False, True)
                ),
            ),
            Known(
                "neurons-missing",
                "Your second model has no ReLU on its hidden layer either, so turning changes neither.",
                lambda x, W, b_final, rotation: (_turned(x, W, b_final, rotation @ W)[0],) * 2,
            ),
            Known(
                "neurons-in-both",
                "Your first model has a ReLU on its hidden layer too. Only the second one has neurons.",
                lambda x, W, b_final, rotation: (_turned(x, W, b_final, rotation @ W)[1],) * 2,
            ),
            Known(
                "order-swapped",
                "Your two answers are right, in the wrong order: without neurons first.",
                lambda x, W, b_final, rotation: tuple(reversed(_turned(x, W, b_final, rotation @ W))),
            ),
            Known(
                "mean-over-features",
                "You average over the features. Add them up, and average over the samples only.",
                lambda x, W, b_final, rotation: tuple(
                    v / x.shape[1] for v in _turned(x, W, b_final, rotation @ W)
                ),
            ),
            Known(
                "bias-missing",
                "Your models ignore b_final.",
                lambda x, W, b_final, rotation: _turned(x, W, 0 * b_final, rotation @ W),
            ),
        ),
        look="the first case by hand: a quarter turn, after which feature 1 makes its neuron negative.",
        atol=1e-3,  # a difference of two numbers that may be large
    )


def _store_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        "W": torch.tensor([[1.0, -1.0]]),
        "b_final": torch.tensor([0.25, -0.25]),
    }
    for _ in range(7):
        batch, n_hidden, n_features = ask.sizes(3)
        yield {
            "x": torch.rand(batch, n_features, generator=ask.generator),
            "W": torch.randn(n_hidden, n_features, generator=ask.generator),
            "b_final": 0.5 * torch.randn(n_features, generator=ask.generator),
        }


def _turn_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[0.0, 1.0]]),
        "W": torch.eye(2),
        "b_final": torch.zeros(2),
        "rotation": torch.tensor([[0.0, -1.0], [1.0, 0.0]]),
    }
    for case in list(_store_cases(ask))[1:]:
        n_hidden = len(case["W"])
        rotation, _ = torch.linalg.qr(torch.randn(n_hidden, n_hidden, generator=ask.generator))
        yield case | {"W": 0.4 * case["W"], "rotation": rotation}


def _stored(x: Tensor, W: Tensor, b_final: Tensor) -> Tensor:
    """Neuron by neuron: what each adds up, if it is above zero, times what it writes."""
    total = b_final.double().expand(len(x), -1)
    for neuron in W.double():
        heard = (x.double() * neuron).sum(1, keepdim=True)
        total = total + heard * (heard > 0) * neuron
    return total * (total > 0)


def _error(x: Tensor, reads: Tensor, writes: Tensor, b_final: Tensor, neurons: bool) -> float:
    """The error with `reads` in front of the hidden layer and `writes` behind it, by einsum in double precision."""
    hidden = torch.einsum("bi,ki->bk", x.double(), reads.double())
    hidden = hidden * (hidden > 0) if neurons else hidden
    out = torch.einsum("bk,ki->bi", hidden, writes.double()) + b_final.double()
    return float(((x.double() - out * (out > 0)) ** 2).sum() / len(x))


def _turned(
    x: Tensor, W: Tensor, b_final: Tensor, turned: Tensor, writes: Tensor | None = None
) -> tuple[float, float]:
    back = turned if writes is None else writes
    linear, relu = (
        _error(x, turned, back, b_final, neurons) - _error(x, W, W, b_final, neurons)
        for neurons in (False, True)
    )
    return linear, relu
