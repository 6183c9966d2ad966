"""How faithful a dictionary is and how readable, measured on held-out text: what stands on its card.

Units are chosen on one half of the documents and scored on the other; the scores that decide something have intervals
from resampled documents. Latents and neurons compete on equal terms: each unit may say yes from any of the same
thresholds, a union of five neurons stands beside a union of five latents, and what the current token alone says beside
both.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.baselines import token_only
from mechint_course.features.intervals import f1_interval, redraws, tallies
from mechint_course.features.latents import sparse_latents
from mechint_course.features.scores import scores
from mechint_course.features.splice import LossRecovered
from mechint_course.language.activations import activations
from mechint_course.language.models import ACTIVATION_HOOK
from mechint_course.language.text import TokenizedText
from mechint_course.sae import SAE, Census, best_unions, census, fvu, shrinkage

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

ULTRALOW = 1e-5
"""Firings a token: below it, but not silent, a latent counts as ultralow. The evaluation text has some 400,000 tokens."""
_LEVELS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
"""A unit may say yes from these quantiles of its firing on; 0 is "whenever it fires"."""
_IN_A_UNION = 5
LEAST_RECALL, LEAST_PRECISION = 0.02, 0.9
"""A single latent must be on for this share of a domain; of those that are this precise, the one with most recall is taken."""
_ROWS_AT_ONCE = 8192


class Union(NamedTuple):
    """F1 of the best union of five, on documents that did not choose it, with its interval."""

    f1: float
    low: float
    high: float


@dataclass(frozen=True)
class DomainScores:
    """What a dictionary says of one domain."""

    domain: str
    clean: float
    """The model's loss, in nats a token."""
    patched: float
    """The same with the reconstruction in place of the activations."""
    latent: int | None
    """The single latent that answers to the domain; None where none is on for 2 % of its tokens."""
    precision: float
    recall: float
    latents: Union
    neurons: Union
    token_f1: float


@dataclass(frozen=True)
class DictionaryScores:
    """Everything on a card."""

    loss: LossRecovered
    interval: tuple[float, float]
    """Of the loss recovered, over documents."""
    fvu: float
    l0: float
    shrinkage: float
    census: Census
    n_tokens: int
    domains: list[DomainScores]


@torch.no_grad()
def measure(
    model: "TransformerBridge", text: TokenizedText, sae: SAE, *, n_resamples: int = 1000
) -> DictionaryScores:
    """Scores `sae` on `text`. The start token of each sequence is left out of all but the loss.

    Raises ValueError where the layer's width is not the dictionary's d_in.
    """
    x = activations(model, text.tokens)[:, 1:]
    rows = x.flatten(0, 1)
    mean = rows.mean(0)
    losses = torch.stack(
        [
            _losses(model, text.tokens, treat)
            for treat in (lambda x: x, sae.reconstruct, torch.zeros_like, lambda x: mean.expand_as(x))
        ]
    )
    parts = rows.split(_ROWS_AT_ONCE)
    latents = sparse.csr_array(sparse.vstack([sparse_latents(sae, part) for part in parts]))
    missed, along = _errors(rows, sae)
    often = torch.from_numpy((latents > 0).sum(axis=0)).float() / len(rows)
    clean, patched, zero, mean_ablated = losses.mean(dim=1).tolist()
    return DictionaryScores(
        loss=LossRecovered(
            clean, patched, zero, mean_ablated, n_tokens=len(text) * (text.tokens.shape[1] - 1)
        ),
        interval=_interval(losses, text, n_resamples),
        fvu=missed,
        l0=latents.nnz / len(rows),
        shrinkage=along,
        census=census(often, ultralow_below=ULTRALOW),
        n_tokens=len(rows),
        domains=_by_domain(text, x, latents, losses, model.cfg.d_vocab, n_resamples),
    )


def _losses(
    model: "TransformerBridge", tokens: Int[Tensor, "n_sequences n_ctx"], treat: Callable[[Tensor], Tensor]
) -> Float[Tensor, " n_sequences"]:
    """The mean loss of every sequence while `treat` changes the layer's activations."""
    return torch.cat(
        [
            model.run_with_hooks(
                part,
                return_type="loss",
                loss_per_token=True,
                fwd_hooks=[(ACTIVATION_HOOK, lambda x, hook: treat(x))],
            ).mean(dim=1)
            for part in tokens.split(32)
        ]
    ).double()


def _errors(rows: Float[Tensor, "n_tokens d_in"], sae: SAE) -> tuple[float, float]:
    """FVU and shrinkage of the reconstruction."""
    rebuilt = torch.cat([sae.reconstruct(part) for part in rows.split(_ROWS_AT_ONCE)])
    return fvu(rows, rebuilt), shrinkage(rows, rebuilt)


def _interval(
    losses: Float[Tensor, "4 n_sequences"], text: TokenizedText, n_resamples: int
) -> tuple[float, float]:
    """The middle 95 % of the loss recovered, as many documents of every domain drawn again as there are."""
    documents, place = text.document.unique(return_inverse=True)
    kinds = torch.zeros(len(documents), dtype=torch.long).scatter_(0, place, text.domain)
    sums = torch.zeros(4, len(documents), dtype=torch.float64).index_add_(1, place, losses)
    clean, patched, zero, _ = sums @ redraws(kinds, n_resamples).double().T
    shares = ((zero - patched) / (zero - clean)).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    return float(shares[0]), float(shares[1])


