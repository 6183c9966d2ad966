"""Many units at once against the kinds of text: what each does in every domain, and which unit is the best example.

A unit is a neuron or a latent. Nothing here knows a unit's number in advance: the chapters find theirs by running.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class OneSided(NamedTuple):
    """A unit whose strongest places say one thing, while most of what it does is elsewhere."""

    unit: int
    domain: int
    """The domain of its strongest places."""
    n_top: int
    """How many of its strongest places are in that domain."""
    share: float
    """How much of all its activation is in that domain, 0 to 1."""


def means_by_domain(
    x: Float[Tensor, "n_sequences n_ctx n_units"], domain: Int[Tensor, " n_sequences"], n_domains: int
) -> Float[Tensor, "n_units n_domains"]:
    """Each unit's mean activation over all tokens of each domain; 0 for a domain without a sequence.

    >>> means_by_domain(torch.tensor([[[1.0], [3.0]], [[5.0], [7.0]]]), torch.tensor([0, 2]), 3)
    tensor([[2., 0., 6.]])
    """
    _check(x, domain, n_domains)
    totals = torch.zeros(n_domains, x.shape[2]).index_add_(0, domain, x.mean(dim=1, dtype=torch.float32))
    return (totals / torch.bincount(domain, minlength=n_domains).clamp_min(1)[:, None]).T


def domain_entropy(means: Float[Tensor, "*units n_domains"]) -> Float[Tensor, "*units"]:
    """How evenly a unit's activation is spread over domains, in bits: 0 for one domain, log2(n) for n alike.

    Of a unit's means, each divided by their sum, -sum p log2 p. A silent unit has entropy 0.

    >>> domain_entropy(torch.tensor([2.0, 2.0, 0.0, 4.0]))
    tensor(1.5000)
    """
    if (means < 0).any():
        raise ValueError("Expected means of activations after a ReLU, at least 0; found one below 0.")
    shares = means / means.sum(dim=-1, keepdim=True).clamp_min(1e-30)
    return -torch.special.xlogy(shares, shares).sum(dim=-1) / torch.tensor(2.0).log()


def top_domains(
    x: Float[Tensor, "n_sequences n_ctx n_units"], domain: Int[Tensor, " n_sequences"], n_domains: int, k: int
) -> Int[Tensor, "n_units n_domains"]:
    """Of the k sequences in which a unit gets strongest, how many are of each domain.

    >>> peaks = torch.tensor([[[1.0]], [[5.0]], [[4.0]]])
    >>> top_domains(peaks, torch.tensor([0, 1, 1]), 2, k=2)
    tensor([[0, 2]])
    """
    _check(x, domain, n_domains)
    if not 1 <= k <= len(x):
        raise ValueError(f"Expected k from 1 to the number of sequences, {len(x)}; found {k}.")
    kinds = domain[x.amax(dim=1).topk(k, dim=0).indices]
    return torch.stack([(kinds == number).sum(dim=0) for number in range(n_domains)], dim=1)


def specialist(means: Float[Tensor, "n_units n_domains"]) -> tuple[int, int]:
    """The unit that has the largest share of its activation in one domain, and that domain.

    >>> specialist(torch.tensor([[2.0, 2.0], [1.0, 9.0], [0.0, 0.0]]))
    (1, 1)
    """
    shares = means / means.sum(dim=1, keepdim=True).clamp_min(1e-30)
    unit = int(shares.amax(dim=1).argmax())
    return unit, int(means[unit].argmax())


def one_sided(
    top: Int[Tensor, "n_units n_domains"],
    means: Float[Tensor, "n_units n_domains"],
    *,
    purity: float = 0.9,
    among: Sequence[int] | None = None,
) -> OneSided:
    """The unit that its strongest places misrepresent most.

    Among the units with at least a share `purity` of their top places in one domain (or, where there is none, those
    that come nearest), the one that has the least of its activation there. `top` is what `top_domains` gives; `among`
    are the domains whose units may be taken, by default all.

    >>> one_sided(torch.tensor([[9, 1], [10, 0], [5, 5]]), torch.tensor([[1.0, 3.0], [8.0, 0.0], [1.0, 9.0]]))
    OneSided(unit=0, domain=0, n_top=9, share=0.25)
    """
    most, at = top.max(dim=1)
    if among is not None:
        most = torch.where(torch.isin(at, torch.tensor(list(among))), most, 0)
    least = min(purity * float(top[0].sum()), float(most.max()))
    share = means.gather(1, at[:, None])[:, 0] / means.sum(dim=1).clamp_min(1e-30)
    unit = int(torch.where(most >= least, share, 2.0).argmin())
    return OneSided(unit, int(at[unit]), int(most[unit]), float(share[unit]))


def _check(x: Tensor, domain: Tensor, n_domains: int) -> None:
    if x.dim() != 3 or domain.shape != x.shape[:1]:
        raise ValueError(
            "Expected activations [n_sequences, n_ctx, n_units] and one domain a sequence, "
            f"found {list(x.shape)} and {list(domain.shape)}."
        )
    if len(domain) and not 0 <= int(domain.min()) <= int(domain.max()) < n_domains:
        raise ValueError(
            f"Expected domains from 0 to {n_domains - 1}, found {int(domain.min())} to {int(domain.max())}."
        )
