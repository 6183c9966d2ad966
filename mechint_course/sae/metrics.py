"""Numbers that say how good a dictionary is, and what each of them does not see."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def fvu(x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]) -> float:
    """Fraction of variance unexplained: |x - reconstruction|^2 over |x - mean of x|^2. 0 is perfect, 1 is the mean.

    Raises ValueError where x does not vary, or the shapes differ.

    >>> fvu(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [1.0]]))
    0.5
    """
    if x.shape != reconstruction.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the reconstruction {tuple(reconstruction.shape)}: both must agree."
        )
    total = (x - x.mean(0)).square().sum()
    if total == 0:
        raise ValueError(
            "All rows of x are equal, so there is no variance to explain: give inputs that vary."
        )
    return float((x - reconstruction).square().sum() / total)


def l0(latents: Float[Tensor, "batch d_sae"]) -> float:
    """How many latents are on for one input, on average.

    >>> l0(torch.tensor([[0.0, 3.0, 0.0], [1.0, 2.0, 0.0]]))
    1.5
    """
    return float((latents > 0).sum(-1).float().mean())


def density(latents: Float[Tensor, "batch d_sae"]) -> Float[Tensor, " d_sae"]:
    """The share of inputs on which each latent is on.

    >>> density(torch.tensor([[0.0, 3.0], [1.0, 2.0]]))
    tensor([0.5000, 1.0000])
    """
    return (latents > 0).float().mean(0)


def dead(latents: Float[Tensor, "batch d_sae"]) -> Bool[Tensor, " d_sae"]:
    """Which latents are on for none of these inputs: a statement about these inputs, so use many.

    >>> dead(torch.tensor([[0.0, 3.0], [0.0, 2.0]]))
    tensor([ True, False])
    """
    return ~(latents > 0).any(0)


class Recovery(NamedTuple):
    """How well a dictionary's directions match features that are known."""

    mcc: float
    """Mean cosine over the one-to-one matching that makes it largest. 1 is perfect."""
    cosines: Float[Tensor, " n_features"]
    """The cosine of each true feature with its match; 0 where the dictionary was too small to give it one."""
    matches: Int[Tensor, " n_features"]
    """The latent matched to each true feature; -1 for none."""


def mcc(directions: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "n_features d_in"]) -> Recovery:
    """Matches true features with latents one to one (Hungarian) and gives the mean cosine, sign included.

    A latent that points the opposite way is no match: latents are non-negative, so it means something else.
    Raises ValueError where the sizes differ or a true feature has length 0.

    >>> mcc(torch.tensor([[0.0, 2.0], [1.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 1.0]])).mcc
    1.0
    """
    if directions.shape[1] != truth.shape[1]:
        raise ValueError(
            f"The directions have {directions.shape[1]} numbers each and the true features {truth.shape[1]}: "
            "both must live in the same space."
        )
    lengths = truth.norm(dim=1, keepdim=True)
    if (lengths == 0).any():
        raise ValueError("A true feature has length 0, so it has no direction: leave it out.")
    unit = directions / directions.norm(dim=1, keepdim=True).clamp_min(1e-12)
    cosine = (truth / lengths) @ unit.T
    rows, columns = linear_sum_assignment(cosine.detach().cpu().numpy(), maximize=True)
    matches = torch.full((len(truth),), -1)
    matches[torch.from_numpy(rows)] = torch.from_numpy(columns)
    cosines = torch.where(
        matches >= 0, cosine.detach().cpu().gather(1, matches.clamp_min(0).unsqueeze(1)).squeeze(1), 0.0
    )
    return Recovery(float(cosines.mean()), cosines, matches)
