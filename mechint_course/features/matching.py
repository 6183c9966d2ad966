"""Who is whose twin: matching the features of two models by a matrix of correlations.

Bricken et al. 2023 (Towards Monosemanticity, "Universality") take for each feature of one model the feature of the
other that correlates with it most, and report the median. Many features may share a partner; `mutual_best` and
`one_to_one` are stricter. A best match of many candidates is above zero by chance, more so for rare features, so each
frequency has a null of its own: `shuffled` tokens, read by `by_frequency`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mechint_course.features.correlation import Activations

EDGES = (0.0, 1e-4, 1e-3, 1e-2, 1.0)
"""Where one bin of frequency ends and the next begins, in firings a token."""


class Matches(NamedTuple):
    """For each feature of the left model, one of the right model."""

    partner: Int[Tensor, " n_left"]
    """Its number in the right model; -1 where it got none."""
    correlation: Float[Tensor, " n_left"]
    """The correlation of the two; 0 where it got none."""


@dataclass(frozen=True)
class Bin:
    """Features that fire about equally often."""

    low: float
    """From this many firings a token ..."""
    high: float
    """... to less than this many (the last bin includes it)."""
    count: int
    """How many features are in it."""
    median: float
    """The median of their values; NaN where there is none."""


def best_matches(correlation: Float[Tensor, "n_left n_right"]) -> Matches:
    """For each left feature the right one that correlates with it most; for the other way, pass the transpose.

    Only what fires together counts: a strong negative correlation makes no twin. Raises ValueError where a side has no
    feature or a correlation is not finite.

    >>> best_matches(torch.tensor([[0.1, 0.7], [-0.9, 0.2]])).partner
    tensor([1, 1])
    """
    _check(correlation)
    best = correlation.max(dim=1)
    return Matches(best.indices, best.values)


def mutual_best(correlation: Float[Tensor, "n_left n_right"]) -> Matches:
    """As `best_matches`, for the pairs of which each is the other's best; the others get no partner.

    >>> mutual_best(torch.tensor([[0.1, 0.7], [-0.9, 0.2]])).partner
    tensor([ 1, -1])
    """
    there, back = best_matches(correlation), best_matches(correlation.T)
    is_mutual = back.partner[there.partner] == torch.arange(len(correlation))
    none = torch.full_like(there.partner, -1)
    zero = torch.zeros_like(there.correlation)
    return Matches(there.partner.where(is_mutual, none), there.correlation.where(is_mutual, zero))


def one_to_one(correlation: Float[Tensor, "n_left n_right"]) -> Matches:
    """The pairing that uses each feature at most once and has the largest sum (the Hungarian method). Raises ValueError as
    `best_matches` does.

    >>> one_to_one(torch.tensor([[0.1, 0.7], [-0.9, 0.2]])).correlation
    tensor([0.1000, 0.2000])
    >>> one_to_one(torch.tensor([[0.1, 0.7], [0.6, 0.2]])).partner
    tensor([1, 0])
    """
    _check(correlation)
    rows, columns = (
        torch.from_numpy(side) for side in linear_sum_assignment(correlation.numpy(), maximize=True)
    )
    partner = torch.full((len(correlation),), -1)
    partner[rows] = columns
    together = torch.zeros(len(correlation), dtype=correlation.dtype)
    together[rows] = correlation[rows, columns]
    return Matches(partner, together)


def shuffled(activations: Activations, generator: torch.Generator) -> Activations:
    """The same activations on the wrong tokens: rows in a random order, so that nothing but frequency can agree.

    Each feature keeps its values and how often it fires, and features of one model still fire together as before.
    What comes back is of the kind and shape of what was given, [n_tokens, n].

    >>> shuffled(torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), torch.Generator().manual_seed(0))
    tensor([[ 3., 30.],
            [ 1., 10.],
            [ 2., 20.]])
    """
    order = torch.randperm(activations.shape[0], generator=generator)
    return (
        activations[order]
        if isinstance(activations, Tensor)
        else sparse.csr_array(activations[order.numpy()])
    )


def frequent(density: Float[Tensor, " n"], at_least: float = 1e-4) -> Int[Tensor, " n_frequent"]:
    """The numbers of the features that fire on at least this share of the tokens.

    >>> frequent(torch.tensor([0.0, 0.5, 0.25]), at_least=0.25)
    tensor([1, 2])
    """
    return (density >= at_least).nonzero().squeeze(-1)


def by_frequency(
    values: Float[Tensor, " n"], density: Float[Tensor, " n"], edges: Sequence[float] = EDGES
) -> list[Bin]:
    """The median of `values` (best correlations, say) for features that fire about equally often.

    Features that never fire are in no bin.

    Args:
        values: one number a feature.
        density: on which share of the tokens each fires.
        edges: increasing; the bins lie between them.

    Raises:
        ValueError: values and density differ in length, or the edges do not increase.

    >>> [(b.count, b.median) for b in by_frequency(torch.tensor([0.5, 0.75, 9.0]), torch.tensor([0.5, 0.5, 0.0]), (0, 0.1, 1))]
    [(0, nan), (2, 0.625)]
    """
    if values.shape != density.shape:
        raise ValueError(
            f"expected a density a value, found {len(values)} values and {len(density)} densities."
        )
    if list(edges) != sorted(set(edges)) or len(edges) < 2:
        raise ValueError(f"expected two or more increasing edges, found {list(edges)}.")
    bins = []
    for low, high in pairwise(edges):
        below = density <= high if high == edges[-1] else density < high
        inside = (density > 0) & (density >= low) & below
        bins.append(
            Bin(
                low,
                high,
                int(inside.sum()),
                float(values[inside].quantile(0.5)) if inside.any() else float("nan"),
            )
        )
    return bins


def _check(correlation: Tensor) -> None:
    if correlation.ndim != 2 or 0 in correlation.shape:
        raise ValueError(f"expected correlations [n_left, n_right], found shape {tuple(correlation.shape)}.")
    if not torch.isfinite(correlation).all():
        raise ValueError("expected finite correlations, found NaN: a constant column should correlate 0.")
