"""Several processes that train one dictionary together, each on its own share of every batch.

    torchrun --nproc-per-node 2 my_training.py

and in the script `with joined() as team: train_sae(sae, ..., team=team)`. Started without torchrun, the same script
trains alone: a team of one, in which nothing is sent. What is reduced, and how:

    gradients        averaged, so a step is that of the whole batch
    latents that fired, inputs seen        any of us, all of ours: a latent is dead when no process has seen it on
    BatchTopK's threshold       the n-th largest activation over everybody's share, found exactly (`nth_largest`)
    b_dec's start, the variance     from everybody's share of the first batch

Two processes then do what one does on the joined batch, up to the order in which floats are added: in the test, all
weights agree within 1e-5 after 30 steps of every architecture.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

_INFINITY = 0x7F80_0000
"""The bits of float32's infinity; between 0 and here, floats and their bits have the same order."""


@dataclass(frozen=True)
class Team:
    """The processes that train together; `Team()` is this one alone."""

    group: "dist.ProcessGroup | None" = None

    @property
    def size(self) -> int:
        """How many processes there are."""
        return 1 if self.group is None else dist.get_world_size(self.group)

    @property
    def rank(self) -> int:
        """Which of them this is, from 0; the process of rank 0 shows progress and writes files."""
        return 0 if self.group is None else dist.get_rank(self.group)

    def share(self, x: Shaped[Tensor, "batch *rest"]) -> Shaped[Tensor, "share *rest"]:
        """This process's part of a batch that everybody has. Raises ValueError where it does not divide evenly.

        >>> Team().share(torch.arange(4))
        tensor([0, 1, 2, 3])
        """
        if len(x) % self.size:
            raise ValueError(
                f"{len(x)} rows cannot be shared evenly by {self.size} processes: choose a batch size that is a multiple of {self.size}."
            )
        return x.tensor_split(self.size)[self.rank]

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all processes; `value` itself stays as it is."""
        if self.group is None:
            return value
        total = value.clone()
        dist.all_reduce(total, group=self.group)
        return total

    def mean(self, value: Float[Tensor, "*sizes"]) -> Float[Tensor, "*sizes"]:
        """The mean over all processes."""
        return self.sum(value) / self.size if self.group is not None else value

    def any(self, mask: Bool[Tensor, "*sizes"]) -> Bool[Tensor, "*sizes"]:
        """True where it is True for any process."""
        return self.sum(mask.int()) > 0 if self.group is not None else mask

    def gathered(self, rows: Shaped[Tensor, "share *rest"]) -> Shaped[Tensor, "batch *rest"]:
        """Everybody's rows, in order of rank; all must have as many."""
        if self.group is None:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.size)]
        dist.all_gather(parts, rows.contiguous(), group=self.group)
        return torch.cat(parts)

    def average_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Replaces each gradient by its mean over all processes, in one exchange."""
        if self.group is None:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        together = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        sizes = [gradient.numel() for gradient in gradients]
        for gradient, part in zip(gradients, together.split(sizes), strict=True):
            gradient.copy_(part.view(gradient.shape))

    def nth_largest(self, values: Float[Tensor, " any"], n: int) -> Float[Tensor, ""]:
        """The n-th largest of everybody's non-negative values; 0 where there are fewer than n.

        Across processes by bisection on the bits of float32: 31 exchanges of one count, and exact.

        >>> Team().nth_largest(torch.tensor([3.0, 0.5, 2.0]), 2)
        tensor(2.)
        """
        if self.group is None:
            return values.topk(n, sorted=True).values[-1] if n <= len(values) else values.new_zeros(())
        bits = values.float().contiguous().view(torch.int32)
        low, high = 0, _INFINITY  # at least n values have bits >= low (or low is 0), fewer have bits >= high
        while high - low > 1:
            middle = (low + high) // 2
            enough = int(self.sum((bits >= middle).sum())) >= n
            low, high = (middle, high) if enough else (low, middle)
        return torch.tensor(low, dtype=torch.int32, device=values.device).view(torch.float32).to(values.dtype)


ALONE = Team()
"""A team of one: this process, which shares nothing."""


@contextmanager
def joined(backend: str = "gloo") -> Iterator[Team]:
    """The team that torchrun started this process in; a team of one where it was started otherwise.

    `backend` is torch's name for how the processes talk: "gloo" between CPUs, "nccl" between GPUs.

    >>> with joined() as team:  # started without torchrun
    ...     team.size, team.rank, team.sum(torch.tensor(3.0))
    (1, 0, tensor(3.))
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ and "WORLD_SIZE" not in os.environ:
        yield ALONE
        return
    dist.init_process_group(backend)
    try:
        yield Team(dist.group.WORLD)
    finally:
        dist.destroy_process_group()
