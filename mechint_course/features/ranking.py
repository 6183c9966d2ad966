"""How well every unit tells a domain from all others, from the places where it is on, for all units at once."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.features.reading import Units


class DomainScores:
    """The F1 of "its activation is at least t" for each unit and domain, at the t that makes it largest.

    The threshold is chosen on the same text, so the score is for finding units to look at; `read_domains` and
    `domain_table` score on text that took no part in choosing.
    """

    def __init__(self, units: Units) -> None:
        columns, text = units.columns, units.text
        self._sizes = np.diff(columns.indptr)
        unit = np.repeat(np.arange(units.n_units), self._sizes)
        order = np.lexsort((-columns.data, unit))
        ordered = columns.data[order]
        n_positions = text.tokens.shape[1] - 1
        self._domain = text.domain.numpy()[columns.indices[order] // n_positions]
        self._begin = np.repeat(columns.indptr[:-1], self._sizes)
        self._rank = np.arange(len(ordered)) - self._begin + 1
        # A threshold takes all places of its value or none.
        last = np.zeros(len(ordered), dtype=bool)
        last[columns.indptr[1:][self._sizes > 0] - 1] = True
        self._whole = np.append(ordered[1:] != ordered[:-1], True) | last
        self._tokens = np.bincount(text.domain.numpy(), minlength=len(text.domains)) * n_positions

    def f1(self, domain: int) -> Float[Tensor, " n_units"]:
        """The score of every unit for one domain; 0 for a unit that is never on."""
        found = torch.zeros(len(self._sizes))
        if not len(self._domain):
            return found
        hits = np.concatenate([[0], np.cumsum(self._domain == domain)])
        inside = hits[1:] - hits[self._begin]
        f1 = np.where(self._whole, 2 * inside / (self._rank + self._tokens[domain]), 0.0)
        on = self._sizes > 0
        starts = (np.cumsum(self._sizes) - self._sizes)[on]
        found[torch.from_numpy(on)] = torch.from_numpy(np.maximum.reduceat(f1, starts)).float()
        return found

    def all(self) -> Float[Tensor, "n_units n_domains"]:
        """The scores for every domain."""
        return torch.stack([self.f1(domain) for domain in range(len(self._tokens))], dim=1)
