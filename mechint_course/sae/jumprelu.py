"""The JumpReLU dictionary: each latent has a threshold of its own, and learns it.

    latents = h where h > threshold, else 0            with h = (x - b_dec) @ W_enc + b_enc
    loss    = |x - reconstruction|^2 + l0_coefficient * (number of latents that are on)

A latent that passes its threshold keeps its whole value, so nothing is shrunk. But a count has no slope: the gradients
of the threshold are estimates. They look only at pre-activations within half a `bandwidth` of the threshold, and take
their share of the batch for the density there (a straight-through estimator):

    d latents / d threshold  ~  -threshold / bandwidth  * [ |h - threshold| < bandwidth / 2 ]
    d count   / d threshold  ~          -1 / bandwidth  * [ |h - threshold| < bandwidth / 2 ]

Dead latents are brought back by resampling (`Resampling`).
Source: Rajamanoharan et al. 2024, Jumping Ahead, sections 3 and 4, equations 11 and 12; the penalty on a target L0 is
that of its appendix. There a threshold is learned through its logarithm and x has mean square length 1; here it is
learned as it is, kept above 0, and `bandwidth` and its start are shares of the root mean square length of x - mean.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from mechint_course.sae.base import SAE, Loss, Moment
from mechint_course.sae.team import ALONE, Team

_START = 0.05
"""Where thresholds start, as a share of the inputs' length."""


class JumpReLUSAE(SAE):
    """A dictionary with a learned threshold for each latent.

    >>> sae = JumpReLUSAE(d_in=2, d_sae=3, seed=0)
    >>> with torch.no_grad():
    ...     _ = sae.W_enc.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    ...     _ = sae.threshold.copy_(torch.tensor([1.0, 2.5, 4.0]))
    >>> sae.encode(torch.tensor([[2.0, 3.0], [-4.0, 1.0]])).detach()  # 4 is not above 4
    tensor([[2., 3., 0.],
            [0., 0., 0.]])
    """

    architecture = "jumprelu"
    own_tensors = ("threshold",)

    def __init__(
        self,
        d_in: int,
        d_sae: int,
        l0_coefficient: float = 0.0,
        *,
        seed: int,
        target_l0: float | None = None,
        bandwidth: float = 0.1,
        l0_warm_up: float = 0.1,
    ) -> None:
        """`l0_coefficient` is what a latent that is on costs, in units of the inputs' variance: 0.001 is 0.1 % of it.

        With `target_l0` the penalty is l0_coefficient * (L0 / target_l0 - 1)^2 instead: it also pulls upwards. Both
        climb from 0 over the first `l0_warm_up` share of the steps. Raises ValueError where a number is out of range.
        """
        super().__init__(d_in, d_sae, seed=seed)
        if (
            l0_coefficient < 0
            or bandwidth <= 0
            or l0_warm_up < 0
            or (target_l0 is not None and target_l0 <= 0)
        ):
            raise ValueError(
                f"l0_coefficient ({l0_coefficient}) and l0_warm_up ({l0_warm_up}) must be 0 or more, bandwidth ({bandwidth}) "
                f"and target_l0 ({target_l0}) above 0: without them there is nothing to learn a threshold by."
            )
        self.l0_coefficient, self.target_l0 = l0_coefficient, target_l0
        self.bandwidth, self.l0_warm_up = bandwidth, l0_warm_up
        self.threshold = nn.Parameter(torch.zeros(d_sae))
        self.register_buffer("length", torch.ones(()))
        self.length: Float[Tensor, ""]
        """Root mean square length of the first batch's inputs, from their mean: the unit of bandwidth and threshold."""

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """ReLU of the pre-activations that are above their threshold, 0 for all others."""
        h = self.pre_activations(x)
        return h.relu() * (h > self.threshold)

    def training_loss(self, x: Float[Tensor, "batch d_in"], moment: Moment) -> Loss:
        """Squared error, and the price of the latents that are on."""
        # Kept at 0 or above in place: a clamp inside the graph would hold a threshold at 0 for ever.
        self.threshold.data.clamp_(min=0)
        h, width = torch.addmm(self.folded_bias(), x, self.W_enc), self.bandwidth * float(self.length)
        latents = jump(h, self.threshold, width)
        squared_error = (x - self.decode(latents)).square().sum(-1).mean()
        l0 = count(h.detach(), self.threshold, width)
        weight = self.l0_coefficient * moment.climbed(self.l0_warm_up) * self.length.square()
        total = squared_error + weight * self._penalty(l0, moment.team)
        return Loss(total, squared_error.detach(), l0.detach(), (latents.detach() > 0).any(0))

    def _penalty(self, l0: Float[Tensor, ""], team: Team) -> Float[Tensor, ""]:
        if self.target_l0 is None:
            return l0
        gap = team.mean(l0.detach()) / self.target_l0 - 1
        # The value is that of the whole team's L0; the slope is this process's part of it.
        return gap.square() + 2 * gap / self.target_l0 * (l0 - l0.detach())

    @torch.no_grad()
    def prepare(self, x: Float[Tensor, "batch d_in"], team: Team = ALONE) -> None:
        """Measures the inputs, and puts all thresholds at the same small share of their length."""
        self.length.copy_((x - x.mean(0)).square().sum(-1).mean().sqrt())
        self.threshold.fill_(_START * float(self.length))

    def reset(self, latents: Int[Tensor, " some"]) -> None:
        """Bias to 0 and threshold to its start."""
        super().reset(latents)
        self.threshold.data[latents] = _START * self.length

    def settings(self) -> dict[str, Any]:
        """The penalty, its target, its warm-up, and the bandwidth."""
        names = ("l0_coefficient", "target_l0", "bandwidth", "l0_warm_up")
        return {name: getattr(self, name) for name in names}


