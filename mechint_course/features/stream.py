"""Activations of a language model as shuffled batches, in bounded memory, from any step on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.activations import activations
from mechint_course.language.models import ACTIVATION_HOOK
from mechint_course.sae.seeds import stream

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_SEQUENCES_AT_ONCE = 64


@dataclass(frozen=True)
class ActivationBatches:
    """Endless batches [batch_size, d_mlp] of the model's activations on `tokens`, to hand to `train_sae`.

    Sequences come in a new random order each time round. The activations of `buffer` tokens at a time are computed
    and mixed with each other, so memory holds 4 x buffer x d_mlp bytes (262,144 tokens of 512: 0.5 GB). What a step
    gets depends only on its number and the seed: called with a step, the object goes on from there.

    >>> from itertools import islice
    >>> from mechint_course.language.models import load_model
    >>> tokens = torch.arange(24).view(6, 4)
    >>> batches = ActivationBatches(load_model("tiny"), tokens, batch_size=8, buffer=24)
    >>> a_round = list(islice(batches, 3))
    >>> [tuple(batch.shape) for batch in a_round]
    [(8, 20), (8, 20), (8, 20)]
    >>> whole = activations(load_model("tiny"), tokens).flatten(0, 1)
    >>> torch.allclose(torch.cat(a_round).sort(dim=0).values, whole.sort(dim=0).values, atol=1e-5)  # each token once
    True
    >>> torch.equal(next(batches(2)), a_round[2])  # a training that goes on from step 2 gets the same
    True
    """

    model: "TransformerBridge"
    tokens: Int[Tensor, "n_sequences n_ctx"]
    batch_size: int = 4096
    buffer: int = 262_144
    """Tokens whose activations are held and mixed at a time."""
    seed: int = 0
    hook: str = ACTIVATION_HOOK

    def __post_init__(self) -> None:
        """Raises ValueError where the tokens do not fill one batch."""
        if self.tokens.ndim != 2 or self.tokens.numel() < self.batch_size or self.batch_size < 1:
            raise ValueError(
                f"Expected tokens [n_sequences, n_ctx], at least batch_size = {self.batch_size} of them in all, "
                f"found shape {tuple(self.tokens.shape)}: give more text or a smaller batch."
            )

    @property
    def _sequences(self) -> int:
        """Sequences whose activations are mixed at a time."""
        n_ctx = self.tokens.shape[1]
        enough = -(-max(self.buffer, self.batch_size) // n_ctx)
        return min(enough, len(self.tokens))

    @property
    def _steps(self) -> int:
        """Batches that one buffer gives."""
        return self._sequences * self.tokens.shape[1] // self.batch_size

    def __call__(self, step: int = 0) -> Iterator[Float[Tensor, "batch d_mlp"]]:
        """The batches from this step on."""
        number, within = divmod(step, self._steps)
        while True:
            mixed = self._mixed(number)
            for place in range(within, self._steps):
                yield mixed[place * self.batch_size : (place + 1) * self.batch_size]
            number, within = number + 1, 0

    def __iter__(self) -> Iterator[Float[Tensor, "batch d_mlp"]]:
        return self(0)

    def _mixed(self, number: int) -> Float[Tensor, "rows d_mlp"]:
        per_round = len(self.tokens) // self._sequences
        turn, place = divmod(number, per_round)
        order = torch.randperm(len(self.tokens), generator=stream(f"sae.data.order.{turn}", self.seed))
        chosen = self.tokens[order[place * self._sequences : (place + 1) * self._sequences]]
        mix = torch.randperm(chosen.numel(), generator=stream(f"sae.data.mix.{number}", self.seed))
        places = mix.argsort().split(_SEQUENCES_AT_ONCE * self.tokens.shape[1])
        mixed: Tensor | None = None
        # Each part goes to its places at once, so that the buffer is held in memory once and not twice.
        for part, where in zip(chosen.split(_SEQUENCES_AT_ONCE), places, strict=True):
            rows = activations(self.model, part, self.hook).flatten(0, 1)
            mixed = rows.new_empty(chosen.numel(), rows.shape[1]) if mixed is None else mixed
            mixed[where] = rows
        assert mixed is not None  # there is at least one sequence
        return mixed
