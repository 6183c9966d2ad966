"""How good a language model is: its loss in every domain, beside what knowing less would cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.documents import Domain, Split
from mechint_course.language.fast_loss import losses
from mechint_course.language.text import MOST_OF_A_DOCUMENT, TokenizedText, tokenize_documents


@dataclass(frozen=True)
class DomainLoss:
    """Mean losses of one domain, in nats a token."""

    domain: str
    model: float
    zeroed: float
    """Of the model whose MLP writes nothing."""
    bigram: float
    """Of guessing from the token before, by its counts in the training text."""
    unigram: float
    """Of guessing by how often each token occurs in the training text."""


def unigram(tokens: Int[Tensor, "n_sequences n_ctx"], d_vocab: int) -> Float[Tensor, " d_vocab"]:
    """How often each token occurs, every one counted once more than it was seen; the first token of a sequence aside.

    >>> unigram(torch.tensor([[0, 1, 1], [0, 1, 2]]), d_vocab=3)
    tensor([0.1429, 0.5714, 0.2857])
    """
    counts = torch.bincount(tokens[:, 1:].reshape(-1), minlength=d_vocab).float() + 1
    return counts / counts.sum()


def bigram(
    tokens: Int[Tensor, "n_sequences n_ctx"], d_vocab: int, prior: float = 20.0
) -> Float[Tensor, "d_vocab d_vocab"]:
    """The next token's chances given the one before: counts, with `prior` more sightings spread as the unigram.

    By hand, in ninths: after token 0 comes 1, twice; after token 1 comes 1 once and 2 once. The unigram is 1, 4 and 2
    sevenths, so a prior of 7 adds 1, 4 and 2 to the counts of each row.

    >>> (9 * bigram(torch.tensor([[0, 1, 2], [0, 1, 1]]), d_vocab=3, prior=7.0)[:2]).round()
    tensor([[1., 6., 2.],
            [1., 5., 3.]])
    """
    pairs = tokens[:, :-1].reshape(-1) * d_vocab + tokens[:, 1:].reshape(-1)
    counts = torch.bincount(pairs, minlength=d_vocab * d_vocab).float().view(d_vocab, d_vocab)
    counts += prior * unigram(tokens, d_vocab)
    return counts / counts.sum(dim=1, keepdim=True)


def losses_by_domain(
    parameters: Mapping[str, Tensor], n_heads: int, training: TokenizedText, text: TokenizedText
) -> list[DomainLoss]:
    """The table of a model's card, over the domains that the text holds."""
    d_vocab = len(parameters["tok_embed.weight"])
    surprise_one = -unigram(training.tokens, d_vocab).log()
    surprise_two = -bigram(training.tokens, d_vocab).log()
    table = []
    for number, domain in enumerate(text.domains):
        tokens = text.tokens[text.domain == number]
        if not len(tokens):
            continue
        table.append(
            DomainLoss(
                domain,
                losses(parameters, tokens, n_heads=n_heads).mean().item(),
                losses(parameters, tokens, n_heads=n_heads, zero_mlp=True).mean().item(),
                surprise_two[tokens[:, :-1], tokens[:, 1:]].mean().item(),
                surprise_one[tokens[:, 1:]].mean().item(),
            )
        )
    return table


@dataclass(frozen=True)
class Gap:
    """What a domain's documents cost where training saw them and where it did not, in nats a token.

    >>> Gap("licences", seen=2.0, held_out=2.25).difference
    0.25
    """

    domain: str
    seen: float
    held_out: float

    @property
    def difference(self) -> float:
        """Held-out minus seen: how much was learnt by heart rather than about the domain."""
        return self.held_out - self.seen


def generalisation_gaps(
    parameters: Mapping[str, Tensor], n_heads: int, domains: Iterable[Domain], *, tokens: int = 81_920
) -> list[Gap]:
    """The gap of each domain, on `tokens` tokens of each side, cut from their documents in the same way.

    Four times the evaluation text, because documents of one domain differ: a third of base64's hide text, which is
    easier to guess than random bytes, so a sample of 35 documents is off by a tenth of a nat through its mixture alone.
    """

    def loss(domain: Domain, split: Split) -> float:
        rows, _ = tokenize_documents(domain.documents(split), tokens, most_of_a_document=MOST_OF_A_DOCUMENT)
        return losses(parameters, rows.long(), n_heads=n_heads).mean().item()

    return [Gap(domain.name, loss(domain, "train"), loss(domain, "held_out")) for domain in domains]


def gaps_as_markdown(gaps: list[Gap]) -> str:
    """The gaps as Markdown, a row for each domain.

    >>> print(gaps_as_markdown([Gap("dna", 1.5, 1.5), Gap("licences", 2.0, 2.25)]))
    | domain | documents seen in training | held-out documents | gap |
    |---|---|---|---|
    | dna | 1.500 | 1.500 | +0.000 |
    | licences | 2.000 | 2.250 | +0.250 |
    """
    lines = ["| domain | documents seen in training | held-out documents | gap |", "|---|---|---|---|"]
    lines += [
        f"| {gap.domain} | {gap.seen:.3f} | {gap.held_out:.3f} | {gap.difference:+.3f} |" for gap in gaps
    ]
    return "\n".join(lines)


def as_markdown(table: list[DomainLoss]) -> str:
    """The table as Markdown, the mean over domains in the last row.

    >>> print(as_markdown([DomainLoss("dna", 1.5, 1.5, 2.0, 2.25), DomainLoss("chess", 0.5, 1.5, 3.0, 4.25)]))
    | domain | model | MLP zeroed | bigram | unigram |
    |---|---|---|---|---|
    | dna | 1.50 | 1.50 | 2.00 | 2.25 |
    | chess | 0.50 | 1.50 | 3.00 | 4.25 |
    | **mean of domains** | 1.00 | 1.50 | 2.50 | 3.25 |
    """
    lines = ["| domain | model | MLP zeroed | bigram | unigram |", "|---|---|---|---|---|"]
    rows = [(row.domain, row.model, row.zeroed, row.bigram, row.unigram) for row in table]
    means = [sum(row[i] for row in rows) / len(rows) for i in range(1, 5)]  # type: ignore[misc]
    for name, *values in [*rows, ("**mean of domains**", *means)]:
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return "\n".join(lines)