def jump(
    h: Float[Tensor, "batch d_sae"], threshold: Float[Tensor, " d_sae"], bandwidth: float
) -> Float[Tensor, "batch d_sae"]:
    """h where it is above its threshold, else 0; differentiable in both, in the threshold by estimate.

    >>> h, threshold = torch.tensor([[0.9, 3.0], [1.1, 0.0]]), torch.tensor([1.0, 1.0], requires_grad=True)
    >>> jump(h, threshold, bandwidth=0.5).detach()
    tensor([[0.0000, 3.0000],
            [1.1000, 0.0000]])
    >>> torch.autograd.grad(jump(h, threshold, bandwidth=0.5).sum(), threshold)[0]  # two of two within 0.25, none of two
    tensor([-4., -0.])
    """
    return _Jump.apply(h, threshold, bandwidth)


def count(
    h: Float[Tensor, "batch d_sae"], threshold: Float[Tensor, " d_sae"], bandwidth: float
) -> Float[Tensor, ""]:
    """How many of a row are above their thresholds, on average over rows; differentiable in the threshold, by estimate.

    >>> h, threshold = torch.tensor([[0.9, 3.0], [1.1, 0.0]]), torch.tensor([1.0, 1.0], requires_grad=True)
    >>> number = count(h, threshold, bandwidth=0.5)
    >>> number.item(), torch.autograd.grad(number, threshold)[0]
    (1.0, tensor([-2., -0.]))
    """
    return _Count.apply(h, threshold, bandwidth)


def _near(h: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
    return (h - threshold).abs() < bandwidth / 2


class _Jump(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(h, threshold)
        ctx.bandwidth = bandwidth
        return h * (h > threshold)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        h, threshold = ctx.saved_tensors
        near = _near(h, threshold, ctx.bandwidth)
        return grad * (h > threshold), -(threshold / ctx.bandwidth) * (grad * near).sum(0), None


class _Count(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(h, threshold)
        ctx.bandwidth = bandwidth
        return (h > threshold).sum().to(h.dtype) / len(h)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, None]:
        h, threshold = ctx.saved_tensors
        near = _near(h, threshold, ctx.bandwidth).sum(0)
        return None, -grad * near / (ctx.bandwidth * len(h)), None
