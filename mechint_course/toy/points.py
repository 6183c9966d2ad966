"""Data points instead of features: the toy model on a training set that stays the same.

Henighan et al. 2023, "Superposition, Memorization, and Double Descent": with few examples the model gives every example
a direction, with many it gives directions to features, and in between it does badly on new samples.
"""

from math import cos, pi
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from mechint_course.toy.checking import positive, probabilities, whole_number
from mechint_course.toy.distributions import feature_batch, stream
from mechint_course.work import work

_BLOCK = 512
"""Examples whose outputs are in the cache at once."""


class Fit(NamedTuple):
    """A model after training on one fixed set of examples."""

    W: Float[Tensor, "n_hidden n_features"]
    b_final: Float[Tensor, "n_features"]
    train_loss: float
    """Squared error summed over features, averaged over the training examples; without any model it is 1."""


def unit_examples(
    n_examples: int, n_features: int = 1000, feature_probability: float = 0.01, *, seed: int = 0
) -> Float[Tensor, "n_examples n_features"]:
    """Sparse examples, each divided by its length; one that holds no feature stays zero.

    >>> unit_examples(3, seed=1).norm(dim=1)
    tensor([1.0000, 1.0000, 1.0000])
    """
    whole_number("n_examples", n_examples)
    p = probabilities(
        "feature_probability", feature_probability, 1, whole_number("n_features", n_features), "cpu"
    )
    x = feature_batch(p, n_examples, generator=stream(seed, "examples"))[0].contiguous()
    return x / x.norm(dim=1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)


def fit_examples(
    x: Float[Tensor, "n_examples n_features"],
    n_hidden: int = 2,
    *,
    steps: int = 2000,
    learning_rate: float = 0.005,
    weight_decay: float = 0.01,
    seed: int = 0,
    progress: bool = True,
) -> Fit:
    """Trains x' = ReLU(W^T W x + b) on all examples at every step, with AdamW.

    The learning rate rises over the first twentieth of the steps and then falls to zero along a cosine, as in the
    paper, which takes 50,000 steps at a fifth of our rate. Entries of `x` that are zero cost almost nothing. An
    interrupt keeps what was reached. Raises ValueError for sizes below 1, a learning rate that is not positive, or
    examples that are no matrix of finite numbers, and TypeError for sizes that are no whole numbers.

    Two examples of four features fit into two dimensions. Without a model the loss is 1, their squared length.

    >>> x = torch.tensor([[0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 0.6, 0.8]])
    >>> fit = fit_examples(x, n_hidden=2, steps=100, learning_rate=0.02, progress=False)
    >>> round(loss_on(x, torch.zeros(2, 4), torch.zeros(4)), 2), round(fit.train_loss, 2)
    (1.0, 0.0)
    """
    whole_number("steps", steps)
    positive("learning_rate", learning_rate)
    if x.dim() != 2 or 0 in x.shape or not bool(torch.isfinite(x).all()):
        raise ValueError(
            f"x must be a matrix [n_examples, n_features] of finite numbers, but its shape is {list(x.shape)}; "
            "give one row for each example."
        )
    n_examples, n_features = x.shape
    whole_number("n_hidden", n_hidden)
    entries = _Entries.of(x)
    scale = (2 / (n_features + n_hidden)) ** 0.5  # Xavier's, the paper's
    W = torch.nn.Parameter(scale * torch.randn(n_hidden, n_features, generator=stream(seed, "weights")))
    b = torch.nn.Parameter(torch.zeros(n_features))
    optimiser = torch.optim.AdamW([W, b], lr=learning_rate, weight_decay=weight_decay, fused=True)
    warm = max(1, steps // 20)
    title = f"Fitting {n_examples} examples"
    with torch.no_grad(), work(steps, title, disable=not progress) as bar:
        for step in range(1, steps + 1):
            rise = step / warm
            fall = (1 + cos(pi * (step - warm) / max(1, steps - warm))) / 2
            optimiser.param_groups[0]["lr"] = learning_rate * min(rise, fall)
            W.grad, b.grad = entries.gradients(W, b)
            optimiser.step()
            bar.update()
    return Fit(W.detach(), b.detach(), loss_on(x, W.detach(), b.detach()))


def loss_on(
    x: Float[Tensor, "n_examples n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> float:
    """The squared error of ReLU(W^T W x + b), summed over features, averaged over examples.

    >>> loss_on(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), torch.tensor([0.0, 0.5]))
    1.25
    """
    total = 0.0
    for part in x.split(_BLOCK):
        total += float((torch.relu(part @ W.T @ W + b_final) - part).square().sum())
    return total / len(x)


class _Entries(NamedTuple):
    """The entries of the examples that are not zero, by example and by feature."""

    shape: torch.Size
    feature: Int[Tensor, "n_entries"]
    place: Int[Tensor, "n_entries"]
    value: Float[Tensor, "n_entries"]
    starts: Int[Tensor, "n_examples"]
    ends: list[int]
    """Where the entries of each example begin; how many entries there are up to the end of each block."""
    example_by_feature: Int[Tensor, "n_entries"]
    value_by_feature: Float[Tensor, "n_entries"]
    starts_by_feature: Int[Tensor, "n_features"]

    @classmethod
    def of(cls, x: Float[Tensor, "n_examples n_features"]) -> "_Entries":
        example, feature = x.nonzero().T.contiguous()
        value = x[example, feature]
        order = feature.argsort(stable=True)
        blocks = torch.arange(0, len(x), _BLOCK) + _BLOCK
        return cls(
            x.shape,
            feature,
            (example % _BLOCK) * x.shape[1] + feature,
            value,
            torch.searchsorted(example, torch.arange(len(x))),
            torch.searchsorted(example, blocks).tolist(),
            example[order],
            value[order],
            torch.searchsorted(feature[order], torch.arange(x.shape[1])),
        )

    def gradients(self, W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the loss with respect to W and b.

        With h = W x and g = 2 (x' - x) where the ReLU is open: dL/db = sum g and dL/dW = h g^T + (W g) x^T. Only
        x' is dense; h and the last product are sums over the entries that are not zero.
        """
        n_examples, n_features = self.shape
        hidden = embedding_bag(
            self.feature, W.T.contiguous(), self.starts, mode="sum", per_sample_weights=self.value
        )
        grad_W, grad_b, back = torch.zeros_like(W), torch.zeros_like(b), torch.empty_like(hidden)
        buffer = torch.empty(min(_BLOCK, n_examples), n_features)
        begin = 0
        for k, end in enumerate(self.ends):
            rows = slice(k * _BLOCK, min((k + 1) * _BLOCK, n_examples))
            error = buffer[: rows.stop - rows.start]
            torch.addmm(b, hidden[rows], W, out=error).relu_()
            flat, place, value = error.view(-1), self.place[begin:end], self.value[begin:end]
            there = flat[place]
            flat[place] = torch.where(there > 0, there - value, 0.0)
            grad_W.addmm_(hidden[rows].T, error)
            grad_b += error.sum(0)
            torch.mm(error, W.T, out=back[rows])
            begin = end
        grad_W += embedding_bag(
            self.example_by_feature,
            back,
            self.starts_by_feature,
            mode="sum",
            per_sample_weights=self.value_by_feature,
        ).T
        return grad_W.mul_(2 / n_examples), grad_b.mul_(2 / n_examples)
