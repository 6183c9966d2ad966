"""How well a number tells one domain from all others: precision, recall, F1, and the threshold that makes F1 largest."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Scores(NamedTuple):
    """Of the tokens where a detector says yes, and of the tokens of the domain."""

    precision: float
    """Of its yeses, the share that is right; 0 where it never says yes."""
    recall: float
    """Of the domain's tokens, the share that it says yes to; 0 where there are none."""
    f1: float
    """The harmonic mean of the two, 2 hits / (yeses + tokens of the domain)."""


class Chosen(NamedTuple):
    """For each domain the best single unit, and the activation from which on it says yes."""

    unit: Int[Tensor, " n_domains"]
    threshold: Float[Tensor, " n_domains"]
    f1: Float[Tensor, " n_domains"]
    """On the tokens that chose it: too good to be reported."""


def scores(yes: Bool[Tensor, " n_tokens"], inside: Bool[Tensor, " n_tokens"]) -> Scores:
    """Precision, recall and F1 of yeses against the truth.

    >>> scores(torch.tensor([True, True, False]), torch.tensor([True, False, False]))
    Scores(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    hits, yeses, domain = int((yes & inside).sum()), int(yes.sum()), int(inside.sum())
    return Scores(hits / max(1, yeses), hits / max(1, domain), 2 * hits / max(1, yeses + domain))


def best_threshold(values: Float[Tensor, " n_tokens"], inside: Bool[Tensor, " n_tokens"]) -> float:
    """The value t for which "at least t" has the largest F1; of equally good ones, the highest.

    Raises ValueError where there is no token.

    >>> best_threshold(torch.tensor([0.0, 3.0, 1.0, 2.0]), torch.tensor([False, True, False, True]))
    2.0
    """
    if not len(values) or values.shape != inside.shape:
        raise ValueError(f"Expected one value and one truth a token, found {len(values)} and {len(inside)}.")
    ordered, order = values.sort(descending=True)
    hits = inside[order].cumsum(0)
    f1 = 2 * hits / (torch.arange(1, len(values) + 1) + inside.sum())
    # A threshold takes all tokens of its value or none.
    whole = torch.cat([ordered[1:] != ordered[:-1], torch.tensor([True])])
    return float(ordered[int(torch.where(whole, f1, -1.0).argmax())])


def threshold_curve(
    values: Float[Tensor, " n_tokens"], inside: Bool[Tensor, " n_tokens"], thresholds: Float[Tensor, " n"]
) -> Float[Tensor, "n 3"]:
    """Precision, recall and F1 of "at least t" for each threshold t.

    >>> values, inside = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([False, True, False, True])
    >>> threshold_curve(values, inside, torch.tensor([2.0, 4.0])).round(decimals=2)
    tensor([[0.6700, 1.0000, 0.8000],
            [1.0000, 0.5000, 0.6700]])
    """
    return torch.tensor([scores(values >= t, inside) for t in thresholds])


def best_units(
    x: Float[Tensor, "n_tokens n_units"],
    label: Int[Tensor, " n_tokens"],
    n_domains: int,
    *,
    n_levels: int = 64,
    seed: int = 0,
) -> Chosen:
    """The single unit with the largest F1 for each domain, every unit tried at `n_levels` thresholds.

    The thresholds of a unit are quantiles of its activations where it fires, from a sample of the tokens; the first is
    "whenever it fires". One pass counts, for all domains together, how many tokens lie between two thresholds.
    Raises ValueError where there is no token, or not a label for each.

    Unit 0 is on in domain 1 alone. Unit 1 is on in both, but at 2 or more only in domain 0:

    >>> x = torch.tensor([[0.0, 3.0], [0.0, 2.0], [5.0, 1.0], [4.0, 0.0]])
    >>> found = best_units(x, label=torch.tensor([0, 0, 1, 1]), n_domains=2, n_levels=2)
    >>> found.unit, found.f1
    (tensor([1, 0]), tensor([1., 1.]))
    >>> [round(threshold, 4) for threshold in found.threshold.tolist()]
    [2.0, 0.0]
    """
    if len(x) != len(label) or not len(x):
        raise ValueError(f"Expected a label for each token, found {len(label)} for {len(x)}.")
    draw = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:10_000]
    sizes = torch.bincount(label, minlength=n_domains)
    best = Chosen(
        torch.zeros(n_domains, dtype=torch.long), torch.zeros(n_domains), torch.full((n_domains,), -1.0)
    )
    for unit in range(x.shape[1]):
        values = x[:, unit].contiguous()
        edges = _levels(values[draw], n_levels)
        level = torch.bucketize(values, edges, right=True)  # 0 below the first edge
        counts = torch.bincount(level * n_domains + label, minlength=(len(edges) + 1) * n_domains)
        hits = counts.view(-1, n_domains).flip(0).cumsum(0).flip(0)[1:]
        f1, at = (2 * hits / (hits.sum(1, keepdim=True) + sizes).clamp_min(1)).max(0)
        better = f1 > best.f1
        best.unit[better], best.threshold[better], best.f1[better] = unit, edges[at[better]], f1[better]
    return best


def _levels(sample: Tensor, n_levels: int) -> Tensor:
    """Thresholds of a unit, rising: the smallest number above 0, then quantiles of its firing."""
    firing = sample[sample > 0]
    first = torch.tensor([torch.finfo(torch.float32).tiny])
    if len(firing) < 2:
        return first
    return torch.cat([first, firing.quantile(torch.linspace(0, 1, n_levels + 1)[1:-1])])
