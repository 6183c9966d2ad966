"""The corpus as tokens: sequences of 128 that lie within one document, each with its domain."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Int
from torch import Tensor

from mechint_course.language.cache import kept
from mechint_course.language.corpus import DOMAINS, domains_of, manifest_hash
from mechint_course.language.documents import Document, Domain, Split
from mechint_course.language.tokenizer import encode
from mechint_course.work import work

N_CTX = 128
START_TOKEN = 0
EVALUATION_TOKENS = 20_480
"""Of each domain in the evaluation text."""
MOST_OF_A_DOCUMENT = 5
"""Sequences of the evaluation text that one document may give at most, so that no domain is a single long file."""


@dataclass(frozen=True)
class TokenizedText:
    """Sequences of tokens with the domain and the document that each came from.

    By hand, two sequences about cats and one about dogs; the dogs are document 1:

    >>> tokens, domain = torch.tensor([[0, 5], [0, 6], [0, 7]]), torch.tensor([0, 0, 1])
    >>> text = TokenizedText(tokens, domain, ("cats", "dogs"), document=domain, manifest="by hand")
    >>> len(text), text.of("cats").tokens.tolist()
    (3, [[0, 5], [0, 6]])
    >>> text.take(torch.tensor([2, 0])).tokens.tolist()
    [[0, 7], [0, 5]]
    >>> text.sample(per_domain=1).domain.tolist()  # one of each
    [0, 1]
    """

    tokens: Int[Tensor, "n_sequences n_ctx"]
    """Every sequence begins with the start token, 0."""
    domain: Int[Tensor, " n_sequences"]
    """The number of the sequence's domain in `domains`."""
    domains: tuple[str, ...]
    document: Int[Tensor, " n_sequences"]
    """The number of the sequence's document: two sequences with one number are from one text."""
    manifest: str
    """Which corpus this is (`manifest_hash`)."""

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, rows: Tensor) -> "TokenizedText":
        """The sequences of these rows, in their order."""
        return TokenizedText(
            self.tokens[rows], self.domain[rows], self.domains, self.document[rows], self.manifest
        )

    def of(self, domain: str) -> "TokenizedText":
        """The sequences of one domain; ValueError where the text has no domain of that name."""
        if domain not in self.domains:
            raise ValueError(f"Expected a domain of this text ({', '.join(self.domains)}), found {domain!r}.")
        return self.take(torch.nonzero(self.domain == self.domains.index(domain))[:, 0])

    def sample(self, per_domain: int, *, seed: int = 0) -> "TokenizedText":
        """At most so many sequences of every domain, drawn at random, domain after domain."""
        generator = torch.Generator().manual_seed(seed)
        rows = []
        for number in range(len(self.domains)):
            own = torch.nonzero(self.domain == number)[:, 0]
            rows.append(own[torch.randperm(len(own), generator=generator)[:per_domain]])
        return self.take(torch.cat(rows))


def sequences(ids: list[int], n_ctx: int = N_CTX, *, start: int = START_TOKEN) -> list[list[int]]:
    """A document's tokens cut into sequences, the start token before each; what is left over is dropped.

    >>> sequences([5, 6, 7, 8, 9], n_ctx=3)
    [[0, 5, 6], [0, 7, 8]]
    """
    step = n_ctx - 1
    return [[start, *ids[i : i + step]] for i in range(0, len(ids) - step + 1, step)]


def _batches(documents: Iterator[Document], size: int = 64) -> Iterator[list[Document]]:
    while batch := list(islice(documents, size)):
        yield batch


