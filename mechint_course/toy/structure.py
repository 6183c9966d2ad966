"""Features that come in sets: all of a set together, or one of it at a time.

Elhage et al. 2022, "Toy Models of Superposition", section "Correlated and Anticorrelated Features". Both classes are
samplers for `train`: the probability of a set is that of its first feature.
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
