"""Everything there is to see about one unit, gathered on one card; and the orders in which cards can be looked through.

Nothing is computed before it is asked for: the scores of all units at the first sort, the twins at the first look at a
twin, a card in some milliseconds when it is opened.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.features.correlation import StreamingCorrelation
from mechint_course.features.evidence import Excerpt, excerpts, top_examples
from mechint_course.features.latents import share_by_domain
from mechint_course.features.logits import logit_weights
from mechint_course.features.matching import Matches, best_matches
from mechint_course.features.ranking import DomainScores
from mechint_course.features.reading import Units
from mechint_course.features.removal import Effect, removal_effect
from mechint_course.features.splitting import Children, children_of
from mechint_course.language.tokenizer import token_strings
from mechint_course.sae import SAE

Order = Literal["domain score", "density", "correlation", "number"]
"""What units can be sorted by."""

_BARS = 20
_THIRDS = ("strong: upper third", "middle third", "weak: lower third")


class Group(NamedTuple):
    """Some texts, with what they have in common."""

    title: str
    excerpts: tuple[Excerpt, ...]
    high: float
    """The activation that gets the full colour."""


class DomainRow(NamedTuple):
    """One domain, as a unit sees it."""

    domain: str
    share: float
    """How much of all its activation is there."""
    precision: float
    """Of the tokens where it is on, the share in the domain."""
    recall: float
    """Of the domain's tokens, the share where it is on."""


class Link(NamedTuple):
    """Another unit, and how near it is (correlation, cosine or weight)."""

    unit: int
    value: float


@dataclass(frozen=True)
class Card:
    """One unit."""

    unit: int
    kind: str
    """"neuron" or "feature"."""
    density: float
    peak: float
    counts: tuple[int, ...]
    """How many tokens have an activation in each of equal steps from 0 to the peak; tokens where it is off are left out."""
    groups: tuple[Group, ...]
    up: tuple[tuple[str, float], ...]
    """The next tokens that it makes likelier, with their logit weights."""
    down: tuple[tuple[str, float], ...]
    domains: tuple[DomainRow, ...]
    """Where it spends its activation, the largest share first."""
    neurons: tuple[Link, ...]
    """The neurons that a feature's direction is made of, the largest weights first; none for a neuron."""
    effect: Effect | None
    twin: Link | None
    children: tuple[Link, ...]
    """In a wider dictionary of the same model, the nearest direction first."""


