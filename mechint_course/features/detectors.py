"""Three ways to tell a domain, side by side: one neuron, the current token alone, and a linear probe on the whole layer.

Everything is chosen on one half of the documents (unit, thresholds, table of tokens, probe) and scored on the other
half; for generated domains once more on text whose words training never saw.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.features.baselines import token_shares
from mechint_course.features.intervals import f1_interval, redraws, tallies
from mechint_course.features.probes import fit_probes
from mechint_course.features.scores import Scores, best_threshold, best_units
from mechint_course.language.text import TokenizedText


@dataclass(frozen=True)
class Measured:
    """A score with its interval, on documents that took no part in choosing."""

    scores: Scores
    low: float
    """The lower end of the interval of F1."""
    high: float

    @property
    def f1(self) -> float:
        return self.scores.f1


@dataclass(frozen=True)
class Detector:
    """One way to tell a domain."""

    held_out: Measured
    fresh: Measured | None
    """On words that training never saw; None for a domain that no grammar makes."""


@dataclass(frozen=True)
class DomainRow:
    """One domain, and how well it is told."""

    domain: str
    unit: int
    """The neuron with the best F1 on the choosing half."""
    threshold: float
    """The activation from which on it says yes."""
    neuron: Detector
    token: Detector
    probe: Detector


class Part(NamedTuple):
    """Some sequences without their first tokens."""

    x: Float[Tensor, "n_sequences n_positions n_units"]
    tokens: Int[Tensor, "n_sequences n_positions"]
    domain: Int[Tensor, " n_sequences"]
    document: Int[Tensor, " n_sequences"]

    def flat(self) -> tuple[Tensor, Tensor, Tensor]:
        """Activations, tokens and domains, one row a token."""
        return (
            self.x.flatten(0, 1),
            self.tokens.flatten(),
            self.domain.repeat_interleave(self.tokens.shape[1]),
        )


def halves(text: TokenizedText) -> Bool[Tensor, " n_sequences"]:
    """Which sequences are for choosing: those of every other document. The rest is for scoring."""
    return text.document % 2 == 0


@torch.no_grad()
def domain_table(
    x: Float[Tensor, "n_sequences n_ctx n_units"],
    text: TokenizedText,
    fresh_x: Float[Tensor, "n_fresh n_ctx n_units"],
    fresh: TokenizedText,
    *,
    d_vocab: int,
    skip: int = 1,
    n_resamples: int = 1000,
    seed: int = 0,
) -> list[DomainRow]:
    """How well each domain is told by the best neuron, by the token alone and by a probe, in the order of `text.domains`.

    A domain's fresh score is measured among fresh text of all generated domains and held-out text of the others, so
    that there are as many other tokens to confuse it with. The first `skip` tokens of each sequence do not count: the
    start token, and those that have hardly any context. Domains without text in both halves are left out.
    Raises ValueError where activations and text are not of the same sequences.
    """
    for found, given in ((x, text), (fresh_x, fresh)):
        if found.shape[:2] != given.tokens.shape:
            raise ValueError(
                f"Expected activations of the text's {list(given.tokens.shape)} tokens, found {list(found.shape[:2])}."
            )
    n_domains, choosing = len(text.domains), halves(text)
    chosen_on, scored_on = _part(x, text, choosing, skip), _part(x, text, ~choosing, skip)
    parts = [scored_on, _renewed(scored_on, fresh_x, fresh, skip)]
    values, tokens, label = chosen_on.flat()
    neurons = best_units(values, label, n_domains, seed=seed)
    shares = token_shares(tokens, label, n_domains, d_vocab)
    probes = fit_probes(values, label, n_domains, seed=seed)
    odds = [probes(part.x) for part in parts]
    own_odds = probes(values)
    resamples = [_redraws(part, n_resamples, seed) for part in parts]
    generated = set(fresh.domain.tolist())

    def detector(number: int, readings: list[Tensor], threshold: float) -> Detector:
        measured = [
            _measured(reading >= threshold, part.domain == number, part.document, weights)
            for reading, part, weights in zip(readings, parts, resamples, strict=True)
        ]
        return Detector(measured[0], measured[1] if number in generated else None)

    rows = []
    for number, name in enumerate(text.domains):
        inside = label == number
        if not inside.any() or not (scored_on.domain == number).any():
            continue
        unit, least = int(neurons.unit[number]), float(neurons.threshold[number])
        table, direction = shares[:, number], own_odds[:, number]
        rows.append(
            DomainRow(
                name,
                unit,
                least,
                detector(number, [part.x[:, :, unit] for part in parts], least),
                detector(
                    number, [table[part.tokens] for part in parts], best_threshold(table[tokens], inside)
                ),
                detector(
                    number, [values[:, :, number] for values in odds], best_threshold(direction, inside)
                ),
            )
        )
    return rows


def _part(x: Tensor, text: TokenizedText, rows: Tensor, skip: int) -> Part:
    return Part(x[rows, skip:], text.tokens[rows, skip:], text.domain[rows], text.document[rows])


def _renewed(part: Part, x: Tensor, fresh: TokenizedText, skip: int) -> Part:
    """The part with its generated domains replaced by as many sequences of fresh text."""
    rows = torch.cat(
        [
            torch.nonzero(fresh.domain == number)[: int((part.domain == number).sum()), 0]
            for number in fresh.domain.unique()
        ]
    )
    kept = ~torch.isin(part.domain, fresh.domain)
    new = _part(x, fresh, rows, skip)
    return Part(
        torch.cat([part.x[kept], new.x]),
        torch.cat([part.tokens[kept], new.tokens]),
        torch.cat([part.domain[kept], new.domain]),
        torch.cat([part.document[kept], new.document + int(part.document.max()) + 1]),
    )


def _redraws(part: Part, n_resamples: int, seed: int) -> Tensor:
    """Resamples of the part's documents, in the order that `tallies` has them."""
    documents, place = part.document.unique(return_inverse=True)
    domain = torch.zeros(len(documents), dtype=torch.long).scatter_(0, place, part.domain)
    return redraws(domain, n_resamples, seed=seed)


def _measured(yes: Tensor, inside: Tensor, document: Tensor, weights: Tensor) -> Measured:
    counts = tallies(yes, inside, document)
    hits, yeses, tokens = counts.sum(dim=0).tolist()
    found = Scores(hits / max(1, yeses), hits / max(1, tokens), 2 * hits / max(1, yeses + tokens))
    return Measured(found, *f1_interval(counts, weights))


def as_table(rows: list[DomainRow]) -> str:
    """The rows as text: F1 with its interval on held-out text; on a line of its own, the same on fresh words, where there are any."""

    def line(name: str, unit: str, neuron: Measured, *others: Measured) -> str:
        cells = "".join(f"{m.f1:.2f} [{m.low:.2f}, {m.high:.2f}]".ljust(20) for m in (neuron, *others))
        precision, recall, _ = neuron.scores
        return f"{name:14}{unit:>6}{precision:11.2f}{recall:8.2f}   {cells}"

    kinds = "".join(f"{name:20}" for name in ("best neuron, F1", "token alone, F1", "probe, F1"))
    lines = [f"{'':14}{'neuron':>6}{'precision':>11}{'recall':>8}   {kinds}"]
    for row in rows:
        detectors = (row.neuron, row.token, row.probe)
        lines.append(line(row.domain, str(row.unit), *(one.held_out for one in detectors)))
        fresh = [one.fresh for one in detectors if one.fresh is not None]
        if fresh:
            lines.append(line("  fresh words", "", *fresh))
    return "\n".join(line.rstrip() for line in lines)
