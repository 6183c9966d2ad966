"""The scores of a dictionary, and the one by which dictionaries are ranked.

The headline is the **loss recovered within 16 latents a token**: of everything that the dictionary switches on over the
whole text, the 16 x n_tokens strongest parts stay, the model runs on what they add up to, and the share of its loss
that survives is the score. A dictionary whose L0 is 16 or less is scored as it is. Why this one: it asks for fidelity
and sparsity at once, in the model's own currency, and no switch of scale, no copy of the neurons and no latent that
fires always raises it. On a secret text nothing that was tuned to the public one raises it either.

Domain F1 stands beside it: the best single latent for each labelled domain, chosen on half of the documents and scored
on the others.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from mechint_course.hackathon.benchmark import Benchmark
from mechint_course.hackathon.codes import Code, best_correlations, encode, strongest
from mechint_course.sae import SAE, best_unions, fvu

BUDGET = 16.0
"""Latents a token within which the headline is scored."""
_MOST_LATENTS_A_DOMAIN = 5
_LEAST_FIRINGS = 10
"""A latent of the reference that fires less often is not asked for: its best match would be chance."""


@dataclass(frozen=True)
class Scores:
    """What `evaluate` says of one dictionary on one benchmark. Shares lie between 0 and 1; None: cannot be told here."""

    headline: float
    """Loss recovered within the budget; on an activation file the share of variance explained within it."""
    loss_recovered: float | None
    """With every latent that the dictionary switches on."""
    on_generated: float | None
    """The same on the sequences that a grammar made, which a public and a secret text have in common."""
    fvu: float
    """Share of variance that its reconstruction misses."""
    fvu_in_budget: float
    l0: float
    """Latents on for a token, on average."""
    dead: float
    """Share of latents that are on for no token of this text."""
    domain_f1: float | None
    """Mean over the domains of the best single latent's F1."""
    union_f1: float | None
    """The same for the best union of up to five latents."""
    latents_per_domain: float | None
    """How many latents those unions have, on average: a measure of splitting."""
    match: float | None
    """Median, over the reference's latents, of the correlation with the best latent here."""
    f1_by_domain: dict[str, float]
    one_neuron: float
    """Share of the latents that are on whose decoder row is one neuron, to nine tenths of its square."""
    by_position: float
    """Share of all firing that is done by latents which the place in the sequence explains to a quarter or more."""
    row_ratio: float
    """Longest decoder row over the median one, of the latents that are on."""

    @property
    def splitting(self) -> float | None:
        """What five latents for a domain tell that one does not: union F1 less single F1."""
        if self.union_f1 is None or self.domain_f1 is None:
            return None
        return round(self.union_f1 - self.domain_f1, 4)


