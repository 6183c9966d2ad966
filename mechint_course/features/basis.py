"""Whether the neurons are special directions: their kurtosis and sparsity against directions turned at random.

A basis is privileged where something in the model treats its axes unlike other directions (Elhage et al. 2022, "Toy Models
of Superposition", "Privileged vs Non-privileged Bases"): the MLP's ReLU does, the residual stream has nothing of the kind.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def kurtosis(x: Float[Tensor, "*batch n_samples n_units"]) -> Float[Tensor, "*batch n_units"]:
    """The mean fourth power of each unit's deviation from its mean, over the squared mean second power.

    3 for a bell curve, 1 for a fair coin, far above 3 where rare large values stand among many small ones; NaN for a
    unit that never changes.

    >>> kurtosis(torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 0.0], [4.0, 1.0]]))
    tensor([2.3333, 1.0000])
    """
    if x.dim() < 2 or x.shape[-2] < 2:
        raise ValueError(
            f"Expected samples in rows and units in columns, at least two samples, found the shape {list(x.shape)}."
        )
    d = x - x.mean(dim=-2, keepdim=True)
    squared = d * d
    return (squared * squared).mean(dim=-2) / squared.mean(dim=-2) ** 2


def nearly_zero(x: Float[Tensor, "*batch n_samples n_units"], share: float = 0.1) -> float:
    """The share of values below a tenth (`share`) of their unit's root mean square.

    >>> nearly_zero(torch.tensor([[0.0], [3.0], [4.0], [0.0]]))
    0.5
    """
    scale = x.pow(2).mean(dim=-2, keepdim=True).sqrt()
    return (x.abs() < share * scale).float().mean().item()


def random_rotation(n: int, *, seed: int) -> Float[Tensor, "n n"]:
    """An orthogonal matrix drawn evenly from all of them: columns of length 1, at right angles.

    The Q of a Gaussian matrix's QR decomposition, its columns' signs set by R's diagonal (Mezzadri 2007, "How to generate
    random matrices from the classical compact groups", section 5).

    >>> R = random_rotation(3, seed=0)
    >>> bool(torch.allclose(R.T @ R, torch.eye(3), atol=1e-6))
    True
    """
    if n < 1:
        raise ValueError(f"Expected a size of at least 1, found {n}.")
    gaussian = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    return (q * r.diagonal().sign()).float()


def relu_in_turned_axes(
    before: Float[Tensor, "n_samples n_units"], rotation: Float[Tensor, "n_units n_units"]
) -> Float[Tensor, "n_samples n_units"]:
    """What other neurons would do: the inputs of the ReLU turned, then cut off so that axis i fires as often as neuron i.

    Shows how much of the neurons' kurtosis any axis gets from a ReLU alone.
    """
    turned = (before - before.mean(dim=0)) @ rotation
    silent = (before <= 0).sum(dim=0)  # how many samples neuron i is silent on
    cut = turned.sort(dim=0).values.gather(0, (silent - 1).clamp(min=0)[None])[0]
    return (turned - cut).relu()
