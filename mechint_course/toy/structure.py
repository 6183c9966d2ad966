"""Features that come in sets: all of a set together, or one of it at a time.

Elhage et al. 2022, "Toy Models of Superposition", section "Correlated and Anticorrelated Features". All classes are
samplers for `train`. In sets, the probability of a set is that of its first feature; in pairs, every feature keeps its own.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import whole_number


@dataclass(frozen=True)
class CorrelatedSets:
    """Neighbouring features form sets of `size`; the features of a set are there together, each with its own strength.

    >>> from mechint_course.toy import stream
    >>> x = CorrelatedSets(2)(torch.full((1, 4), 0.5), 100, generator=stream(0, "data"))
    >>> x.shape, bool(((x[0, :, 0] > 0) == (x[0, :, 1] > 0)).all())
    (torch.Size([1, 100, 4]), True)
    """

    size: int
    """How many features a set has."""

    def __call__(
        self,
        feature_probability: Float[Tensor, "n_instances n_features"],
        batch_size: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "n_instances batch n_features"]:
        u, strength, p = _draws(feature_probability, batch_size, self.size, generator)
        return strength * (u < p).repeat_interleave(self.size, dim=2)


@dataclass(frozen=True)
class AnticorrelatedSets:
    """Neighbouring features form sets of `size`; where a set is there, exactly one of its features is.

    >>> from mechint_course.toy import stream
    >>> x = AnticorrelatedSets(2)(torch.full((1, 4), 0.5), 100, generator=stream(0, "data"))
    >>> bool(((x[0, :, 0] > 0) & (x[0, :, 1] > 0)).any())
    False
    """

    size: int
    """How many features a set has."""

    def __call__(
        self,
        feature_probability: Float[Tensor, "n_instances n_features"],
        batch_size: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "n_instances batch n_features"]:
        u, strength, p = _draws(feature_probability, batch_size, self.size, generator)
        # Given that u < p, u / p is uniform again and picks the member; a set that is not there picks none of them.
        member = (u / p * self.size).floor()
        return strength * (member[..., None] == torch.arange(self.size, device=u.device)).flatten(2)


@dataclass(frozen=True)
class Pairs:
    """Neighbours are paired, and meet more often or more seldom than by chance; how often each is there does not change.

    With density p, both of a pair are there with the probability p^2 at correlation 0, p at 1 and max(0, 2p - 1) at
    -1, the largest and the smallest there can be, and in proportion in between. A last feature without a partner is
    independent. Raises ValueError for a correlation outside [-1, 1].

    >>> from mechint_course.toy import stream
    >>> x = Pairs(-1.0)(torch.full((1, 5), 0.3), 100, generator=stream(0, "data"))
    >>> bool(((x[0, :, 0] > 0) & (x[0, :, 1] > 0)).any())
    False
    """

    correlation: float
    """From -1 (never together, as far as the density allows) over 0 (independent) to 1 (always together)."""

    def __post_init__(self) -> None:
        if not -1 <= self.correlation <= 1:
            raise ValueError(f"correlation must be between -1 and 1, but it is {self.correlation}.")

    def __call__(
        self,
        feature_probability: Float[Tensor, "n_instances n_features"],
        batch_size: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "n_instances batch n_features"]:
        p = feature_probability[:, None]
        n_instances, n_features = feature_probability.shape
        shape = (n_instances, batch_size, n_features)
        u = torch.rand(shape, generator=generator, device=p.device)
        strength = torch.rand(shape, generator=generator, device=p.device)
        here = u < p
        paired = n_features // 2 * 2
        first, second = p[..., 0:paired:2], p[..., 1:paired:2]
        chance = first * second
        most, least = torch.minimum(first, second), (first + second - 1).clamp_min(0)
        both = chance + self.correlation * ((most - chance) if self.correlation > 0 else (chance - least))
        # The second of a pair: how likely it is, given that the first is there, or is not.
        given = torch.where(
            here[..., 0:paired:2], both / first, (second - both) / (1 - first).clamp_min(1e-12)
        )
        here[..., 1:paired:2] = u[..., 1:paired:2] < given
        return strength * here


def _draws(
    feature_probability: Tensor, batch_size: int, size: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """A uniform number for each set, a strength for each feature, and the probability of each set."""
    n_instances, n_features = feature_probability.shape
    if n_features % whole_number("size", size):
        raise ValueError(
            f"size must divide the number of features, {n_features}, but it is {size}; sets are all of one size."
        )
    device = feature_probability.device
    shape = (n_instances, batch_size, n_features // size)
    u = torch.rand(shape, generator=generator, device=device)
    strength = torch.rand(n_instances, batch_size, n_features, generator=generator, device=device)
    return u, strength, feature_probability[:, None, ::size]
