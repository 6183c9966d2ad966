"""A dictionary against features that are known, as they are in toy data."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor


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
    cosine = _cosines(directions, truth)
    rows, columns = linear_sum_assignment(cosine.detach().cpu().numpy(), maximize=True)
    matches = torch.full((len(truth),), -1)
    matches[torch.from_numpy(rows)] = torch.from_numpy(columns)
    cosines = torch.where(
        matches >= 0, cosine.detach().cpu().gather(1, matches.clamp_min(0).unsqueeze(1)).squeeze(1), 0.0
    )
    return Recovery(float(cosines.mean()), cosines, matches)


def mmcs(directions: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "n_features d_in"]) -> float:
    """Mean over true features of the largest cosine that any latent has with them: mean max cosine similarity.

    Two features may share a latent, and latents that match nothing cost nothing: see `mcc` and `spurious`.
    Source: Sharkey et al. 2022, Taking features out of superposition with sparse autoencoders.

    >>> mmcs(torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0, 1.0], [3.0, 4.0]]))
    0.9
    """
    return round(float(_cosines(directions, truth).amax(1).mean()), 6)


def spurious(
    directions: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "n_features d_in"], *, least: float = 0.7
) -> int:
    """How many latents have a cosine below `least` with every true feature. Leave dead latents out first.

    >>> spurious(torch.tensor([[0.0, 2.0], [1.0, 1.0], [-1.0, 0.0]]), torch.eye(2), least=0.8)
    2
    """
    return int((_cosines(directions, truth).amax(0) < least).sum())


def _cosines(directions: Tensor, truth: Tensor) -> Float[Tensor, "n_features d_sae"]:
    if directions.shape[1] != truth.shape[1]:
        raise ValueError(
            f"The directions have {directions.shape[1]} numbers each and the true features {truth.shape[1]}: "
            "both must live in the same space."
        )
    lengths = truth.norm(dim=1, keepdim=True)
    if (lengths == 0).any():
        raise ValueError("A true feature has length 0, so it has no direction: leave it out.")
    unit = directions / directions.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return (truth / lengths) @ unit.T
