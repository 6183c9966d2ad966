"""Small pushes on the input that do the most damage to a toy model.

Elhage et al. 2022, "Toy Models of Superposition", section "Superposition and Adversarial Robustness".
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import positive, whole_number


def attacks(W: Float[Tensor, "n_hidden n_features"], size: float) -> Float[Tensor, "n_features n_features"]:
    """Row i: the push of length `size` that raises output i most, before bias and ReLU.

    Output i is row i of W^T W times the input, so the push lies along that row; zeros for a feature that is not
    represented. Raises ValueError for a `W` that is no matrix, and a `size` that is not above 0.

    >>> attacks(torch.tensor([[1.0, -1.0]]), 2.0)
    tensor([[ 1.4142, -1.4142],
            [-1.4142,  1.4142]])
    """
    positive("size", size)
    if W.dim() != 2:
        raise ValueError(
            f"W must be [n_hidden, n_features], but its shape is {list(W.shape)}; give one model's."
        )
    rows = W.T @ W
    norms = rows.norm(dim=1, keepdim=True)
    return torch.where(norms > 0, size * rows / norms.clamp_min(torch.finfo(W.dtype).tiny), 0.0)


def damage(
    x: Float[Tensor, "batch n_features"],
    pushes: Float[Tensor, "n_pushes n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "n_pushes"]:
    """How much each push, added to every sample, raises the loss of `ReLU(W^T W x + b)`; the targets stay as they were.

    The loss is the squared error, added up over features and averaged over the batch.

    >>> W, b = torch.tensor([[1.0, -1.0]]), torch.zeros(2)
    >>> damage(torch.zeros(1, 2), torch.tensor([[0.75, -0.25]]), W, b)
    tensor([1.])
    """
    if x.dim() != 2 or pushes.dim() != 2 or x.shape[1] != W.shape[1] or pushes.shape[1] != W.shape[1]:
        raise ValueError(
            f"x and pushes must be [batch, n_features] and [n_pushes, n_features] with n_features = {W.shape[1]}, but "
            f"their shapes are {list(x.shape)} and {list(pushes.shape)}; give them the features of W."
        )

    def loss(hidden: Tensor) -> Tensor:
        return (x - torch.relu(hidden @ W + b_final)).square().sum(-1).mean(-1)

    hidden = x @ W.T
    return torch.stack([loss(hidden + push) for push in pushes @ W.T]) - loss(hidden)


def without_superposition(
    n_features: int, n_hidden: int, feature_probability: float
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, "n_features"]]:
    """W and b of a model that passes the first `n_hidden` features through and answers the mean for the others.

    >>> without_superposition(3, 2, 0.5)
    (tensor([[1., 0., 0.],
            [0., 1., 0.]]), tensor([0.0000, 0.0000, 0.2500]))
    """
    if whole_number("n_hidden", n_hidden) > whole_number("n_features", n_features):
        raise ValueError(
            f"n_hidden must be at most n_features = {n_features}, but it is {n_hidden}; give fewer."
        )
    if not 0 < feature_probability <= 1:
        raise ValueError(
            f"feature_probability must be above 0 and at most 1, but it is {feature_probability!r}; "
            "density 1 means always active."
        )
    b_final = torch.full((n_features,), feature_probability / 2)
    b_final[:n_hidden] = 0
    return torch.eye(n_hidden, n_features), b_final
