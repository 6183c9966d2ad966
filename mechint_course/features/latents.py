"""The latents of a dictionary on a text, without their zeros: a few of thousands are on, and those are all that is kept."""

import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.correlation import as_rows, sparse_rows
from mechint_course.sae import SAE, TopKSAE

_ROWS_AT_ONCE = 4096
"""Tokens whose latents, zeros included, are in memory at a time: 270 MB for 16,384 latents."""


@torch.no_grad()
def sparse_latents(sae: SAE, x: Float[Tensor, "n_tokens d_in"]) -> sparse.csr_array:
    """The latents of `sae` on the activations x as a sparse matrix [n_tokens, d_sae], for `StreamingCorrelation`.

    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> _ = sae.W_enc.data.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> sparse_latents(sae, torch.tensor([[2.0, 3.0], [-4.0, 1.0]])).toarray()
    array([[0., 3., 0.],
           [0., 0., 4.]])
    """
    parts = [_rows(sae, some) for some in x.split(_ROWS_AT_ONCE)]
    return parts[0] if len(parts) == 1 else sparse.csr_array(sparse.vstack(parts, format="csr"))


def _rows(sae: SAE, x: Float[Tensor, "n_tokens d_in"]) -> sparse.csr_array:
    if isinstance(sae, TopKSAE):
        selected = sae.select(x)
        return sparse_rows(selected.values, selected.indices, sae.d_sae)
    return as_rows(sae.encode(x))


def latent_on_text(
    rows: sparse.csr_array, latent: int, n_sequences: int
) -> Float[Tensor, "n_sequences n_ctx"]:
    """One latent as `evidence` reads it, from the latents of all tokens but each sequence's first.

    The start token, left out because every sequence has it, comes back as a 0 in front. Raises ValueError
    where there is no such latent, or the rows are no `n_sequences` of one length.

    >>> rows = sparse_rows(torch.tensor([[5.0], [0.0], [7.0], [8.0]]), torch.tensor([[1], [0], [1], [0]]), 2)
    >>> latent_on_text(rows, 1, n_sequences=2)
    tensor([[0., 5., 0.],
            [0., 7., 0.]])
    """
    n_tokens, n_latents = rows.shape
    if not 0 <= latent < n_latents or n_sequences < 1 or n_tokens % n_sequences:
        raise ValueError(
            f"expected a latent below {n_latents} and sequences of equal length out of {n_tokens} tokens, "
            f"found latent {latent} and {n_sequences} sequences."
        )
    column = torch.zeros(n_tokens)
    found = rows[:, [latent]].tocoo()
    column[torch.from_numpy(found.coords[0]).long()] = torch.from_numpy(found.data).float()
    return torch.nn.functional.pad(column.view(n_sequences, -1), (1, 0))


def share_by_domain(
    rows: sparse.csr_array, domain: Int[Tensor, " n_sequences"], n_domains: int
) -> Float[Tensor, "n_latents n_domains"]:
    """In which domains each latent spends its activation, as shares that add up to 1 (0 for a latent that is never on).

    >>> rows = sparse_rows(torch.tensor([[3.0], [1.0], [5.0]]), torch.tensor([[0], [0], [1]]), 3)
    >>> share_by_domain(rows, torch.tensor([0, 1, 1]), n_domains=2)
    tensor([[0.7500, 0.2500],
            [0.0000, 1.0000],
            [0.0000, 0.0000]])
    """
    n_tokens = rows.shape[0]
    if n_tokens % len(domain):
        raise ValueError(
            f"expected sequences of equal length, found {n_tokens} tokens for {len(domain)} sequences."
        )
    of_token = domain.repeat_interleave(n_tokens // len(domain)).numpy()
    ones = sparse.csr_array(
        (torch.ones(n_tokens).numpy(), (of_token, range(n_tokens))), shape=(n_domains, n_tokens)
    )
    spent = torch.from_numpy((ones @ rows).toarray().T).float()
    return spent / spent.sum(dim=1, keepdim=True).clamp(min=1e-30)


def best_by_f1(
    rows: sparse.csr_array, label: Int[Tensor, " n_tokens"], n_domains: int, k: int
) -> Int[Tensor, "n_domains k"]:
    """For every domain the k latents whose being on agrees with it best, by F1, the best first.

    >>> rows = sparse_rows(torch.tensor([[3.0], [1.0], [5.0]]), torch.tensor([[0], [0], [2]]), 3)
    >>> best_by_f1(rows, torch.tensor([0, 1, 1]), n_domains=2, k=1)
    tensor([[0],
            [2]])
    """
    n_tokens, n_latents = rows.shape
    if len(label) != n_tokens or not 1 <= k <= n_latents:
        raise ValueError(
            f"expected a label for each of {n_tokens} tokens and k from 1 to {n_latents}, found {len(label)} and k = {k}."
        )
    on = (rows > 0).astype("float32")
    truth = torch.nn.functional.one_hot(label, n_domains).float()
    hits = torch.from_numpy(on.T @ truth.numpy())
    often = torch.from_numpy(on.sum(axis=0)).float()
    f1 = 2 * hits / (often[:, None] + truth.sum(dim=0)).clamp_min(1)
    return f1.T.topk(k).indices
