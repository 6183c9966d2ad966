"""What happens along training: the loss of every moment on the same samples, and the moments at which it falls.

Elhage et al. 2022, "Toy Models of Superposition", section "Superposition and Learning Dynamics".
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import positive, whole_number
from mechint_course.toy.distributions import feature_batch, stream
from mechint_course.toy.model import ToyModel
from mechint_course.toy.training import History


class Jump(NamedTuple):
    """A sudden fall of the loss, and who moved."""

    before: int
    """The last record before it."""
    after: int
    """The first record after it."""
    feature: int
    """The feature whose dimensionality changed most between these two."""


@torch.no_grad()
def losses_along(
    model: ToyModel, history: History, *, n_samples: int = 2048, seed: int = 0
) -> Float[Tensor, "n_records n_instances"]:
    """The loss at every record of a training, on the same fresh samples: what changes is the weights alone.

    `history` comes from `train(model, ..., keep_weights=True)`; the model keeps the weights that it has. Raises
    ValueError where the history has kept no weights, or those of a model of other sizes.

    >>> from mechint_course.toy import train
    >>> model = ToyModel(3, 2, n_instances=4)
    >>> history = train(model, steps=5, n_records=2, keep_weights=True, progress=False)
    >>> losses_along(model, history).shape
    torch.Size([2, 4])
    """
    whole_number("n_samples", n_samples)
    W = history.weights.get("W")
    if W is None or W.shape[1:] != model.W.shape:
        found = "none" if W is None else f"weights of shape {list(W.shape[1:])}"
        raise ValueError(
            f"history must have kept weights of shape {list(model.W.shape)}, but it has {found}; "
            "train this model with keep_weights=True."
        )
    p = model.feature_probability
    x = feature_batch(p, n_samples, generator=stream(seed, "along training", p.device))
    now = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    losses = []
    try:
        for record in range(len(W)):
            for name, parameter in model.named_parameters():
                parameter.copy_(history.weights[name][record])
            losses.append(model.loss(x))
    finally:
        for name, parameter in model.named_parameters():
            parameter.copy_(now[name])
    return torch.stack(losses)


def jumps(
    loss: Float[Tensor, "n_records"], D: Float[Tensor, "n_records n_features"], drop: float
) -> list[Jump]:
    """The sudden falls of a loss: unbroken runs of records, each lower than the one before by more than a share `drop`.

    Raises ValueError where `loss` and `D` do not have one entry for each record, or `drop` is not above 0.

    >>> D = torch.tensor([[0.5, 0.0], [0.5, 0.0], [0.5, 0.1], [0.5, 0.5], [0.5, 0.5]])
    >>> jumps(torch.tensor([10.0, 9.99, 8.0, 6.0, 5.99]), D, 0.1)
    [Jump(before=1, after=3, feature=1)]
    """
    positive("drop", drop)
    if loss.dim() != 1 or D.dim() != 2 or len(D) != len(loss):
        raise ValueError(
            "loss must be [n_records] and D [n_records, n_features], but their shapes are "
            f"{list(loss.shape)} and {list(D.shape)}; give both of one model."
        )
    falling = [False, *(loss[1:] < (1 - drop) * loss[:-1]).tolist(), False]
    found, before = [], 0
    for t in range(1, len(falling)):
        if falling[t] and not falling[t - 1]:
            before = t - 1
        if falling[t - 1] and not falling[t]:
            found.append(Jump(before, t - 1, int((D[t - 1] - D[before]).abs().argmax())))
    return found