def _by_domain(
    text: TokenizedText,
    x: Float[Tensor, "n_sequences n_positions d_in"],
    latents: sparse.csr_array,
    losses: Float[Tensor, "4 n_sequences"],
    d_vocab: int,
    n_resamples: int,
) -> list[DomainScores]:
    label, choosing = (each.repeat_interleave(x.shape[1]) for each in (text.domain, text.document % 2 == 0))
    by_token = token_only(text.tokens[:, 1:].flatten(), label, choosing, len(text.domains), d_vocab)
    among_latents, among_neurons = (
        _above_thresholds(firings, choosing.numpy())
        for firings in (_of_latents(latents), _of_neurons(x.flatten(0, 1)))
    )
    found = []
    for number, name in enumerate(text.domains):
        inside = text.domain == number
        single = _precise(latents, text, inside)
        found.append(
            DomainScores(
                name,
                float(losses[0, inside].mean()),
                float(losses[1, inside].mean()),
                single.latent,
                single.precision,
                single.recall,
                _union(among_latents, text, inside, n_resamples),
                _union(among_neurons, text, inside, n_resamples),
                by_token[number].f1,
            )
        )
    return found


class _Single(NamedTuple):
    latent: int | None
    precision: float
    recall: float


def _precise(on: sparse.csr_array, text: TokenizedText, inside: Bool[Tensor, " n_sequences"]) -> _Single:
    """`domains.read_domains` for one domain, from sparse latents: chosen for its precision, then for its recall."""
    n_positions = on.shape[0] // len(text)
    true = inside.repeat_interleave(n_positions).numpy()
    half = (text.document % 2 == 0).repeat_interleave(n_positions).numpy()
    fires = (on > 0).astype("float32")
    often, hits = fires[half].sum(axis=0), fires[half].T @ true[half].astype("float32")
    precision, recall = hits / often.clip(1), hits / max(1, true[half].sum())
    rank = np.where(
        recall >= LEAST_RECALL, np.where(precision >= LEAST_PRECISION, 1 + recall, precision), -1.0
    )
    best = int(rank.argmax())
    if rank[best] < 0:
        return _Single(None, 0.0, 0.0)
    column = fires[~half][:, [best]].toarray()[:, 0] > 0
    found = scores(torch.from_numpy(column), torch.from_numpy(true[~half]))
    return _Single(best, found.precision, found.recall)


class _Firings(NamedTuple):
    """The tokens on which a unit is above 0, and its values there."""

    tokens: np.ndarray
    values: np.ndarray


def _of_latents(latents: sparse.csr_array) -> Iterator[_Firings]:
    by_latent = latents.tocsc()
    for start, end in pairwise(by_latent.indptr):
        yield _Firings(by_latent.indices[start:end], by_latent.data[start:end])


def _of_neurons(x: Float[Tensor, "n_tokens d_in"]) -> Iterator[_Firings]:
    for values in x.T.contiguous().numpy():
        tokens = np.flatnonzero(values > 0).astype(np.int32)  # as scipy has them; half the memory
        yield _Firings(tokens, values[tokens])


def _above_thresholds(units: Iterable[_Firings], choosing: Bool[np.ndarray, " n_tokens"]) -> sparse.csr_array:
    """Where each unit is above each of its thresholds, which come from the choosing half: a column for each of both."""
    columns = []
    for unit in units:
        ranked = np.sort(unit.values[choosing[unit.tokens]])
        for level in _LEVELS if len(ranked) else ():
            columns.append(unit.tokens[unit.values >= ranked[int(level * (len(ranked) - 1))]])
    starts = np.cumsum([0, *map(len, columns)])
    tokens = np.concatenate([np.empty(0, dtype=np.int32), *columns])
    ones = np.ones(len(tokens), dtype=bool)
    return sparse.csr_array(sparse.csc_array((ones, tokens, starts), shape=(len(choosing), len(columns))))


def _union(
    on: sparse.csr_array, text: TokenizedText, inside: Bool[Tensor, " n_sequences"], n_resamples: int
) -> Union:
    n_positions = on.shape[0] // len(text)
    choosing = text.document % 2 == 0
    unions = best_unions(
        on, inside.repeat_interleave(n_positions), choosing.repeat_interleave(n_positions), k=_IN_A_UNION
    )
    if not unions:
        return Union(0.0, 0.0, 0.0)
    chosen = on[:, list(unions[-1].latents)]
    yes = torch.from_numpy((chosen > 0).sum(axis=1) > 0).view(len(text), n_positions)
    document, place = text.document[~choosing].unique(return_inverse=True)
    kinds = torch.zeros(len(document), dtype=torch.long).scatter_(0, place, text.domain[~choosing])
    counts = tallies(yes[~choosing], inside[~choosing], text.document[~choosing])
    return Union(unions[-1].f1, *f1_interval(counts, redraws(kinds, n_resamples)))
