"""How far a score could be off: intervals from resampled documents.

Tokens of one document are not independent: a document is in the sample whole, or not at all. So documents are drawn
again, with replacement and as many of every domain as there were, and the score is computed on each such draw (Efron
and Tibshirani 1993, An Introduction to the Bootstrap, the percentile interval).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def tallies(
    yes: Bool[Tensor, "n_sequences n_positions"],
    inside: Bool[Tensor, " n_sequences"],
    document: Int[Tensor, " n_sequences"],
) -> Float[Tensor, "n_documents 3"]:
    """For each document, in rising order of its number: hits, yeses, tokens of the domain. F1 is 2 hits / (yeses + tokens).

    >>> tallies(torch.tensor([[True, True], [False, True]]), torch.tensor([True, False]), torch.tensor([7, 7]))
    tensor([[2., 3., 2.]])
    """
    _, place = document.unique(return_inverse=True)
    yeses = yes.sum(dim=1).float()
    parts = torch.stack([yeses * inside, yeses, inside * float(yes.shape[1])], dim=1)
    return torch.zeros(int(place.max()) + 1, 3).index_add_(0, place, parts)


def redraws(
    domain: Int[Tensor, " n_documents"], n_resamples: int, *, seed: int = 0
) -> Float[Tensor, "n_resamples n_documents"]:
    """How often each document is in each resample: as many documents of every domain as there are.

    >>> redraws(torch.tensor([0, 0, 1]), 4).sum(dim=1)
    tensor([3., 3., 3., 3.])
    """
    generator = torch.Generator().manual_seed(seed)
    weights = torch.zeros(n_resamples, len(domain))
    for number in domain.unique():
        own = torch.nonzero(domain == number)[:, 0]
        drawn = own[torch.randint(len(own), (n_resamples, len(own)), generator=generator)]
        weights.scatter_add_(1, drawn, torch.ones(drawn.shape))
    return weights


def f1_interval(
    counts: Float[Tensor, "n_documents 3"],
    weights: Float[Tensor, "n_resamples n_documents"],
    *,
    level: float = 0.95,
) -> tuple[float, float]:
    """The interval that holds the middle `level` of the resampled F1 scores. `counts` from `tallies`, `weights` from `redraws`."""
    if not 0 < level < 1:
        raise ValueError(f"Expected a level between 0 and 1, found {level}.")
    hits, yeses, tokens = (weights @ counts).unbind(dim=1)
    f1 = 2 * hits / (yeses + tokens).clamp_min(1)
    low, high = f1.quantile(torch.tensor([(1 - level) / 2, (1 + level) / 2])).tolist()
    return low, high
