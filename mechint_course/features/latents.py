"""The latents of a dictionary on a text, without their zeros: a few of thousands are on, and those are all that is kept."""

import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.correlation import as_rows, sparse_rows
from mechint_course.sae import SAE, TopKSAE


@torch.no_grad()
def sparse_latents(sae: SAE, x: Float[Tensor, "n_tokens d_in"]) -> sparse.csr_array:
    """The latents of `sae` on the activations x as a sparse matrix [n_tokens, d_sae], for `StreamingCorrelation`.

    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> _ = sae.W_enc.data.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> sparse_latents(sae, torch.tensor([[2.0, 3.0], [-4.0, 1.0]])).toarray()
    array([[0., 3., 0.],
           [0., 0., 4.]])
    """
    if isinstance(sae, TopKSAE):
        selected = sae.select(x)
        return sparse_rows(selected.values, selected.indices, sae.d_sae)
    return as_rows(sae.encode(x))


def latent_on_text(
    rows: sparse.csr_array, latent: int, n_sequences: int
) -> Float[Tensor, "n_sequences n_ctx"]:
    """One latent as `evidence` reads it, from the latents of all tokens but each sequence's first.

    The start token, left out because every sequence has it, comes back as a 0 in front.

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
