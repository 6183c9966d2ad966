"""Which unit answers to a domain alone: the best latent and the best neuron, chosen on one text and scored on another."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.sae import SAE

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Reading:
    """A domain, its best latent and its best neuron. Scores are of text that took no part in choosing them."""

    domain: str
    latent: int
    precision: float
    """Of the tokens where the latent is on, the share in the domain; 0 where it is on for none."""
    recall: float
    """Of the domain's tokens, the share where the latent is on."""
    neuron: int
    neuron_precision: float
    """Of the neuron's strongest tokens, as many as the latent is on for, the share in the domain."""
    neuron_recall: float
    neuron_whole: float
    """Of all tokens on which the neuron is above 0, the share in the domain."""


@torch.no_grad()
def fires(sae: SAE, x: Float[Tensor, "n_tokens d_in"]) -> Bool[Tensor, "n_tokens d_sae"]:
    """Where each latent is on. Raises ValueError where the last size of x is not the dictionary's d_in.

    >>> from mechint_course.sae import TopKSAE
    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> _ = sae.W_enc.data.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> fires(sae, torch.tensor([[2.0, 3.0], [-4.0, 1.0]]))
    tensor([[False,  True, False],
            [False, False,  True]])
    """
    on = torch.zeros(len(x), sae.d_sae, dtype=torch.bool)
    for start in range(0, len(x), _ROWS_AT_ONCE):
        on[start : start + _ROWS_AT_ONCE] = sae.encode(x[start : start + _ROWS_AT_ONCE]) > 0
    return on


def threshold(x: Float[Tensor, "n_tokens n_units"], n_on: int) -> Float[Tensor, " n_units"]:
    """The value that each unit exceeds on at most n_on tokens, its strongest ones; never below 0.

    A neuron is a little on nearly everywhere. To compare it with a latent it is held to the same number of tokens.

    >>> threshold(torch.tensor([[1.0, 0.0], [5.0, 0.0], [3.0, 2.0]]), n_on=2)
    tensor([1., 0.])
    """
    if n_on >= len(x):
        return x.new_zeros(x.shape[1])
    return x.T.contiguous().kthvalue(len(x) - n_on, dim=1).values.clamp_min(0)


@torch.no_grad()
def read_domains(
    sae: SAE,
    x: Float[Tensor, "n_tokens d_in"],
    domain: Int[Tensor, " n_tokens"],
    choosing: Bool[Tensor, " n_tokens"],
    names: tuple[str, ...],
    *,
    least_recall: float = 0.02,
    least_precision: float = 0.9,
) -> list[Reading]:
    """For every domain the latent that answers to it alone, and the neuron that does so best.

    Of the latents that are on for at least `least_recall` of the domain's tokens, the most precise one is taken, and
    among those at or above `least_precision` the one with the highest recall. Neurons are held to as many tokens as
    the latent is on for, and the most precise is taken. Units are chosen where `choosing` is True and scored where it
    is False; a domain without tokens in either part, or without any such latent, is left out.

    Args:
        sae: a dictionary on x; its d_in is the number of neurons.
        x: the neurons' activations.
        domain: each token's domain, a number that counts `names`.
        choosing: the tokens on which units are chosen.
        names: of the domains.
        least_recall, least_precision: shares from 0 to 1.

    Raises:
        ValueError: the last size of x is not the dictionary's d_in.

    Neuron 1 is on for English a little and for Hebrew a lot; latent 1 is on only where that neuron is above 1.5:

    >>> from mechint_course.sae import StandardSAE
    >>> sae = StandardSAE(d_in=2, d_sae=2, seed=0)
    >>> _ = sae.W_enc.data.copy_(torch.eye(2))
    >>> _ = sae.b_enc.data.copy_(torch.tensor([0.0, -1.5]))
    >>> x = torch.tensor([[1.0, 1.0], [0.0, 3.0]]).repeat(4, 1)
    >>> english, hebrew = read_domains(sae, x, torch.arange(8) % 2, torch.arange(8) < 4, ("English", "Hebrew"))
    >>> hebrew.latent, hebrew.precision, hebrew.recall
    (1, 1.0, 1.0)
    >>> hebrew.neuron, hebrew.neuron_precision, hebrew.neuron_whole  # at its strongest, and whenever it is on
    (1, 1.0, 0.5)
    """
    on = fires(sae, x)
    chosen_from = _Part(on[choosing], x[choosing], domain[choosing])
    scored_on = _Part(on[~choosing], x[~choosing], domain[~choosing])
    often = chosen_from.on.sum(0)
    found = []
    for number, name in enumerate(names):
        inside, rest = chosen_from.domain == number, scored_on.domain == number
        if not inside.any() or not rest.any():
            continue
        precision, recall = _scores(chosen_from.on, inside, often)
        precision = torch.where(recall >= least_recall, precision, -1.0)
        latent = int(torch.where(precision >= least_precision, 1 + recall, precision).argmax())
        if precision[latent] < 0:
            continue
        least = threshold(chosen_from.x, int(often[latent]))
        neuron = int(_scores(chosen_from.x > least, inside)[0].argmax())
        p, r = _scores(scored_on.on[:, [latent]], rest)
        q, s = _scores(scored_on.x[:, [neuron]] > least[neuron], rest)
        whole, _ = _scores(scored_on.x[:, [neuron]] > 0, rest)
        found.append(Reading(name, latent, float(p), float(r), neuron, float(q), float(s), float(whole)))
    return found


class _Part(NamedTuple):
    """The tokens that units are chosen on, or those that they are scored on."""

    on: Bool[Tensor, "n_tokens d_sae"]
    x: Float[Tensor, "n_tokens d_in"]
    domain: Int[Tensor, " n_tokens"]


def _scores(
    on: Bool[Tensor, "n_tokens n_units"],
    inside: Bool[Tensor, " n_tokens"],
    often: Int[Tensor, " n_units"] | None = None,
) -> tuple[Float[Tensor, " n_units"], Float[Tensor, " n_units"]]:
    """Precision and recall of each unit."""
    hits, often = on[inside].sum(0), on.sum(0) if often is None else often
    return hits / often.clamp_min(1), hits / inside.sum().clamp_min(1)
