"""The toy model of superposition: more features than hidden dimensions, and a ReLU at the output.

Elhage et al. 2022, "Toy Models of Superposition", section "Experiment Setup".
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import PerFeature, batch_for, one_of
from mechint_course.toy.instances import Instances, LossAndGradients


class ToyModel(Instances):
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
        super().__init__(
            n_features,
            n_hidden,
            n_instances=n_instances,
            feature_probability=feature_probability,
            importance=importance,
            seed=seed,
            device=device,
        )
        self.activation = one_of("activation", activation, ("relu", "linear"))

    def _make_weights(self) -> None:
        # Well below Xavier's scale: directions that start long have taken sides before the others can make room.
        self.W = self._weights(self.n_hidden, self.n_features, scale=0.4)

    def forward(
        self, x: Float[Tensor, "n_instances batch n_features"]
    ) -> Float[Tensor, "n_instances batch n_features"]:
        """The reconstruction of every sample: `ReLU(W^T W x + b)`, or `W^T W x + b` for a linear model.

        Raises ValueError for samples of another shape or device, TypeError for such that hold no floats.

        Two features on opposite sides of one dimension: each alone comes back, but of both at once only the
        difference is left.

        >>> model = ToyModel(n_features=2, n_hidden=1)
        >>> _ = model.W.data.copy_(torch.tensor([[[1.0, -1.0]]]))
        >>> model(torch.tensor([[[0.5, 0.0], [0.0, 1.0], [0.5, 1.0]]])).detach()
        tensor([[[0.5000, 0.0000],
                 [0.0000, 1.0000],
                 [0.0000, 0.5000]]])
        """
        batch_for(x, self.n_instances, self.n_features, self.W.device)
        out = x @ self.W.mT @ self.W + self.b_final[:, None]
        return torch.relu(out) if self.activation == "relu" else out

    def loss(self, x: Float[Tensor, "n_instances batch n_features"]) -> Float[Tensor, "n_instances"]:
        """Squared errors weighted by importance, summed over features, averaged over the batch.

        >>> model = ToyModel(n_features=2, n_hidden=1, importance=[1.0, 0.5])
        >>> _ = model.W.data.zero_()  # nothing comes back: 1 * 1 + 0.5 * 4 for the first sample, 0 for the other
        >>> model.loss(torch.tensor([[[1.0, 2.0], [0.0, 0.0]]])).detach()
        tensor([1.5000])
        """
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