def tokenize_documents(
    documents: Iterator[Document], tokens: int, *, most_of_a_document: int | None = None
) -> tuple[Tensor, Tensor]:
    """Sequences [n_sequences, n_ctx] of the first documents, at most `tokens` tokens in all, and each one's document.

    `most_of_a_document` says how many sequences one document may give. A document's number is its place among those
    given, so one that is too short for a sequence leaves a gap. The tokens are int16, the numbers int32.

    >>> texts = ["the cat sat. " * 100, "too short", "a dog ran. " * 100]
    >>> pets = iter([Document("pets", text) for text in texts])
    >>> tokens, document = tokenize_documents(pets, 4 * 128, most_of_a_document=2)
    >>> tokens.shape, document.tolist()
    (torch.Size([4, 128]), [0, 0, 2, 2])
    """
    wanted = max(1, tokens // N_CTX)
    rows: list[list[int]] = []
    numbers: list[int] = []
    number = 0
    for batch in _batches(documents, 16 if wanted < 1000 else 64):
        for ids in encode([document.text for document in batch]):
            found = sequences(ids)[:most_of_a_document]
            rows += found
            numbers += [number] * len(found)
            number += 1
        if len(rows) >= wanted:
            break
    return torch.tensor(rows[:wanted], dtype=torch.int16).view(-1, N_CTX), torch.tensor(
        numbers[:wanted], dtype=torch.int32
    )


def _build(
    title: str, domains: tuple[Domain, ...], split: Split, share: dict[str, int], manifest: str
) -> dict[str, Tensor]:
    parts = []
    first = 0
    with work(len(domains), title, unit="domain") as bar:
        for domain in domains:
            bar.note(domain=domain.name)
            most = None if split == "train" else MOST_OF_A_DOCUMENT
            tokens, documents = tokenize_documents(
                domain.documents(split), share[domain.name], most_of_a_document=most
            )
            parts.append(
                (tokens, documents + first, torch.full((len(tokens),), list(DOMAINS).index(domain.name)))
            )
            first += int(documents[-1]) + 1 if len(documents) else 0
            bar.update()
    if bar.interrupted:
        raise KeyboardInterrupt(f"{title} was stopped; run it again to start over.")
    tokens, documents, domain_numbers = (torch.cat(part) for part in zip(*parts, strict=True))
    return {"tokens": tokens, "document": documents, "domain": domain_numbers.to(torch.uint8)}


def _text(found: dict[str, Tensor], manifest: str) -> TokenizedText:
    return TokenizedText(
        found["tokens"].long(), found["domain"].long(), tuple(DOMAINS), found["document"].long(), manifest
    )


def evaluation_text(split: Split = "held_out") -> TokenizedText:
    """Text that no model of the course was trained on: 160 sequences of every domain, of both models' worlds.

    `split="fresh"` gives the generated domains only, of words that training never saw.
    Built once in some seconds, then kept in the cache under its manifest hash. `evaluation_text().of("dna").tokens`
    are [160, 128] token numbers. Raises ValueError for another split; an interrupt raises KeyboardInterrupt.
    """
    if split not in ("held_out", "fresh"):
        raise ValueError(f"Expected the split 'held_out' or 'fresh', found {split!r}.")
    domains = tuple(d for d in domains_of() if d.generated or split == "held_out")
    share = {domain.name: EVALUATION_TOKENS for domain in domains}
    manifest = manifest_hash(split=split, share=share)
    return _text(
        kept(manifest, lambda: _build("Reading the evaluation text", domains, split, share, manifest)),
        manifest,
    )


def training_text(model: str = "A", tokens: int | None = None, *, seed: int = 0) -> TokenizedText:
    """The text that a model is trained on, its sequences shuffled by `seed`; a smaller one where `tokens` says so.

    A smaller text takes the same share of every domain: its documents are among those of the whole. Kept in the cache
    as the evaluation text is. Raises ValueError for a model that has none; an interrupt raises KeyboardInterrupt.

    >>> training_text("C")
    Traceback (most recent call last):
        ...
    ValueError: Expected the model 'A' or 'B', found 'C': each has a training text of its own.
    """
    domains = domains_of(model)
    whole = sum(domain.tokens for domain in domains)
    part = 1.0 if tokens is None else min(1.0, tokens / whole)
    share = {domain.name: max(N_CTX, int(domain.tokens * part)) for domain in domains}
    manifest = manifest_hash(split="train", share=share)
    found = _text(
        kept(manifest, lambda: _build(f"Reading model {model}'s text", domains, "train", share, manifest)),
        manifest,
    )
    return found.take(torch.randperm(len(found), generator=torch.Generator().manual_seed(seed)))
