"""The top-k dictionary: of all latents, the k largest are kept for each input.

    h = (x - b_dec) @ W_enc + b_enc          one number a latent
    latents = ReLU(h where h is among the k largest, else 0)

The number of latents that are on is set by k itself, so no penalty has to be tuned and none shrinks the latents.
Latents that fall silent are brought back by AuxK: dead latents get to reconstruct what the living ones left over.
Source: Gao et al. 2024, Scaling and evaluating sparse autoencoders, sections 2.3 and 2.4; selection before ReLU as in SAELens.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.sae.auxk import WEIGHT, auxk
from mechint_course.sae.base import SAE, Loss, Moment
from mechint_course.sae.sparse import combine, project
from mechint_course.sae.team import ALONE, Team

_WORTH_A_PROBE = (
    1 << 20
)  # weights; below, the product is quick either way, and runs stay repeatable to the bit


_PROBED = 512
"""Inputs that the probe multiplies: few, because without hardware for it bfloat16 is hundreds of times slower."""


class Selected(NamedTuple):
    """The k latents that each input switches on, largest first."""

    values: Float[Tensor, "*batch k"]
    """How strongly; 0 where fewer than k pre-activations were positive."""
    indices: Int[Tensor, "*batch k"]
    """Which latents."""


class TopKSAE(SAE):
    """A top-k dictionary.

    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> with torch.no_grad():
    ...     _ = sae.W_enc.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> sae.encode(torch.tensor([[2.0, 3.0], [-4.0, 1.0]])).detach()
    tensor([[0., 3., 0.],
            [0., 0., 4.]])
    """

    architecture = "topk"

    def __init__(self, d_in: int, d_sae: int, k: int, *, seed: int, aux_weight: float = WEIGHT) -> None:
        """`aux_weight` weighs AuxK against the squared error. Raises ValueError where k is not between 1 and d_sae."""
        super().__init__(d_in, d_sae, seed=seed)
        if not isinstance(k, int) or not 1 <= k <= d_sae:
            raise ValueError(
                f"k must be a whole number from 1 to d_sae = {d_sae}, but it is {k!r}: keep fewer latents than there are."
            )
        self.k, self.aux_weight = k, aux_weight
        self.selection = torch.float32
        """In what precision training picks the k latents; what they are worth is always computed in float32."""

    def select(self, x: Float[Tensor, "*batch d_in"]) -> Selected:
        """The k latents that are on, without the d_sae - k zeros."""
        values, indices = self.pre_activations(x).topk(self.k, dim=-1)
        return Selected(values.relu(), indices)

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """ReLU of the k largest pre-activations, 0 for all others."""
        values, indices = self.select(x)
        return torch.zeros(*x.shape[:-1], self.d_sae, dtype=values.dtype, device=x.device).scatter(
            -1, indices, values
        )

    def reconstruct(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_in"]:
        """decode(encode(x)), reading only k decoder rows for each input."""
        values, indices = self.select(x.reshape(-1, x.shape[-1]))
        return (combine(values, self.W_dec, indices) + self.b_dec).reshape(x.shape)

    def training_loss(self, x: Float[Tensor, "batch d_in"], moment: Moment) -> Loss:
        """Squared error, and AuxK where latents are dead."""
        centred = self.centred(x).detach()
        indices = self._pick(centred)
        values = (project(x, self.W_enc.T, indices) + self.folded_bias()[indices]).relu()
        error = x - (combine(values, self.W_dec, indices) + self.b_dec)
        squared_error = error.square().sum(-1).mean()
        total = squared_error + self.aux_weight * auxk(self, centred, error, moment.dead)
        on = values.detach() > 0
        fired = torch.zeros(self.d_sae, dtype=torch.bool, device=x.device)
        fired[indices[on]] = True
        return Loss(total, squared_error.detach(), on.sum(-1).float().mean(), fired)

    @torch.no_grad()
    def _pick(self, centred: Float[Tensor, "batch d_in"]) -> Int[Tensor, "batch k"]:
        parts = (self.b_enc, centred, self.W_enc)
        bias, inputs, weights = (part.to(self.selection) for part in parts)
        return torch.addmm(bias, inputs, weights).topk(self.k, dim=-1, sorted=False).indices

    def prepare(self, x: Float[Tensor, "batch d_in"], team: Team = ALONE) -> None:
        """Picks latents in bfloat16 where this machine multiplies much faster in it, else in float32.

        Nearly equal pre-activations may then change places; which of two near-ties is on matters little to training.
        """
        self.selection = torch.float32
        if self.W_enc.numel() < _WORTH_A_PROBE:
            return
        x = x[:_PROBED]
        in_full = _seconds(lambda: self._pick(x), team)
        self.selection = torch.bfloat16
        if _seconds(lambda: self._pick(x), team) * 1.3 > in_full:
            self.selection = torch.float32

    def choices(self) -> dict[str, str]:
        """The precision of the selection."""
        return {"selection": str(self.selection).removeprefix("torch.")}

    def choose(self, choices: Mapping[str, str]) -> None:
        """Takes over the precision of the selection."""
        self.selection = torch.bfloat16 if choices.get("selection") == "bfloat16" else torch.float32

    def settings(self) -> dict[str, Any]:
        """k, and how strongly AuxK pulls."""
        return {"k": self.k, "aux_weight": self.aux_weight}

    def own_config(self) -> dict[str, Any]:
        """k, and the one switch of SAELens' top-k that we always leave off."""
        return {"k": self.k, "rescale_acts_by_decoder_norm": False}

    @classmethod
    def from_config(cls, d_in: int, d_sae: int, config: Mapping[str, Any]) -> "TopKSAE":
        """Reads k."""
        k = config.get("k")
        if not isinstance(k, int) or isinstance(k, bool):
            raise ValueError(f"a top-k dictionary needs a whole number 'k', found {k!r}")
        return cls(d_in, d_sae, k, seed=0)


def _seconds(job: Callable[[], object], team: Team) -> float:
    """How long it takes, over all processes, so that all of them choose the same."""
    job()  # the first call also pays for memory and for choosing a kernel
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        job()
        taken.append(time.perf_counter() - began)
    return float(team.sum(torch.tensor([min(taken)])))
