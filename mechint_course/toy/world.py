"""A small world whose features are known: sparse strengths times directions, more of them than dimensions."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import whole_number
from mechint_course.toy.distributions import feature_batch, stream
from mechint_course.toy.room import random_directions


@dataclass(frozen=True)
class SparseWorld:
    """Inputs x = features @ directions, of which a dictionary sees only x.

    Each feature is there with `probability`, uniform between 0 and 1, and has a random direction of length 1. With
    more features than dimensions they are in superposition. Directions, training data and test data have random
    streams of their own.

    >>> world = SparseWorld(n_features=5, d_in=3, probability=0.2)
    >>> world.directions.shape, world.sample(4)[1].shape
    (torch.Size([5, 3]), torch.Size([4, 3]))
    """

    n_features: int
    d_in: int
    probability: float
    """How often each feature is there."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for a size below 1 or a probability that is not above 0 and at most 1."""
        whole_number("n_features", self.n_features)
        whole_number("d_in", self.d_in)
        if not 0 < self.probability <= 1:
            raise ValueError(f"probability must be above 0 and at most 1, but it is {self.probability}.")

    @property
    def directions(self) -> Float[Tensor, "n_features d_in"]:
        """The direction of each feature, a row of length 1."""
        return random_directions(self.d_in, self.n_features, seed=self.seed).T.float()

    def sample(
        self, n: int, *, part: str = "test"
    ) -> tuple[Float[Tensor, "n n_features"], Float[Tensor, "n d_in"]]:
        """`n` samples: the strengths of the features, and x. The same for the same `part`."""
        return self._draw(n, stream(self.seed, f"world {part}"))

    def batches(self, batch_size: int) -> Iterator[Float[Tensor, "batch d_in"]]:
        """Endless new samples of x to train on."""
        generator = stream(self.seed, "world training")
        while True:
            yield self._draw(batch_size, generator)[1]

    def _draw(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        strengths = feature_batch(torch.full((1, self.n_features), self.probability), n, generator=generator)[
            0
        ]
        return strengths, strengths @ self.directions
