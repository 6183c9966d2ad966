"""The toy model of superposition: more features than hidden dimensions, and a ReLU at the output.

Elhage et al. 2022, "Toy Models of Superposition", section "Experiment Setup".
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mechint_course.toy.checking import (
    PerFeature,
    batch_for,
    importances,
    one_of,
    probabilities,
    whole_number,
)
from mechint_course.toy.distributions import stream


class LossAndGradients(NamedTuple):
    """The loss of every instance, and the gradient of each parameter by its name."""

    loss: Float[Tensor, "n_instances"]
    gradients: dict[str, Tensor]


class ToyModel(nn.Module):
    """Many toy models at once: `x' = ReLU(W^T W x + b)` for each instance, or the same without the ReLU.

    Instances share nothing but the sizes: each has its own weights, feature probabilities and importances,
    so that a whole map of settings, or many seeds of one, trains as a single batch.

    `feature_probability` (above 0, at most 1; 1 is dense) and `importance` (0 or more) are numbers or
    whatever broadcasts to `[n_instances, n_features]`: a `[n_features]` tensor for each feature,
    `[n_instances, 1]` for each instance. Raises ValueError or TypeError, in one sentence, for sizes below 1,
    probabilities outside (0, 1], NaN, wrong shapes and mixed devices.

    >>> model = ToyModel(n_features=5, n_hidden=2, n_instances=3, feature_probability=0.05)
    >>> model.W.shape, model.b_final.shape
    (torch.Size([3, 2, 5]), torch.Size([3, 5]))
    """

    W: Float[Tensor, "n_instances n_hidden n_features"]
    """Column i is the direction of feature i in the hidden space."""
    b_final: Float[Tensor, "n_instances n_features"]
    """The bias added before the output's ReLU."""
    feature_probability: Float[Tensor, "n_instances n_features"]
    """How often each feature is active (the paper's density, 1 - S)."""
    importance: Float[Tensor, "n_instances n_features"]
    """How much the squared error of each feature counts (the paper's I_i)."""

    def __init__(
        self,
        n_features: int,
        n_hidden: int,
        *,
        n_instances: int = 1,
        feature_probability: PerFeature = 1.0,
        importance: PerFeature = 1.0,
        activation: Literal["relu", "linear"] = "relu",
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        self.n_features = whole_number("n_features", n_features)
        self.n_hidden = whole_number("n_hidden", n_hidden)
        self.n_instances = whole_number("n_instances", n_instances)
        self.activation = one_of("activation", activation, ("relu", "linear"))
        shape = (self.n_instances, self.n_features)
        self.register_buffer(
            "feature_probability", probabilities("feature_probability", feature_probability, *shape, device)
        )
        self.register_buffer("importance", importances("importance", importance, *shape, device))
        # Well below Xavier's scale: directions that start long have taken sides before the others can make room.
        scale = 0.4 * (2 / (self.n_features + self.n_hidden)) ** 0.5
        weights = torch.randn(
            self.n_instances, self.n_hidden, self.n_features, generator=stream(seed, "weights")
        )
        self.W = nn.Parameter((scale * weights).to(device))
        self.b_final = nn.Parameter(torch.zeros(shape, device=device))

    def forward(
        self, x: Float[Tensor, "n_instances batch n_features"]
    ) -> Float[Tensor, "n_instances batch n_features"]:
        """The reconstruction of every sample: `ReLU(W^T W x + b)`, or `W^T W x + b` for a linear model."""
        batch_for(x, self.n_instances, self.n_features, self.W.device)
        out = x @ self.W.mT @ self.W + self.b_final[:, None]
        return torch.relu(out) if self.activation == "relu" else out

    def loss(self, x: Float[Tensor, "n_instances batch n_features"]) -> Float[Tensor, "n_instances"]:
        """Squared errors weighted by importance, summed over features, averaged over the batch."""
        return (self.importance[:, None] * (x - self(x)) ** 2).sum(-1).mean(-1)

    @torch.no_grad()
    def loss_and_gradients(self, x: Float[Tensor, "n_instances batch n_features"]) -> LossAndGradients:
        """What `loss(x).sum().backward()` would give, derived by hand, several times faster.

        With h = W x, y = W^T h + b and g = dL/dy (zero where the ReLU is shut): dL/db = sum g and
        dL/dW = h g^T + (W g) x^T, because W is used twice, once to write and once to read.
        """
        batch_for(x, self.n_instances, self.n_features, self.W.device)
        W, columns = (
            self.W,
            x.mT,
        )  # samples as columns: the long dimension innermost, where the products are fastest
        hidden = torch.bmm(W, columns)
        out = torch.baddbmm(self.b_final[:, :, None], W.mT, hidden)
        if self.activation == "relu":
            out.relu_()
        error = out - columns
        weighted = error * self.importance[:, :, None]
        loss = torch.linalg.vecdot(weighted, error).sum(-1) / x.shape[1]
        if self.activation == "relu":
            weighted = torch.ops.aten.threshold_backward(weighted, out, 0.0)
        weighted.mul_(2 / x.shape[1])
        grad_W = torch.bmm(hidden, weighted.mT).baddbmm_(torch.bmm(W, weighted), columns.mT)
        return LossAndGradients(loss, {"W": grad_W, "b_final": weighted.sum(-1)})