@torch.no_grad()
def score(
    sae: SAE, benchmark: Benchmark, *, reference: sparse.csr_array | None = None, code: Code | None = None
) -> Scores:
    """Everything that can be said about `sae` on `benchmark`; the same every time.

    `reference` are the latents of the dictionary to match with. Raises ValueError where the sizes differ, or where
    the dictionary is not sparse or not finite on real activations.

    By hand: two neurons that take turns, each in a domain of its own, and a dictionary that copies them. It misses
    nothing, but every latent is a single neuron; without a model there is no loss to recover.

    >>> from mechint_course.sae import TopKSAE
    >>> domain, choosing = torch.tensor([0, 1] * 8), torch.arange(16) < 8
    >>> benchmark = Benchmark("by hand", torch.eye(2)[domain], domain, ("cats", "dogs"), choosing)
    >>> copy = TopKSAE(2, 2, k=1, seed=0)
    >>> weights = {"W_enc": torch.eye(2), "W_dec": torch.eye(2), "b_enc": torch.zeros(2), "b_dec": torch.zeros(2)}
    >>> _ = copy.load_state_dict(weights)
    >>> found = score(copy, benchmark)
    >>> found.headline, found.l0, found.domain_f1, found.one_neuron, found.loss_recovered
    (1.0, 1.0, 1.0, 1.0, None)
    """
    if sae.d_in != benchmark.x.shape[1]:
        raise ValueError(
            f"it takes {sae.d_in} numbers (d_in), and the {benchmark.title} have {benchmark.x.shape[1]}"
        )
    code = code or encode(sae, benchmark.x)
    small = strongest(sae, code, BUDGET)
    missed_small = _finite(fvu(benchmark.x, small.reconstruction))
    whole = _recovered(benchmark, code)
    within = whole if small is code else _recovered(benchmark, small)
    on = (small.latents != 0).astype(np.float32)
    fired = np.bincount(code.latents.indices, minlength=sae.d_sae) > 0
    domains = _domains(sparse.csr_array(on), benchmark)
    singles, unions, sizes = ([row[i] for row in domains.values()] for i in range(3))
    alive = sae.W_dec[torch.from_numpy(fired)]
    lengths = alive.norm(dim=1)
    return Scores(
        headline=round(1 - missed_small if within is None else within.everywhere, 4),
        loss_recovered=None if whole is None else round(whole.everywhere, 4),
        on_generated=None if whole is None else round(whole.on_generated, 4),
        fvu=round(_finite(fvu(benchmark.x, code.reconstruction)), 4),
        fvu_in_budget=round(missed_small, 4),
        l0=round(code.l0, 2),
        dead=round(1 - float(fired.mean()), 4),
        domain_f1=_mean(singles),
        union_f1=_mean(unions),
        latents_per_domain=_mean(sizes),
        match=None if reference is None else _match(reference, small.latents),
        f1_by_domain={name: round(row[0], 4) for name, row in domains.items()},
        one_neuron=round(float((alive.square().amax(1) >= 0.9 * lengths.square()).float().mean()), 4)
        if len(alive)
        else 0.0,
        by_position=round(_by_position(code.latents, benchmark.position), 4),
        row_ratio=round(float(lengths.max() / lengths.median().clamp_min(1e-30)), 2) if len(alive) else 1.0,
    )


class _Recovered(NamedTuple):
    everywhere: float
    on_generated: float


def _recovered(benchmark: Benchmark, code: Code) -> _Recovered | None:
    model = benchmark.spliceable
    if model is None:
        return None
    patched = model.losses(code.reconstruction)

    def share(of: Tensor) -> float:
        clean, zero, ours = (float(loss[of].double().mean()) for loss in (model.clean, model.zero, patched))
        return _finite((zero - ours) / (zero - clean))

    return _Recovered(share(torch.ones_like(model.generated)), share(model.generated))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a score came out as NaN or infinity: look at the size of the weights")
    return value


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _domains(on: sparse.csr_array, benchmark: Benchmark) -> dict[str, tuple[float, float, float]]:
    """For each domain that both halves hold: F1 of the best latent, of the best union, and the union's size."""
    found = {}
    for number, name in enumerate(benchmark.domains):
        label = benchmark.domain == number
        if not bool((label & benchmark.choosing).any() and (label & ~benchmark.choosing).any()):
            continue
        unions = best_unions(on, label, benchmark.choosing, k=_MOST_LATENTS_A_DOMAIN)
        scored = [union.f1 for union in unions] or [0.0]
        found[name] = (scored[0], scored[-1], float(len(unions)))
    return found


def _match(reference: sparse.csr_array, latents: sparse.csr_array) -> float | None:
    often = np.bincount(reference.indices, minlength=reference.shape[1]) >= _LEAST_FIRINGS
    if not often.any():
        return None
    return round(float(best_correlations(reference[:, often], latents).quantile(0.5)), 4)


def _by_position(latents: sparse.csr_array, position: Tensor | None) -> float:
    if position is None or not latents.nnz:
        return 0.0
    places = position.numpy()
    n_places, n_tokens = int(places.max()) + 1, len(places)
    at = sparse.csr_array((np.ones(n_tokens), (places, np.arange(n_tokens))), shape=(n_places, n_tokens))
    ones = latents.copy()
    ones.data = np.ones_like(ones.data)
    share = (at @ ones).toarray() / np.bincount(places)[:, None]
    overall = share.mean(0)
    spread = overall * (1 - overall)
    # Even where the place says nothing the shares differ a little, by chance.
    between = np.clip(share.var(0) - spread * n_places / n_tokens, 0, None)
    explained = np.divide(between, spread, out=np.zeros_like(spread), where=spread > 0)
    return float(overall[explained >= 0.25].sum() / overall.sum())
