"""The BatchTopK dictionary: k latents an input on average, not exactly.

    training    of all batch x d_sae pre-activations, the k x batch largest are kept (if positive)
    use         h where h > threshold, else 0: an input must not depend on which others come with it

An input that needs many latents gets them from one that needs few. The threshold of use is the smallest value that
training kept, a moving average over batches; it is one number for all latents. On disk it is a JumpReLU dictionary,
as SAELens writes it (`inference`).
Source: Bussmann et al. 2024, BatchTopK Sparse Autoencoders, section 3. Entries equal to the smallest one kept are all
kept, so what is chosen does not depend on an order.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.sae.auxk import WEIGHT, auxk
from mechint_course.sae.base import SAE, Loss, Moment
from mechint_course.sae.jumprelu import JumpReLUSAE
from mechint_course.sae.sparse import combine, project
from mechint_course.sae.team import ALONE, Team

_SURELY_BELOW = 0.7
"""Entries below this share of the last threshold are looked at only when the others do not suffice."""


class Entries(NamedTuple):
    """Which latents are on, for one input after the other."""

    indices: Int[Tensor, " entries"]
    """The latents."""
    starts: Int[Tensor, " edges"]
    """Where each input's latents start, and at the end how many there are in all."""


class BatchTopKSAE(SAE):
    """A dictionary that keeps k latents for each input, on average over a batch.

    >>> sae = BatchTopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> with torch.no_grad():
    ...     _ = sae.W_enc.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> sae.pick(torch.tensor([[2.0, 3.0], [-1.0, 1.0]])).indices  # both entries go to the first input
    tensor([0, 1])
    >>> sae.threshold.item()
    2.0
    """

    architecture = "batchtopk"

    def __init__(
        self,
        d_in: int,
        d_sae: int,
        k: float,
        *,
        seed: int,
        aux_weight: float = WEIGHT,
        momentum: float = 0.99,
    ) -> None:
        """`aux_weight` weighs AuxK against the squared error; `momentum` is the share that the moving threshold keeps.

        The paper's 0.999 remembers a thousand steps, as many as a course's training has.
        Raises ValueError where k is not above 0 and at most d_sae, or momentum not in [0, 1).
        """
        super().__init__(d_in, d_sae, seed=seed)
        if not 0 < k <= d_sae:
            raise ValueError(
                f"k must be above 0 and at most d_sae = {d_sae}, but it is {k!r}: keep fewer latents than there are."
            )
        if not 0 <= momentum < 1:
            raise ValueError(
                f"momentum must be at least 0 and below 1, but it is {momentum!r}: the threshold has to move."
            )
        self.k, self.aux_weight, self.momentum = k, aux_weight, momentum
        self.register_buffer("threshold", torch.full((), -1.0))
        self.threshold: Float[Tensor, ""]
        """What a pre-activation must exceed outside training; -1 until the first batch was seen."""

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """ReLU of the pre-activations above the threshold, 0 for all others."""
        h = self.pre_activations(x)
        return h.relu() * (h > self.threshold)

    @torch.no_grad()
    def pick(self, centred: Float[Tensor, "batch d_in"], team: Team = ALONE) -> Entries:
        """The k x batch largest positive pre-activations of the whole team's batch; moves the threshold."""
        h = torch.addmm(self.b_enc, centred, self.W_enc)
        n = max(1, round(self.k * len(h) * team.size))
        likely = h[h > _SURELY_BELOW * self.threshold.clamp_min(0)]
        if int(team.sum(torch.tensor(len(likely), device=h.device))) < n:
            likely = h[h > 0]
        least = team.nth_largest(likely, n)
        first = self.threshold < 0
        self.threshold.copy_(torch.where(first, least, self.threshold.lerp(least, 1 - self.momentum)))
        on = (h >= least) & (h > 0)
        edges = torch.nn.functional.pad(on.sum(1).cumsum(0), (1, 0))
        return Entries(on.nonzero(as_tuple=True)[1], edges)

    def training_loss(self, x: Float[Tensor, "batch d_in"], moment: Moment) -> Loss:
        """Squared error, and AuxK where latents are dead."""
        centred = self.centred(x).detach()
        indices, starts = self.pick(centred, moment.team)
        values = project(x, self.W_enc.T, indices, starts) + self.folded_bias()[indices]
        minimised, error = self._errors(x, values.relu(), Entries(indices, starts))
        total = minimised + self.aux_weight * auxk(self, centred, error, moment.dead)
        fired = torch.zeros(self.d_sae, dtype=torch.bool, device=x.device)
        fired[indices] = True
        squared_error = error.detach().square().sum(-1).mean()
        return Loss(total, squared_error, torch.tensor(len(indices) / len(x)), fired)

    def _errors(
        self, x: Float[Tensor, "batch d_in"], values: Float[Tensor, " entries"], entries: Entries
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "batch d_in"]]:
        """What is minimised, and what the whole dictionary misses."""
        error = x - (combine(values, self.W_dec, *entries) + self.b_dec)
        return error.square().sum(-1).mean(), error

    def settings(self) -> dict[str, Any]:
        """k, how strongly AuxK pulls, and the threshold's memory."""
        return {"k": self.k, "aux_weight": self.aux_weight, "momentum": self.momentum}

    @torch.no_grad()
    def inference(self) -> JumpReLUSAE:
        """The same dictionary as a JumpReLU one, every threshold the moving average: how SAELens saves it.

        Raises ValueError where it was never trained, so that there is no threshold.
        """
        if self.threshold < 0:
            raise ValueError(
                "This dictionary has no threshold yet, because it never saw a batch: train it before you save it."
            )
        sae = JumpReLUSAE(self.d_in, self.d_sae, seed=0)
        for name in ("W_enc", "W_dec", "b_enc", "b_dec"):
            getattr(sae, name).copy_(getattr(self, name))
        sae.threshold.fill_(float(self.threshold))
        return sae
