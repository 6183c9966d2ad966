"""What a best match is worth by luck: thresholds for each frequency, and baselines with as many candidates.

The best of many candidates is above 0 even where nothing agrees, the more so the rarer a feature is and the more
candidates there are. `matching.shuffled` gives the null; here it becomes a threshold that a feature must pass.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mechint_course.features.matching import EDGES, Matches, best_matches


def null_thresholds(
    null: Float[Tensor, " n"],
    density: Float[Tensor, " n"],
    edges: Sequence[float] = EDGES,
    *,
    level: float = 0.95,
) -> Float[Tensor, " n"]:
    """For each feature the value that a share `level` of the features of its frequency stay below by luck.

    Args:
        null: each feature's best match on shuffled tokens.
        density: on which share of the tokens each fires; where that is 0, nothing is above luck and the threshold 1.
        edges: increasing; features of one bin share a threshold.

    >>> null_thresholds(torch.tensor([0.1, 0.3, 0.9]), torch.tensor([0.5, 0.5, 0.0]), (0, 1), level=0.5)
    tensor([0.2000, 0.2000, 1.0000])
    """
    if null.shape != density.shape:
        raise ValueError(
            f"expected a density a value, found {len(null)} values and {len(density)} densities."
        )
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1, found {level}.")
    thresholds = torch.ones_like(null)
    for low, high in pairwise(edges):
        inside = (density > 0) & (density >= low) & ((density < high) | (high == edges[-1]))
        if inside.any():
            thresholds[inside] = null[inside].quantile(level)
    return thresholds


def with_candidates(
    correlation: Float[Tensor, "n_left n_right"], n_candidates: int, generator: torch.Generator
) -> Matches:
    """The best match among `n_candidates` right features drawn at random: what a smaller model would offer.

    Raises ValueError where there are not so many.

    >>> with_candidates(torch.tensor([[0.25, 0.5]]), 2, torch.Generator().manual_seed(0)).correlation
    tensor([0.5000])
    """
    n_right = correlation.shape[1]
    if not 1 <= n_candidates <= n_right:
        raise ValueError(f"expected 1 to {n_right} candidates, found {n_candidates}.")
    drawn = torch.randperm(n_right, generator=generator)[:n_candidates].sort().values
    among = best_matches(correlation[:, drawn])
    return Matches(drawn[among.partner], among.correlation)


def exclusive(
    share: Float[Tensor, "n n_domains"],
    density: Float[Tensor, " n"],
    domain: int,
    *,
    at_least: float = 0.5,
    firing: float,
) -> Bool[Tensor, " n"]:
    """Which features spend at least a share `at_least` of their activation in one domain and fire often enough.

    >>> exclusive(torch.tensor([[0.9, 0.1], [0.2, 0.8]]), torch.tensor([0.5, 0.5]), 0, firing=0.1)
    tensor([ True, False])
    """
    return (share[:, domain] >= at_least) & (density >= firing)
