"""Training many toy models as one batch."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import cos, pi
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mechint_course.toy.checking import one_of, positive, whole_number
from mechint_course.toy.distributions import Sampler, feature_batch, stream
from mechint_course.toy.instances import LossAndGradients
from mechint_course.work import work


@runtime_checkable
class Trainable(Protocol):
    """What `train` needs of a model: parameters, feature probabilities, and the loss with its gradients."""

    feature_probability: Float[Tensor, "n_instances n_features"]

    def loss_and_gradients(self, x: Float[Tensor, "n_instances batch n_features"]) -> LossAndGradients: ...

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...


@dataclass(frozen=True)
class History:
    """What was noted during training."""

    steps: Int[Tensor, "n_records"]
    """After how many steps each record was taken."""
    loss: Float[Tensor, "n_records n_instances"]
    """The loss of every instance on the batch of that step."""
    weights: dict[str, Float[Tensor, "n_records ..."]]
    """The parameters at each record, by name; empty unless they were asked for."""
    interrupted: bool
    """Whether somebody stopped the training before its last step."""


def train(
    model: Trainable,
    *,
    steps: int = 2000,
    batch_size: int = 1024,
    learning_rate: float = 0.01,
    schedule: Literal["cosine", "constant"] = "cosine",
    sampler: Sampler = feature_batch,
    seed: int = 0,
    n_records: int = 50,
    keep_weights: bool = False,
    title: str = "Training the toy models",
    progress: bool = True,
) -> History:
    """Trains every instance of `model` in place with Adam, on fresh samples at every step.

    Adam scales each weight's step by that weight's own gradients, so the instances of a batch do not feel
    each other. `schedule="cosine"` lets the learning rate fall to zero, which replaces many steps at a small
    rate. `n_records` evenly spaced steps, the first and the last among them, are noted in the History that
    comes back; `keep_weights=True` keeps the parameters of those steps too. An interrupt stops cleanly and
    keeps what was reached.

    Losses are squared errors weighted by importance, summed over features and averaged over the batch.

    Raises ValueError for sizes below 1, a learning rate that is not positive, or an unknown schedule, and TypeError
    for sizes that are no whole numbers.

    Two features with two dimensions to lie in: nothing has to be left out, so the loss falls to zero.

    >>> from mechint_course.toy.model import ToyModel
    >>> model = ToyModel(n_features=2, n_hidden=2)
    >>> history = train(model, steps=100, batch_size=64, learning_rate=0.05, n_records=2, progress=False)
    >>> history.steps.tolist(), [round(float(loss), 1) for loss in history.loss]
    ([1, 100], [0.5, 0.0])
    """
    for name, value in (("steps", steps), ("batch_size", batch_size), ("n_records", n_records)):
        whole_number(name, value)
    positive("learning_rate", learning_rate)
    one_of("schedule", schedule, ("cosine", "constant"))
    parameters = dict(model.named_parameters())
    probability = model.feature_probability
    generator = stream(seed, "data", probability.device)
    optimiser = torch.optim.Adam(parameters.values(), lr=learning_rate, fused=True)
    noted = set(torch.linspace(1, steps, min(n_records, steps)).round().long().tolist())
    at, losses = [], []
    kept: dict[str, list[Tensor]] = {name: [] for name in parameters} if keep_weights else {}

    with _threads_for(parameters, batch_size), work(steps, title, disable=not progress) as bar:
        for step in range(1, steps + 1):
            if schedule == "cosine":
                optimiser.param_groups[0]["lr"] = learning_rate * (1 + cos(pi * (step - 1) / steps)) / 2
            loss, gradients = model.loss_and_gradients(sampler(probability, batch_size, generator=generator))
            for name, parameter in parameters.items():
                gradient = gradients[name]
                if (
                    gradient.stride() != parameter.stride()
                ):  # a fused optimiser goes through memory, not through shapes
                    gradient = torch.empty_like(parameter).copy_(gradient)
                parameter.grad = gradient
            optimiser.step()
            if step in noted:
                at.append(step)
                losses.append(loss)
                for name, values in kept.items():
                    values.append(parameters[name].detach().clone())
                bar.note(loss=f"{loss.mean().item():.4f}")
            bar.update()
    for parameter in parameters.values():
        parameter.grad = None

    return History(
        steps=torch.tensor(at, dtype=torch.long),
        loss=torch.stack(losses) if losses else torch.empty(0, len(probability)),
        weights={name: torch.stack(values) for name, values in kept.items() if values},
        interrupted=bar.interrupted,
    )


@torch.no_grad()
def evaluate(
    model: Trainable, *, n_samples: int = 100_000, sampler: Sampler = feature_batch, seed: int = 0
) -> Float[Tensor, "n_instances"]:
    """The loss of every instance on `n_samples` samples that training never saw.

    The samples come from a stream of their own, so they differ from those of `train` with the same seed.
    Raises ValueError for fewer than one sample, and TypeError for a number of them that is not whole.

    By hand: a model whose weights are all zero answers zero, so it loses all of x^2, which is p/3 for a feature of
    probability p on average. Three features of probability 1, and three of 0.1:

    >>> from mechint_course.toy.model import ToyModel
    >>> p = torch.tensor([[1.0], [0.1]])
    >>> model = ToyModel(n_features=3, n_hidden=1, n_instances=2, feature_probability=p)
    >>> _ = model.W.data.zero_()
    >>> [round(loss, 2) for loss in evaluate(model, n_samples=10_000).tolist()]
    [1.0, 0.1]
    """
    whole_number("n_samples", n_samples)
    generator = stream(seed, "evaluation", model.feature_probability.device)
    total = torch.zeros(len(model.feature_probability), device=model.feature_probability.device)
    left = n_samples
    while left:
        size = min(left, 8192)
        x = sampler(model.feature_probability, size, generator=generator)
        total += model.loss_and_gradients(x).loss * size
        left -= size
    return total / n_samples


_SMALL = 8_000_000
"""Weights times samples in a step, below which one thread is the safer choice."""


@contextlib.contextmanager
def _threads_for(parameters: Mapping[str, Tensor], batch_size: int) -> Iterator[None]:
    """One thread while a small model trains: on a busy machine, two that wait for each other take many times longer."""
    before = torch.get_num_threads()
    if sum(parameter.numel() for parameter in parameters.values()) * batch_size < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