class Cards:
    """The units of one reading, with their twins in another model and their children in a wider dictionary."""

    def __init__(self, units: Units, *, twin: Units | None = None, wider: SAE | None = None) -> None:
        """`twin` reads the same text with another model; `wider` is a larger dictionary of the same model.

        Raises ValueError where the two readings are of different texts, or the wider dictionary is of another layer.
        """
        if twin is not None and not torch.equal(twin.text.tokens, units.text.tokens):
            raise ValueError(
                f"Expected the twin to have read the same text, found {len(twin.text)} sequences that are not the "
                f"{len(units.text)} of {units.name}: read one text with both models."
            )
        if wider is not None and (units.sae is None or wider.d_in != units.sae.d_in):
            raise ValueError(
                "Expected a wider dictionary of the same layer as the units, found "
                + (
                    "neurons, which have no children."
                    if units.sae is None
                    else f"one of {wider.d_in} neurons."
                )
            )
        self.units, self.twin, self.wider = units, twin, wider
        self.card = lru_cache(maxsize=256)(self._card)

    @cached_property
    def scores(self) -> Float[Tensor, "n_units n_domains"]:
        """Every unit's F1 for every domain, at its best threshold on this text."""
        return DomainScores(self.units).all()

    @cached_property
    def matches(self) -> Matches | None:
        """Each unit's best match among the twin's units."""
        if self.twin is None:
            return None
        stream = StreamingCorrelation(self.units.n_units, self.twin.n_units)
        stream.update(self.units.columns.tocsr(), self.twin.columns.tocsr())
        return best_matches(stream.result())

    @cached_property
    def children(self) -> Children | None:
        """The wider dictionary's latents, each under the nearest of these."""
        if self.wider is None or self.units.sae is None:
            return None
        return children_of(self.units.sae.W_dec.detach(), self.wider.W_dec.detach())

    @cached_property
    def _rows(self) -> tuple[Tensor, Tensor, Tensor]:
        """(share of its activation, precision, recall) of each unit in each domain."""
        units = self.units
        n = len(units.text.domains)
        rows = units.columns.tocsr()
        share = share_by_domain(rows, units.text.domain, n)
        on = rows.copy()
        on.data[:] = 1.0
        precision = share_by_domain(on, units.text.domain, n)
        fired = units.density[:, None] * rows.shape[0]
        tokens = torch.bincount(units.text.domain, minlength=n) * (units.text.tokens.shape[1] - 1)
        return share, precision, precision * fired / tokens.clamp_min(1)

    def orders(self) -> list[Order]:
        """What these units can be sorted by."""
        return [by for by in get_args(Order) if by != "correlation" or self.twin is not None]

    def order(self, by: str = "domain score", domain: str | None = None) -> Int[Tensor, " n_units"]:
        """The units, those with most of it first; units that are never on come last.

        Args:
            by: "domain score" (F1 for `domain`, or for the unit's best one), "density", "correlation" with the twin,
                or "number", which counts up.
            domain: one of the text's domains, or None for any.

        Raises:
            ValueError: another word, a domain that the text has not, or "correlation" without a twin.
        """
        if by not in self.orders():
            raise ValueError(f"Expected one of {', '.join(self.orders())}, found {by!r}.")
        if domain is not None and domain not in self.units.text.domains:
            raise ValueError(f"Expected one of {', '.join(self.units.text.domains)}, found {domain!r}.")
        if by == "number":
            return torch.arange(self.units.n_units)
        if by == "density":
            value = self.units.density
        elif by == "correlation":
            assert self.matches is not None  # `orders` has it with a twin only
            value = self.matches.correlation
        else:
            value = (
                self.scores.amax(1)
                if domain is None
                else self.scores[:, self.units.text.domains.index(domain)]
            )
        value = torch.where(self.units.density > 0, value, -2.0)
        return value.argsort(descending=True, stable=True)

    def line(self, unit: int) -> str:
        """The unit in a few words: its number, best domain with the score, how often it is on, and its twin."""
        if self.units.density[unit] == 0:
            return f"{unit}: never on"
        score, at = self.scores[unit].max(0)
        line = f"{unit}: {self.units.text.domains[int(at)]} {score:.2f}, on {self.units.density[unit]:.2%}"
        if self.twin is None or "matches" not in self.__dict__:
            return line
        assert self.matches is not None
        return f"{line}, twin {self.matches.correlation[unit]:.2f}"

    def _card(self, unit: int) -> Card:
        units = self.units
        units.check(unit)
        direction = units.direction(unit)
        up, down = self._logits(direction)
        share, precision, recall = (part[unit] for part in self._rows)
        best = share.topk(min(6, len(share))).indices.tolist()
        return Card(
            unit=unit,
            kind=units.kind,
            density=float(units.density[unit]),
            peak=float(units.peak[unit]),
            counts=self._counts(unit),
            groups=self._groups(unit),
            up=up,
            down=down,
            domains=tuple(
                DomainRow(units.text.domains[d], float(share[d]), float(precision[d]), float(recall[d]))
                for d in best
                if share[d] > 0
            ),
            neurons=() if units.sae is None else _largest(direction),
            effect=removal_effect(units, unit),
            twin=self._twin(unit),
            children=self._children(unit),
        )

    def _counts(self, unit: int) -> tuple[int, ...]:
        values = torch.from_numpy(self.units.column(unit)[1]).float()
        if not len(values):
            return (0,) * _BARS
        return tuple(int(n) for n in torch.histc(values, _BARS, min=0, max=float(self.units.peak[unit])))

    def _groups(self, unit: int) -> tuple[Group, ...]:
        """Its strongest places, some from each third of its firings, and the strongest again under its twin."""
        units, text = self.units, self.units.text
        places, activations = units.column(unit)
        if not len(places):
            return ()
        values, high = units.values(unit), float(units.peak[unit])
        on = int((values.amax(1) > 0).sum())
        top = top_examples(values, k=min(4, on))
        groups = [Group("strongest", tuple(excerpts(text, values, top)), high)]
        order = torch.from_numpy(activations).argsort(descending=True)
        generator = torch.Generator().manual_seed(unit)
        n_positions = text.tokens.shape[1] - 1
        for title, third in zip(_THIRDS, order.tensor_split(3), strict=True):
            drawn = third[torch.randperm(len(third), generator=generator)[:2]]
            at = torch.from_numpy(places)[drawn].long()
            if len(at):
                spots = torch.stack([at // n_positions, 1 + at % n_positions], dim=1)
                groups.append(Group(title, tuple(excerpts(text, values, spots)), high))
        link = self._twin(unit)
        if link is not None and self.twin is not None:
            under = tuple(excerpts(text, self.twin.values(link.unit), top))
            title = f"the same texts under its twin, {self.twin.kind} {link.unit} of {self.twin.name}"
            groups.append(Group(title, under, float(self.twin.peak[link.unit]) or 1.0))
        return tuple(groups)

    def _logits(self, direction: Tensor, k: int = 10) -> tuple[tuple[tuple[str, float], ...], ...]:
        weights = logit_weights(self.units.model, direction)
        k = min(k, len(weights))
        return tuple(
            tuple(
                (token_strings([i])[0], round(sign * w, 4))
                for w, i in zip(*map(Tensor.tolist, found), strict=True)
            )
            for sign, found in ((1, weights.topk(k)), (-1, (-weights).topk(k)))
        )

    def _twin(self, unit: int) -> Link | None:
        if self.matches is None or self.units.density[unit] == 0:
            return None
        return Link(int(self.matches.partner[unit]), float(self.matches.correlation[unit]))

    def _children(self, unit: int) -> tuple[Link, ...]:
        if self.children is None:
            return ()
        return tuple(
            Link(child, float(self.children.cosine[child])) for child in self.children.of(unit)[:8].tolist()
        )


def _largest(direction: Tensor, k: int = 8) -> tuple[Link, ...]:
    at = direction.abs().topk(min(k, len(direction))).indices.tolist()
    return tuple(Link(neuron, float(direction[neuron])) for neuron in at)
