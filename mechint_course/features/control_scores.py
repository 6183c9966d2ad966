"""Scores that a dictionary can have on any model, random ones too: which of them say that it found something?

Three for each unit, a neuron or a latent: how much of its activation falls on its favourite token, which domain it is
most at home in, and whether the tokens that its direction speaks for are those that really come next.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor


class Favourite(NamedTuple):
    """For each unit the token on which it spends most of its activation."""

    token: Int[Tensor, " n_units"]
    share: Float[Tensor, " n_units"]
    """Of all its activation, the part on that token; 0 for a unit that is never on."""


def favourite_tokens(rows: sparse.csr_array, tokens: Int[Tensor, " n_tokens"], d_vocab: int) -> Favourite:
    """Each unit's favourite token, from its activations [n_tokens, n_units], at least 0.

    >>> rows = sparse.csr_array(np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 0.0]]))
    >>> favourite_tokens(rows, torch.tensor([1, 0, 1]), d_vocab=2)
    Favourite(token=tensor([0, 0]), share=tensor([0.7500, 0.0000]))
    """
    if rows.shape[0] != len(tokens):
        raise ValueError(f"Expected a token for each of {rows.shape[0]} rows, found {len(tokens)}.")
    ones = np.ones(len(tokens))
    of_token = sparse.csr_array(
        (ones, (tokens.numpy(), np.arange(len(tokens)))), shape=(d_vocab, len(tokens))
    )
    spent = sparse.csc_array(of_token @ rows)
    total = np.asarray(spent.sum(axis=0)).ravel()
    token, share = np.zeros(spent.shape[1], dtype=np.int64), np.zeros(spent.shape[1])
    for unit in np.flatnonzero(total > 0):
        part = slice(spent.indptr[unit], spent.indptr[unit + 1])
        best = int(spent.data[part].argmax())
        token[unit], share[unit] = spent.indices[part][best], spent.data[part][best] / total[unit]
    return Favourite(torch.from_numpy(token), torch.from_numpy(share).float())


def next_token_scores(
    rows: sparse.csr_array,
    following: Int[Tensor, " n_tokens"],
    weights: Float[Tensor, "n_units d_vocab"],
    *,
    seed: int = 0,
) -> Float[Tensor, " n_units"]:
    """How often a unit's logit weights rank the real next token above one drawn at random, weighted by its activation.

    The random one is the next token of another place of the same text. 0.5 is chance; NaN for a unit never on.
    This is a logit test after Bricken et al. 2023, who mix tokens that a unit speaks for with random ones and ask
    Claude which are which.

    Args:
        rows: activations [n_tokens, n_units], at least 0.
        following: the token that comes next at each of these places.
        weights: each unit's logit weights.

    >>> rows = sparse.csr_array(np.array([[1.0], [0.0]]))
    >>> next_token_scores(rows, torch.tensor([1, 0]), torch.tensor([[0.0, 5.0]]), seed=1)
    tensor([1.])
    """
    if rows.shape != (len(following), len(weights)):
        raise ValueError(
            f"Expected activations [{len(following)}, {len(weights)}], found {list(rows.shape)}."
        )
    places = rows.tocoo()
    at, unit = (torch.from_numpy(side.astype(np.int64)) for side in places.coords)
    strength = torch.from_numpy(places.data).double()
    generator = torch.Generator().manual_seed(seed)
    other = following[torch.randint(len(following), (len(at),), generator=generator)]
    real, drawn = weights[unit, following[at]], weights[unit, other]
    # The same token twice says nothing: half a point, as for a tie.
    won = (real > drawn).double() + 0.5 * (real == drawn)
    total = torch.zeros(len(weights), dtype=torch.float64).index_add_(0, unit, strength)
    return (torch.zeros_like(total).index_add_(0, unit, strength * won) / total).float()


def matched_noise(
    x: Float[Tensor, "n_tokens d_in"], n: int, *, seed: int, relu: bool = False
) -> Float[Tensor, "n d_in"]:
    """Gaussian noise with the mean and the covariance of x: everything that pairs of neurons know, and no feature.

    With `relu`, what is below 0 is cut off, as in a layer behind a ReLU (mean and covariance then shift a little).
    """
    centred = (x - x.mean(dim=0)).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    root = (vectors * values.clamp_min(0).sqrt()).float()
    noise = torch.randn(n, x.shape[1], generator=torch.Generator().manual_seed(seed))
    found = x.mean(dim=0) + noise @ root.T
    return found.relu() if relu else found
