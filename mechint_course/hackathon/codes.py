"""What a dictionary makes of activations, sparse, and its strongest part within a budget.

Nothing here trusts a dictionary: what a latent adds to the reconstruction is its value times the length of its decoder
row, so scaling one up and the other down changes no number, and any value that is not 0 counts as on.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy import sparse
from torch import Tensor

from mechint_course.features.latents import sparse_latents
from mechint_course.sae import SAE

MOST_ON = 512
"""Latents on for a token, on average, above which a dictionary is refused: it is not sparse, and would fill the memory."""


@dataclass(frozen=True)
class Code:
    """Latents on every token, and what they stand for."""

    latents: sparse.csr_array
    """[n_tokens, d_sae]"""
    reconstruction: Float[Tensor, "n_tokens d_in"]

    @property
    def l0(self) -> float:
        """Latents that are on for a token, on average."""
        return float(self.latents.nnz / self.latents.shape[0])


@torch.no_grad()
def encode(sae: SAE, x: Float[Tensor, "n_tokens d_in"]) -> Code:
    """Latents and reconstruction. Raises ValueError where the dictionary is not sparse or not finite on x."""
    at_once = max(64, min(4096, (1 << 25) // sae.d_sae))
    parts, n_on, seen = [], 0, 0
    for part in x.split(at_once):
        rows = sparse_latents(sae, part).astype(np.float32)
        rows.eliminate_zeros()
        parts.append(rows)
        n_on, seen = n_on + rows.nnz, seen + len(part)
        if n_on > MOST_ON * max(seen, 4096):
            raise ValueError(
                f"more than {MOST_ON} latents are on for a token on average: this is no sparse dictionary"
            )
    return decoded(sae, sparse.csr_array(sparse.vstack(parts)))


@torch.no_grad()
def decoded(sae: SAE, latents: sparse.csr_array) -> Code:
    """The code with its reconstruction. Raises ValueError where that is not finite."""
    rows = torch.from_numpy(latents @ sae.W_dec.numpy(force=True)) + sae.b_dec
    if not torch.isfinite(rows).all() or float(rows.abs().max()) > 1e15:
        raise ValueError(
            "its reconstruction of real activations is not finite, or far beyond them: look at the weights"
        )
    return Code(latents, rows)


def strongest(sae: SAE, code: Code, budget: float) -> Code:
    """The code with at most `budget` latents a token on average: of all tokens together, those that add most.

    A code within the budget comes back as it is. What a latent adds is |value| x |decoder row|.
    """
    keep = int(budget * code.latents.shape[0])
    if code.latents.nnz <= keep:
        return code
    lengths = sae.W_dec.norm(dim=1).numpy(force=True)
    adds = np.abs(code.latents.data) * lengths[code.latents.indices]
    kept = np.argpartition(adds, len(adds) - keep)[len(adds) - keep :]
    data = np.zeros_like(code.latents.data)
    data[kept] = code.latents.data[kept]
    rows = sparse.csr_array(
        (data, code.latents.indices.copy(), code.latents.indptr.copy()), shape=code.latents.shape
    )
    rows.eliminate_zeros()
    return decoded(sae, rows)


def best_correlations(left: sparse.csr_array, right: sparse.csr_array) -> Float[Tensor, " n_left"]:
    """For each left latent the largest Pearson correlation with a right one over the same tokens, 0 where all are below.

    Latents are never negative, so two that never fire together correlate below 0: only pairs that meet are looked at.

    >>> left = sparse.csr_array(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]))
    >>> best_correlations(left, sparse.csr_array(np.array([[2.0], [4.0], [0.0]])))
    tensor([1., 0.])
    """
    n_tokens = left.shape[0]
    left, right = left.astype(np.float64), right.astype(np.float64)
    (mean_l, spread_l), (mean_r, spread_r) = _moments(left), _moments(right)
    met = (left.T @ right).tocoo()
    row, column = met.coords
    scale = spread_l[row] * spread_r[column]
    r = (met.data / n_tokens - mean_l[row] * mean_r[column]) / np.where(scale > 0, scale, np.inf)
    best = np.zeros(left.shape[1])
    np.maximum.at(best, row, r)
    return torch.from_numpy(np.clip(best, 0.0, 1.0)).float()


def _moments(rows: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column."""
    mean = np.bincount(rows.indices, rows.data, rows.shape[1]) / rows.shape[0]
    squares = np.bincount(rows.indices, rows.data**2, rows.shape[1]) / rows.shape[0]
    return mean, np.sqrt(np.clip(squares - mean**2, 0.0, None))
