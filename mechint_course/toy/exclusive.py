"""One neuron for features of which exactly one is there at a time: what it costs to name the feature from the neuron.

Bricken et al. 2023, "Towards Monosemanticity", on why no architecture makes neurons monosemantic by itself: under
cross-entropy, one neuron that is shared by two of four features predicts better than one that is kept for a single feature.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mechint_course.toy.checking import one_of, positive, whole_number
from mechint_course.toy.distributions import stream
from mechint_course.work import work


class OneNeuron(NamedTuple):
    """Many trained neurons, each with a readout of its own."""

    loss: Float[Tensor, "n_instances"]
    """The cross-entropy in nats, exact: no sample is drawn."""
    response: Float[Tensor, "n_instances n_features"]
    """What the neuron does for each feature: its probability to fire (binary) or its strength (relu)."""


def partition_loss(
    chance: Float[Tensor, "n_features"], fires: Bool[Tensor, "*neurons n_features"]
) -> Float[Tensor, "*neurons"]:
    """The cross-entropy, in nats, of naming the feature when all you see is whether the neuron fired.

    `chance` holds the probability of each feature, `fires` those the neuron fires for. The best readout gives each
    feature its share of the group it is in, so a feature i in a group of total probability G costs -log(chance_i / G).
    Raises ValueError where `chance` is no probability distribution.

    >>> fires = torch.tensor([[True, False, False, False], [True, True, False, False]])
    >>> partition_loss(torch.full((4,), 0.25), fires)  # 3/4 ln 3, and ln 2
    tensor([0.8240, 0.6931])
    """
    total = float(chance.sum())
    if bool((chance < 0).any()) or not abs(total - 1) < 1e-4:
        raise ValueError(
            f"Expected probabilities that add up to 1, found a sum of {total:g}; divide by the sum."
        )
    with_it = (chance * fires).sum(-1, keepdim=True)
    group = torch.where(fires, with_it, 1 - with_it)
    # A feature of probability 0 costs nothing, whatever its group.
    return torch.where(
        chance > 0, -chance * (chance / group.clamp(min=1e-12)).clamp(min=1e-12).log(), 0.0
    ).sum(-1)


def train_one_neuron(
    n_features: int,
    *,
    kind: Literal["binary", "relu"] = "binary",
    n_instances: int = 100,
    steps: int = 600,
    learning_rate: float = 0.05,
    seed: int = 0,
    progress: bool = True,
) -> OneNeuron:
    """Trains `n_instances` single neurons with Adam to tell `n_features` equally frequent features apart.

    A binary neuron fires or not: feature i makes it fire with probability sigmoid(a_i), and each of its two states has
    its own logits. The loss is the expected one over both states, so training needs no samples. A relu neuron answers
    ReLU(w_i), and its logits are an affine function of that strength. The loss is in nats. An interrupt keeps what was
    reached. Raises ValueError for sizes below 1, a learning rate that is not positive or a kind that is neither, and
    TypeError for sizes that are no whole numbers.

    The best of ten neurons fires for two of four features, not for one: ln 2 = 0.69 nats instead of 0.82 (see
    `partition_loss`).

    >>> neurons = train_one_neuron(4, n_instances=10, steps=300, progress=False)
    >>> best = neurons.loss.argmin()
    >>> round(float(neurons.loss[best]), 1), int(neurons.response[best].round().sum())
    (0.7, 2)
    """
    sizes = (("n_features", n_features), ("n_instances", n_instances), ("steps", steps))
    for name, value in sizes:
        whole_number(name, value)
    positive("learning_rate", learning_rate)
    one_of("kind", kind, ("binary", "relu"))
    generator = stream(seed, "weights")
    w = torch.randn(n_instances, n_features, generator=generator).requires_grad_()
    readout = 0.1 * torch.randn(n_instances, 2, n_features, generator=generator)
    readout.requires_grad_()
    optimiser = torch.optim.Adam([w, readout], lr=learning_rate)
    expected = _binary_loss if kind == "binary" else _relu_loss
    with work(steps, f"Training {n_instances} single neurons", disable=not progress) as bar:
        for _ in range(steps):
            optimiser.zero_grad()
            expected(w, readout).sum().backward()
            optimiser.step()
            bar.update()
    with torch.no_grad():
        return OneNeuron(expected(w, readout), w.sigmoid() if kind == "binary" else w.relu())


def _binary_loss(
    w: Float[Tensor, "n_instances n_features"], readout: Float[Tensor, "n_instances 2 n_features"]
) -> Float[Tensor, "n_instances"]:
    fires = w.sigmoid()
    silent_cost, firing_cost = (-readout.log_softmax(dim=-1)).unbind(dim=1)
    return (fires * firing_cost + (1 - fires) * silent_cost).mean(dim=-1)


def _relu_loss(
    w: Float[Tensor, "n_instances n_features"], readout: Float[Tensor, "n_instances 2 n_features"]
) -> Float[Tensor, "n_instances"]:
    base, slope = readout.unbind(dim=1)
    logits = base[:, None] + w.relu()[:, :, None] * slope[:, None]  # [n_instances, the feature there, logits]
    return -logits.log_softmax(dim=-1).diagonal(dim1=1, dim2=2).mean(dim=-1)
