"""The standard dictionary: ReLU, and a penalty on how strongly latents are on.

    latents = ReLU((x - b_dec) @ W_enc + b_enc)
    loss    = |x - reconstruction|^2 + l1_coefficient * sum(latents)          mean over the batch

The penalty makes most latents 0, and it also makes those that are on a little too small: their reconstruction is
shrunk. Decoder rows are kept at length 1, or the penalty would be dodged by long rows and small latents. Dead latents
are brought back by resampling (`Resampling`).
Source: Bricken et al. 2023, Towards Monosemanticity, appendix; the loss is written as in SAELens, so a coefficient
means the same in both (other libraries differ by factors of d_in or of the batch).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.sae.base import SAE, Loss, Moment


class StandardSAE(SAE):
    """A dictionary with an L1 penalty.

    >>> sae = StandardSAE(d_in=2, d_sae=3, l1_coefficient=0.1, seed=0)
    >>> with torch.no_grad():
    ...     _ = sae.W_enc.copy_(torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))
    >>> sae.encode(torch.tensor([[2.0, 3.0], [-4.0, 1.0]])).detach()
    tensor([[2., 3., 0.],
            [0., 1., 4.]])
    """

    architecture = "standard"

    def __init__(
        self, d_in: int, d_sae: int, l1_coefficient: float = 0.0, *, seed: int, l1_warm_up: float = 0.1
    ) -> None:
        """`l1_coefficient` is in the units of x; it climbs from 0 over the first `l1_warm_up` share of the steps.

        Raises ValueError where one of them is negative.
        """
        super().__init__(d_in, d_sae, seed=seed)
        if l1_coefficient < 0 or l1_warm_up < 0:
            raise ValueError(
                f"l1_coefficient ({l1_coefficient}) and l1_warm_up ({l1_warm_up}) must be 0 or more: "
                "a negative penalty would reward latents for being on."
            )
        self.l1_coefficient, self.l1_warm_up = l1_coefficient, l1_warm_up
        # At the start half of the latents are on, and together they would give back d_sae / (2 d_in) times x.
        self.W_enc.data.mul_(min(1.0, 2 * d_in / d_sae))

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """ReLU of the pre-activations."""
        return self.pre_activations(x).relu()

    def training_loss(self, x: Float[Tensor, "batch d_in"], moment: Moment) -> Loss:
        """Squared error and the penalty."""
        latents = torch.addmm(self.folded_bias(), x, self.W_enc).relu_()
        squared_error = (x - self.decode(latents)).square().sum(-1).mean()
        penalty = self.l1_coefficient * moment.climbed(self.l1_warm_up)
        total = squared_error + penalty * latents.sum() / len(x)
        on = latents.detach() > 0
        return Loss(total, squared_error.detach(), on.sum() / len(x), on.any(0))

    def settings(self) -> dict[str, Any]:
        """The penalty and its warm-up."""
        return {"l1_coefficient": self.l1_coefficient, "l1_warm_up": self.l1_warm_up}
