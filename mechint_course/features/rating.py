"""Blind rating: which units are shown, in what order, with which places, and by which rubric they are judged.

After Bricken et al. 2023 (Towards Monosemanticity, "Manual human analysis"): people rated features and neurons without
knowing which is which, from places in intervals of equal width over a unit's range, and from its logit weights. They
rated one interval at a time; here a unit is rated once, over all of its intervals.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.features.evidence import Excerpt, excerpts
from mechint_course.features.logits import logit_weights
from mechint_course.features.reading import Units
from mechint_course.language.tokenizer import token_strings

SCALE = 10.0
"""Activations are shown so that a unit's largest is this: sizes of their own would tell features from neurons."""

IntervalOf = Callable[[Tensor, int], Tensor]
"""Says in which of n intervals each value lies, the weakest 0; -1 where it is in none."""


class Criterion(NamedTuple):
    """One line of the rubric."""

    name: str
    """A short stable word, as files call it."""
    title: str
    most: int
    """It is rated from 0 to this."""
    question: str


RUBRIC = (
    Criterion(
        "confidence", "Confidence", 3, "Think of one explanation for all the texts. How sure of it are you?"
    ),
    Criterion(
        "activations", "Activations", 5, "How well do the coloured tokens fit it, the weak ones included?"
    ),
    Criterion("logits", "Logits", 3, "How well do the tokens that become likelier next fit it?"),
    Criterion("effect", "Effect size", 1, "Of those, do the ones that fit stand clearly above the rest?"),
    Criterion("specificity", "Specificity", 3, "How specific is it? DNA is more specific than “code”."),
)
"""The paper's five, with its maxima. They add up to 15; the paper speaks of a scale from 0 to 14."""

MOST = sum(criterion.most for criterion in RUBRIC)


@dataclass(frozen=True)
class Item:
    """One unit to rate. Who rates must see neither its kind nor its number."""

    kind: str
    """"feature" or "neuron"."""
    unit: int
    intervals: tuple[tuple[Excerpt, ...], ...]
    """Texts from each interval, the strongest first, on a scale to `SCALE`; an interval may have none."""
    likelier: tuple[tuple[str, float], ...]
    """Next tokens with the highest logit weights, the largest of them 1."""


@dataclass(frozen=True)
class Sheet:
    """What one person rates: units in a random order."""

    items: tuple[Item, ...]
    seed: int
    about: Mapping[str, str]
    """What the units are of: a word for the features' dictionary and one for the neurons' model."""
    manifest: str
    """Which text the places are from."""

    @property
    def key(self) -> str:
        """The same for the same units of the same dictionary and model, text and seed; another for any other."""
        units = [[item.kind, item.unit] for item in self.items]
        facts = [dict(self.about), self.seed, units, self.manifest]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def interval_of(values: Float[Tensor, " n_places"], n: int) -> Int[Tensor, " n_places"]:
    """In which of n intervals of equal width from 0 to the maximum each value lies, the weakest 0; -1 where it is 0.

    >>> interval_of(torch.tensor([0.0, 0.5, 1.5, 4.0]), 4)
    tensor([-1,  0,  1,  3])
    """
    number = (values / values.max() * n).long().clamp_max(n - 1)
    return torch.where(values > 0, number, -1)


def rating_sheet(
    kinds: Sequence[Units],
    *,
    each: int = 8,
    n_intervals: int = 4,
    examples: int = 2,
    least_on: int = 50,
    seed: int = 0,
    intervals: IntervalOf = interval_of,
) -> Sheet:
    """Draws as many units of every kind at random, in a random order, each with random places from its whole range.

    Args:
        kinds: the units to draw from, such as the features of a dictionary and the neurons of its model.
        each: how many of each kind.
        n_intervals: how many intervals a unit's range is cut into.
        examples: how many places are shown from each interval; fewer where it has fewer.
        least_on: units that are on at fewer places than this are not drawn.
        seed: of the draw.
        intervals: what says in which interval each value lies.

    Raises:
        ValueError: kinds with one name or of two texts, or too few units that are on often enough.

    >>> from mechint_course.features.reading import read_units
    >>> from mechint_course.language import TokenizedText, load_model
    >>> from mechint_course.sae import TopKSAE
    >>> words = torch.randint(1, 25, (12, 9), generator=torch.Generator().manual_seed(0))
    >>> words[:, 0] = 0  # the start token
    >>> text = TokenizedText(words, torch.zeros(12).long(), ("words",), torch.arange(12), "random words")
    >>> neurons = read_units(load_model("tiny"), text)
    >>> features = read_units(load_model("tiny"), text, TopKSAE(20, 40, 4, seed=0))
    >>> sheet = rating_sheet([features, neurons], each=3, least_on=4)
    >>> sorted(item.kind for item in sheet.items)
    ['feature', 'feature', 'feature', 'neuron', 'neuron', 'neuron']
    >>> [[round(text.values[text.focus]) for text in texts] for texts in sheet.items[0].intervals]  # 7.5 to 10 first
    [[10, 9], [7, 7], [5], []]
    """
    if len({units.kind for units in kinds}) < len(kinds) or not kinds:
        raise ValueError(f"Expected units of different kinds, found {[units.kind for units in kinds]}.")
    if len({units.text.manifest for units in kinds}) > 1:
        raise ValueError(
            "Expected units that were read on one text, found several: read both on the same one."
        )
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for units in kinds:
        often = torch.nonzero(units.density * units.columns.shape[0] >= least_on - 0.5)[:, 0]
        if len(often) < each:
            raise ValueError(
                f"Expected at least {each} {units.kind}s that are on at {least_on} places or more, found {len(often)}: "
                "rate fewer, ask for fewer places, or give more text."
            )
        drawn = often[torch.randperm(len(often), generator=generator)[:each]]
        chosen += [(units, unit) for unit in drawn.tolist()]
    order = torch.randperm(len(chosen), generator=generator).tolist()
    items = []
    for i in order:
        units, unit = chosen[i]
        items.append(_item(units, unit, n_intervals, examples, intervals, generator))
    about = {units.kind: units.name for units in kinds}
    return Sheet(tuple(items), seed, about, kinds[0].text.manifest)


def _item(
    units: Units, unit: int, n: int, examples: int, intervals: IntervalOf, generator: torch.Generator
) -> Item:
    values = units.values(unit)
    number = intervals(values.flatten(), n)
    scaled = values * (SCALE / float(values.max()))
    groups = []
    for level in reversed(range(n)):
        inside = torch.nonzero(number == level)[:, 0]
        some = inside[torch.randperm(len(inside), generator=generator)[:examples]]
        places = torch.stack([some // values.shape[1], some % values.shape[1]], dim=1)
        # The kind of text would be half an explanation.
        found = excerpts(units.text, scaled, places, before=12, after=6)
        groups.append(tuple(replace(excerpt, label="") for excerpt in found))
    top = logit_weights(units.model, units.direction(unit)).topk(10)
    strings = token_strings(top.indices)
    shares = (top.values / top.values[0].clamp_min(1e-12)).tolist()
    return Item(units.kind, unit, tuple(groups), tuple(zip(strings, shares, strict=True)))
