"""Matching all units of one model with all of another in one reading: best matches, their null, their two parts.

What is read of a model is a `Side`: a dictionary's latents, or its neurons.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from scipy import sparse
from torch import Tensor

from mechint_course.features.bootstrap import DocumentBootstrap
from mechint_course.features.correlation import Activations, StreamingCorrelation
from mechint_course.features.latents import sparse_latents
from mechint_course.features.matching import best_matches, by_frequency, mutual_best, shuffled
from mechint_course.features.matching_data import Matching
from mechint_course.features.splice import loss_recovered
from mechint_course.features.token_part import TokenSplit
from mechint_course.language.activations import activations
from mechint_course.language.models import load_model
from mechint_course.language.text import TokenizedText, evaluation_text, training_text
from mechint_course.sae import SAE, TopKSAE, load_dictionary
from mechint_course.work import work

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

LEAST_FIRINGS, LEAST_DENSITY = 20, 1e-4
"""A unit is counted in a median where it fires this often, and on this share of the tokens."""
_SEQUENCES_AT_ONCE = 64
_SCORED = 40
"""Held-out sequences of each domain that a dictionary's recovered loss is measured on."""


@dataclass(frozen=True)
class Side:
    """A model and what is read of it: a dictionary's latents, or its neurons."""

    model: "TransformerBridge"
    sae: SAE | None

    @property
    def width(self) -> int:
        """How many units there are."""
        return self.sae.d_sae if self.sae is not None else int(self.model.cfg.d_mlp)

    def read(self, tokens: Tensor) -> Activations:
        """Its units on every token but each sequence's first, [n_tokens, width]."""
        x = activations(self.model, tokens)[:, 1:].flatten(0, 1)
        if self.sae is None:
            return x
        rows = sparse_latents(self.sae, x)
        rows.data = rows.data.astype("float32")
        return rows


def side(name: str) -> Side:
    """A side by its name: MODEL-neurons, MODEL-untrained, or a shipped dictionary."""
    model = load_model(name.partition("-")[0])
    if name.endswith("-neurons"):
        return Side(model, None)
    if name.endswith("-untrained"):
        seed = 100 + ord(name[0])
        return Side(model, TopKSAE(model.cfg.d_mlp, 4096, 16, seed=seed).requires_grad_(False))
    return Side(model, load_dictionary(name))


def some_text(n_tokens: int, *, seed: int = 0) -> TokenizedText:
    """All held-out text, then equal parts of both models' training streams, mixed: n_tokens in all without start tokens."""
    held_out = evaluation_text()
    wanted = -(-n_tokens // (held_out.tokens.shape[1] - 1))
    parts = [held_out]
    if wanted > len(held_out):
        each = -(-(wanted - len(held_out)) // 2)
        parts += [training_text(name, seed=seed).take(torch.arange(each)) for name in ("A", "B")]
    first = 0
    documents = []
    for part in parts:
        documents.append(part.document + first)
        first += int(part.document.max()) + 1
    whole = TokenizedText(
        torch.cat([part.tokens for part in parts]),
        torch.cat([part.domain for part in parts]),
        held_out.domains,
        torch.cat(documents),
        " + ".join(part.manifest for part in parts),
    )
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    return whole.take(order[:wanted])


def match(
    left: Side, right: Side, text: TokenizedText, *, title: str, seed: int = 0
) -> tuple[Matching, dict[str, Any]]:
    """Every left unit's best match, its null, its two parts; and the medians with what they rest on.

    Raises KeyboardInterrupt where it was stopped.
    """
    split = TokenSplit(left.width, right.width, int(left.model.cfg.d_vocab))
    chance = StreamingCorrelation(left.width, right.width)
    generator = torch.Generator().manual_seed(seed)
    kept: list[tuple[sparse.csr_array, sparse.csr_array, Tensor]] = []
    with work(len(text), title, unit="sequence") as bar:
        for rows in _blocks(len(text), max(left.width, right.width)):
            tokens = text.tokens[rows]
            x, y = left.read(tokens), right.read(tokens)
            split.update(x, y, tokens[:, 1:].flatten())
            chance.update(x, shuffled(y, generator))
            if not isinstance(x, Tensor) and not isinstance(y, Tensor):
                kept.append((x, y, text.document[rows].repeat_interleave(tokens.shape[1] - 1)))
            bar.update(len(tokens))
    if bar.interrupted:
        raise KeyboardInterrupt
    null = best_matches(chance.result()).correlation
    del chance  # as large as the result: three of them at a time are enough
    raw = split.raw()
    best, mutual = best_matches(raw), int((mutual_best(raw).partner >= 0).sum())
    del raw
    density = split.stream.fired_left / split.stream.n_tokens
    found = Matching(
        best.partner,
        best.correlation,
        null,
        best_matches(split.token_only()).correlation,
        best_matches(split.residual()).correlation,
        split.explained()[0],
        density,
    )
    counted = (split.stream.fired_left >= LEAST_FIRINGS) & (density >= LEAST_DENSITY)
    summary: dict[str, Any] = {
        "n_tokens": split.stream.n_tokens,
        "n_left": left.width,
        "n_right": right.width,
        "counted": int(counted.sum()),
        "mutual": mutual,
        **{
            name: _median(getattr(found, name)[counted])
            for name in ("correlation", "null", "token_only", "residual")
        },
        "bins": [asdict(row) for row in by_frequency(found.correlation[counted], density[counted])],
        "null_bins": [asdict(row) for row in by_frequency(found.null[counted], density[counted])],
    }
    if kept and counted.any():
        documents = DocumentBootstrap(best.partner, int(text.document.max()) + 1)
        for x, y, document in kept:
            documents.update(x, y, document)
        summary["interval"] = [round(end, 4) for end in documents.median_interval(counted)]
    return found, summary


def _blocks(n: int, width: int) -> Iterator[Tensor]:
    """Fewer sequences at a time for a wide dictionary, whose latents are dense until the largest are picked."""
    yield from torch.arange(n).split(max(8, _SEQUENCES_AT_ONCE * 4096 // max(width, 4096)))


def _median(values: Tensor) -> float:
    return round(float(values.quantile(0.5)), 4) if len(values) else 0.0


def scores(which: Side) -> dict[str, float]:
    """L0 and loss recovered of a dictionary on held-out text."""
    assert which.sae is not None
    tokens = evaluation_text().sample(_SCORED).tokens
    rows = which.read(tokens)
    recovered = loss_recovered(which.model, tokens, which.sae).recovered
    assert not isinstance(rows, Tensor)
    return {"l0": round(rows.nnz / rows.shape[0], 3), "recovered": round(recovered, 4)}
