"""Chapter 1, computing in superposition: neurons that compute the absolute value, and how many features each serves."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_neurons = prediction(
    id="toy.guess_neurons",
    title="Forty neurons, a hundred features",
    options=(
        "one feature each, at every density",
        "one feature each when dense, several when sparse",
        "several when dense, one feature each when sparse",
        "several features each, at every density",
    ),
    core=False,
)


@exercise(
    id="toy.absolute",
    title="Compute the absolute value",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "Two matrices now, one into the neurons and one out of them. And look twice at what the answer is compared with.",
        "neurons = torch.relu(x @ W1.T); the output is torch.relu(neurons @ W2.T + b_final). The target is x.abs().",
        "(importance * (x.abs() - out) ** 2).sum(dim=1).mean()",
    ),
)
def absolute(ask: Ask) -> None:
    "The loss and its gradients against a sum written out sample by sample."
    ask.compare(
        _cases(ask),
        expected=_by_samples,
        known=(
            Known(
                "target-not-absolute",
                "You compare with x. The model is to compute its absolute value.",
                lambda x, W1, W2, b_final, importance: _loss(x, _out(x, W1, W2, b_final), importance),
            ),
            Known(
                "importance-missing",
                "All your features count the same. Weigh the squared errors with the importance.",
                lambda x, W1, W2, b_final, importance: _loss(x.abs(), _out(x, W1, W2, b_final), 1.0),
            ),
            Known(
                "weights-tied",
                "You use W1 both ways. This model reads its neurons out with a matrix of their own, W2.",
                lambda x, W1, W2, b_final, importance: _loss(x.abs(), _out(x, W1, W1.T, b_final), importance),
            ),
            Known(
                "hidden-relu-missing",
                "Your neurons have no ReLU. Without it the middle is linear, and no linear map computes |x|.",
                lambda x, W1, W2, b_final, importance: _loss(
                    x.abs(), torch.relu(x @ W1.T @ W2.T + b_final), importance
                ),
            ),
            Known(
                "output-relu-missing",
                "The output has no ReLU.",
                lambda x, W1, W2, b_final, importance: _loss(
                    x.abs(), torch.relu(x @ W1.T) @ W2.T + b_final, importance
                ),
            ),
            Known(
                "bias-missing",
                "Your output ignores b_final.",
                lambda x, W1, W2, b_final, importance: _loss(
                    x.abs(), _out(x, W1, W2, 0 * b_final), importance
                ),
            ),
            Known(
                "absolute-going-in",
                "You feed |x| into the model. It sees x, sign and all, and must find the absolute value itself.",
                lambda x, W1, W2, b_final, importance: _loss(
                    x.abs(), _out(x.abs(), W1, W2, b_final), importance
                ),
            ),
            Known(
                "not-squared",
                "You add up absolute errors. The loss squares them.",
                lambda x, W1, W2, b_final, importance: (
                    (importance * (x.abs() - _out(x, W1, W2, b_final)).abs()).sum(1).mean()
                ),
            ),
            Known(
                "mean-over-features",
                "You average over the features. Add them up, and average over the samples only.",
                lambda x, W1, W2, b_final, importance: (
                    _loss(x.abs(), _out(x, W1, W2, b_final), importance) / x.shape[1]
                ),
            ),
            Known(
                "summed-over-batch",
                "You add up the samples. Average over them.",
                lambda x, W1, W2, b_final, importance: (
                    _loss(x.abs(), _out(x, W1, W2, b_final), importance) * len(x)
                ),
            ),
        ),
        gradients=("W1", "W2", "b_final"),
        look="the first case by hand: one neuron for each sign.",
    )


@exercise(
    id="toy.polysemanticity",
    title="How many features does a neuron serve?",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "A neuron is a row of W1. Compare its weights with the largest of that row; signs do not matter.",
        "W1.abs().amax(dim=1, keepdim=True) is the largest weight of each neuron. A neuron for which it is 0 serves nothing.",
        "largest = W1.abs().amax(dim=1, keepdim=True); ((W1.abs() >= share * largest) & (largest > 0)).sum(dim=1)",
    ),
)
def polysemanticity(ask: Ask) -> None:
    "The count of every neuron against loops."
    ask.compare(
        _weight_cases(ask),
        expected=_counted,
        known=(
            Known(
                "not-scaled",
                "You compare the weights with `share` itself. Scale every neuron first, so that its largest weight is 1.",
                lambda W1, share: (W1.abs() >= share).sum(1),
            ),
            Known(
                "signs-matter",
                "You count positive weights only. A neuron listens to a feature through a negative weight too.",
                lambda W1, share: (W1 / W1.abs().amax(1, keepdim=True) >= share).sum(1),
            ),
            Known(
                "largest-signed",
                "You scale by the largest weight with its sign. The largest in size may be negative.",
                lambda W1, share: (W1.abs() >= share * W1.amax(1, keepdim=True)).sum(1) * (W1 != 0).any(1),
            ),
            Known(
                "scaled-by-feature",
                "You scale every column, which is a feature. A neuron is a row.",
                lambda W1, share: ((W1.abs() >= share * W1.abs().amax(0)) & (W1 != 0)).sum(1),
            ),
            Known(
                "scaled-by-all",
                "You scale by the largest weight of the whole matrix. Each neuron has its own.",
                lambda W1, share: (W1.abs() >= share * W1.abs().max()).sum(1),
            ),
            Known(
                "scaled-by-length",
                "You scale every neuron to length 1. Here its largest weight is to be 1.",
                lambda W1, share: ((W1.abs() >= share * W1.norm(dim=1, keepdim=True)) & (W1 != 0)).sum(1),
            ),
            Known(
                "limit-left-out",
                "A weight of exactly `share` counts: at least, not more than.",
                lambda W1, share: (W1.abs() > share * W1.abs().amax(1, keepdim=True)).sum(1),
            ),
            Known(
                "silent-counted",
                "A neuron whose weights are all zero serves no feature; you say it serves all of them.",
                lambda W1, share: (W1.abs() >= share * W1.abs().amax(1, keepdim=True)).sum(1),
            ),
            Known(
                "neurons-per-feature",
                "You count the neurons of every feature. Count the features of every neuron.",
                lambda W1, share: ((W1.abs() >= share * W1.abs().amax(1, keepdim=True)) & (W1 != 0)).sum(0),
            ),
        ),
        look="the first case by hand: which weights reach the share of the largest one in their row?",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[-0.5]]),
        "W1": torch.tensor([[1.0], [-1.0]]),
        "W2": torch.tensor([[1.0, 1.0]]),
        "b_final": torch.tensor([0.1]),
        "importance": torch.tensor([2.0]),
    }
    for _ in range(7):
        batch, n_hidden, n_features = ask.sizes(3)
        yield {
            "x": 2 * torch.rand(batch, n_features, generator=ask.generator) - 1,
            "W1": torch.randn(n_hidden, n_features, generator=ask.generator),
            "W2": torch.randn(n_features, n_hidden, generator=ask.generator),
            "b_final": 0.5 * torch.randn(n_features, generator=ask.generator),
            "importance": 0.2 + torch.rand(n_features, generator=ask.generator),
        }


def _out(x: Tensor, W1: Tensor, W2: Tensor, b_final: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W1.T) @ W2.T + b_final)


def _loss(target: Tensor, out: Tensor, importance: Tensor | float) -> Tensor:
    return (importance * (target - out) ** 2).sum(1).mean()


def _by_samples(x: Tensor, W1: Tensor, W2: Tensor, b_final: Tensor, importance: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for row in x.double():
        neurons = (W1.double() * row).sum(1).clamp(min=0)
        out = ((W2.double() * neurons).sum(1) + b_final.double()).clamp(min=0)
        wanted = torch.where(row < 0, -row, row)
        total = total + (importance.double() * (wanted - out) ** 2).sum()
    return total / len(x)


def _weight_cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"W1": torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.25, 0.0]]), "share": 0.5}
    yield {"W1": torch.tensor([[0.0, 0.0], [-4.0, 1.0], [1.0, 1.0]]), "share": 0.25}
    for _ in range(7):
        n_hidden, n_features = ask.sizes(2, low=3)
        share = round(0.2 + 0.5 * ask.random.random(), 2)
        W1 = torch.randn(n_hidden, n_features, generator=ask.generator)
        W1 *= 0.3 + 3 * torch.rand(n_hidden, 1, generator=ask.generator)
        edge = (W1.abs() / W1.abs().amax(1, keepdim=True) - share).abs() < 1e-3
        yield {"W1": torch.where(edge, 0.0, W1), "share": share}


def _counted(W1: Tensor, share: float) -> Tensor:
    counts = []
    for row in W1.tolist():
        largest = max(abs(weight) for weight in row)
        counts.append(sum(1 for weight in row if largest and abs(weight) / largest >= share))
    return torch.tensor(counts)
