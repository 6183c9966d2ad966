"""Which kind of text a few tokens are: how likely and how well known their token pairs are in each domain of a training text.

It knows nothing of any model, so it can judge what an intervention on a model does to its text.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.language.text import TokenizedText

_BACKGROUND = 200.0
"""Tokens of the whole text that each domain's counts are mixed with."""
_BACK_OFF = 5.0
"""How many times the domain's own frequencies count against the pairs that begin with one token."""


@dataclass(frozen=True)
class DomainGuesser:
    """Counts of tokens and of pairs of neighbours in each domain."""

    domains: tuple[str, ...]
    """Those that the text holds, in its order."""
    singles: Float[Tensor, "n_domains d_vocab"]
    """How often each token occurs."""
    mixed: Float[Tensor, "n_domains d_vocab"]
    """Probabilities of single tokens, mixed with those of the whole text so that none is 0."""
    pairs: tuple[Tensor, ...]
    """For each domain the pairs that occur, first * d_vocab + second, sorted: as many numbers as there are pairs."""
    counts: tuple[Tensor, ...]
    """How often each of them occurs."""

    def log_likelihood(self, tokens: Int[Tensor, "batch n_tokens"]) -> Float[Tensor, "batch n_domains"]:
        """The mean log-probability of a token given the one before, in nats, under each domain's counts.

        A pair's count is mixed with 5 times the domain's own frequency of the second token, so a pair never seen is
        unlikely and not impossible. Raises ValueError where there is no token to judge.
        """
        if tokens.dim() != 2 or tokens.shape[1] < 1:
            raise ValueError(f"Expected tokens [batch, n_tokens], at least one, found {list(tokens.shape)}.")
        d_vocab = self.singles.shape[1]
        first, second = tokens[:, :-1], tokens[:, 1:]
        wanted = first * d_vocab + second
        found = []
        for d in range(len(self.domains)):
            seen = torch.zeros(wanted.shape)
            if len(self.pairs[d]):
                place = torch.searchsorted(self.pairs[d], wanted).clamp(max=len(self.pairs[d]) - 1)
                seen = torch.where(self.pairs[d][place] == wanted, self.counts[d][place], 0.0)
            p = (seen + _BACK_OFF * self.mixed[d][second]) / (self.singles[d][first] + _BACK_OFF)
            found.append((p.log().sum(dim=1) + self.mixed[d][tokens[:, 0]].log()) / tokens.shape[1])
        return torch.stack(found, dim=1)

    def known_pairs(self, tokens: Int[Tensor, "batch n_tokens"], domain: str) -> Float[Tensor, " batch"]:
        """The share of each row's pairs of neighbours that occur in the domain; a pair that comes back counts once.

        So a text that repeats itself has few known pairs, however frequent they are in the domain.
        """
        number = self._number(domain)
        if tokens.dim() != 2 or tokens.shape[1] < 2:
            raise ValueError(f"Expected tokens [batch, n_tokens], at least two, found {list(tokens.shape)}.")
        pairs = (tokens[:, :-1] * self.singles.shape[1] + tokens[:, 1:]).sort(dim=1).values
        first_time = torch.ones_like(pairs, dtype=torch.bool)
        first_time[:, 1:] = pairs[:, 1:] != pairs[:, :-1]
        return (first_time & torch.isin(pairs, self.pairs[number])).float().mean(dim=1)

    def turned_to(
        self, tokens: Int[Tensor, "batch n_tokens"], domain: str, *, least_known: float = 0.25
    ) -> Bool[Tensor, " batch"]:
        """Whether each row is likeliest in this domain and at least a quarter of its pairs are known there.

        The likelihood alone is fooled by gibberish: of no domain, it is still likeliest in one. A ValueError names the
        domains there are.
        """
        number = self._number(domain)
        likeliest = self.log_likelihood(tokens).argmax(dim=1) == number
        return likeliest & (self.known_pairs(tokens, domain) >= least_known)

    def _number(self, domain: str) -> int:
        if domain not in self.domains:
            raise ValueError(
                f"Expected a domain of the counted text ({', '.join(self.domains)}), found {domain!r}."
            )
        return self.domains.index(domain)


def count_pairs(text: TokenizedText, d_vocab: int) -> DomainGuesser:
    """Counts the tokens and neighbours of every domain that the text holds, without the start tokens."""
    held = [number for number in range(len(text.domains)) if bool((text.domain == number).any())]
    if not held:
        raise ValueError("Expected a text with at least one sequence, found none.")
    singles, pairs, counts = [], [], []
    for number in held:
        tokens = text.tokens[text.domain == number][:, 1:]
        singles.append(torch.bincount(tokens.flatten(), minlength=d_vocab).float())
        seen, often = (tokens[:, :-1] * d_vocab + tokens[:, 1:]).unique(return_counts=True)
        pairs.append(seen)
        counts.append(often.float())
    table = torch.stack(singles)
    whole = (table.sum(dim=0) + 1) / (table.sum() + d_vocab)
    mixed = (table + _BACKGROUND * whole) / (table.sum(dim=1, keepdim=True) + _BACKGROUND)
    return DomainGuesser(
        tuple(text.domains[number] for number in held), table, mixed, tuple(pairs), tuple(counts)
    )
