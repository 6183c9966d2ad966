"""Inputs that are already in memory, as shuffled batches: for small trainings that go over the same inputs."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.sae.seeds import stream


@dataclass(frozen=True)
class Shuffled:
    """Endless batches of the rows of x, in a new random order each time round, to hand to `train_sae`.

    What a step gets depends only on its number and the seed: called with a step, the object goes on from there. Rows
    that do not fill a batch wait for the next round.

    >>> batches = Shuffled(torch.arange(6.0)[:, None], batch_size=2, seed=0)
    >>> first_round = [next(batches(step)) for step in range(3)]
    >>> torch.cat(first_round)[:, 0].sort().values
    tensor([0., 1., 2., 3., 4., 5.])
    """

    x: Float[Tensor, "n_inputs d_in"]
    batch_size: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where the rows do not fill one batch."""
        if self.x.ndim != 2 or not 1 <= self.batch_size <= len(self.x):
            raise ValueError(
                f"Expected x [n_inputs, d_in] and a batch of 1 to n_inputs rows, found shape {tuple(self.x.shape)} and "
                f"batch_size = {self.batch_size}: give more inputs or a smaller batch."
            )

    def __call__(self, step: int = 0) -> Iterator[Float[Tensor, "batch d_in"]]:
        """The batches from this step on."""
        a_round = len(self.x) // self.batch_size
        while True:
            turn, place = divmod(step, a_round)
            order = torch.randperm(len(self.x), generator=stream(f"sae.shuffled.{turn}", self.seed))
            for number in range(place, a_round):
                yield self.x[order[number * self.batch_size : (number + 1) * self.batch_size]]
            step = (turn + 1) * a_round

    def __iter__(self) -> Iterator[Float[Tensor, "batch d_in"]]:
        return self(0)
