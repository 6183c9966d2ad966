"""Neurons: toy models with a ReLU on the hidden layer, which only store features or compute something with them.

Elhage et al. 2022, "Toy Models of Superposition", sections "Superposition in a Privileged Basis" and "Computation in
Superposition".
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mechint_course.toy.checking import batch_for, positive
from mechint_course.toy.distributions import feature_batch
from mechint_course.toy.instances import Instances, LossAndGradients


class _Neurons(Instances):
    """What both models share: the way through a hidden layer of neurons."""

    def _forward(self, x: Tensor, W1: Tensor, W2: Tensor) -> Tensor:
        batch_for(x, self.n_instances, self.n_features, self.b_final.device)
        return torch.relu(torch.relu(x @ W1.mT) @ W2.mT + self.b_final[:, None])

    def _back(
        self, x: Tensor, target: Tensor, W1: Tensor, W2: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The loss, and its gradients with respect to W1, W2 and the bias, derived by hand.

        With h = ReLU(W1 x) and g = dL/d(W2 h + b), zero where the output's ReLU is shut: dL/dW2 = g h^T, dL/db = sum g,
        and dL/dW1 = (W2^T g, zero where a neuron is shut) x^T.
        """
        batch_for(x, self.n_instances, self.n_features, self.b_final.device)
        columns, wanted = x.mT, target.mT  # samples as columns: the long dimension innermost
        hidden = torch.bmm(W1, columns).relu_()
        out = torch.baddbmm(self.b_final[:, :, None], W2, hidden).relu_()
        error = out - wanted
        weighted = error * self.importance[:, :, None]
        loss = torch.linalg.vecdot(weighted, error).sum(-1) / x.shape[1]
        weighted = torch.ops.aten.threshold_backward(weighted, out, 0.0).mul_(2 / x.shape[1])
        at_neurons = torch.ops.aten.threshold_backward(torch.bmm(W2.mT, weighted), hidden, 0.0)
        return loss, torch.bmm(at_neurons, x), torch.bmm(weighted, hidden.mT), weighted.sum(-1)


class HiddenReLU(_Neurons):
    """Many models at once that reproduce their input through neurons: `x' = ReLU(W^T ReLU(W x) + b)`.

    Sizes, `feature_probability` and `importance` as in `ToyModel`, errors too.

    >>> model = HiddenReLU(n_features=10, n_hidden=5, n_instances=3, feature_probability=0.1)
    >>> model.W.shape, model(torch.zeros(3, 7, 10)).shape
    (torch.Size([3, 5, 10]), torch.Size([3, 7, 10]))
    """

    W: Float[Tensor, "n_instances n_hidden n_features"]
    """Row k holds the weights of neuron k, to and from the features."""

    def _make_weights(self) -> None:
        self.W = self._weights(self.n_hidden, self.n_features)

    def forward(
        self, x: Float[Tensor, "n_instances batch n_features"]
    ) -> Float[Tensor, "n_instances batch n_features"]:
        """The reconstruction of every sample."""
        return self._forward(x, self.W, self.W.mT)

    def loss(self, x: Float[Tensor, "n_instances batch n_features"]) -> Float[Tensor, "n_instances"]:
        """Squared errors weighted by importance, summed over features, averaged over the batch."""
        return (self.importance[:, None] * (x - self(x)) ** 2).sum(-1).mean(-1)

    @torch.no_grad()
    def loss_and_gradients(self, x: Float[Tensor, "n_instances batch n_features"]) -> LossAndGradients:
        """What `loss(x).sum().backward()` would give, several times faster."""
        loss, into, back, bias = self._back(x, x, self.W, self.W.mT)
        return LossAndGradients(loss, {"W": into.add_(back.mT), "b_final": bias})


class AbsoluteValue(_Neurons):
    """Many models at once that compute `|x|` of every feature with neurons: `y = ReLU(W2 ReLU(W1 x) + b)`.

    At the start every neuron writes to what it listens to, with the same strength and never with a minus: where an
    output begins below zero, its ReLU is shut, no gradient passes, and one half of that feature is never learned.

    Sizes, `feature_probability` and `importance` as in `ToyModel`, errors too. Draw batches with `signed_batch`.

    >>> model = AbsoluteValue(n_features=3, n_hidden=6)
    >>> model.W1.shape, model.W2.shape
    (torch.Size([1, 6, 3]), torch.Size([1, 3, 6]))
    """

    W1: Float[Tensor, "n_instances n_hidden n_features"]
    """Row k holds what neuron k listens to."""
    W2: Float[Tensor, "n_instances n_features n_hidden"]
    """Column k holds what neuron k writes to."""

    def _make_weights(self) -> None:
        self.W1 = self._weights(self.n_hidden, self.n_features, scale=0.3)
        self.W2 = nn.Parameter(
            self.W1.detach().mT.abs().contiguous()
        )  # fused optimisers look at memory, not shape

    def forward(
        self, x: Float[Tensor, "n_instances batch n_features"]
    ) -> Float[Tensor, "n_instances batch n_features"]:
        """What the model takes for `|x|`."""
        return self._forward(x, self.W1, self.W2)

    def loss(self, x: Float[Tensor, "n_instances batch n_features"]) -> Float[Tensor, "n_instances"]:
        """Squared errors against `|x|`, weighted by importance, summed over features, averaged over the batch."""
        return (self.importance[:, None] * (x.abs() - self(x)) ** 2).sum(-1).mean(-1)

    @torch.no_grad()
    def loss_and_gradients(self, x: Float[Tensor, "n_instances batch n_features"]) -> LossAndGradients:
        """What `loss(x).sum().backward()` would give, several times faster."""
        loss, into, out, bias = self._back(x, x.abs(), self.W1, self.W2)
        return LossAndGradients(loss, {"W1": into, "W2": out, "b_final": bias})


def signed_batch(
    feature_probability: Float[Tensor, "n_instances n_features"],
    batch_size: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n_instances batch n_features"]:
    """Independent features: each is 0, except with its probability, when it is uniform between -1 and 1.

    Raises what `feature_batch` raises.

    >>> from mechint_course.toy import stream
    >>> x = signed_batch(torch.tensor([[1.0, 0.01]]), 1000, generator=stream(0, "data"))
    >>> bool(x[0, :, 0].min() < -0.9), bool(x[0, :, 0].max() > 0.9), int((x[0, :, 1] != 0).sum()) < 50
    (True, True, True)
    """
    u = feature_batch(feature_probability, batch_size, generator=generator).mT
    return torch.where(u > 0, 2 * u - 1, 0.0).mT


def features_per_neuron(
    W1: Float[Tensor, "*instances n_hidden n_features"], *, share: float = 0.3, silent: float = 0.1
) -> Int[Tensor, "*instances n_hidden"]:
    """How many features each neuron listens to: weights of at least `share` of its largest one, signs left out.

    The paper scales every neuron so that its largest weight is 1 before it draws them (footnote 15). A neuron whose
    largest weight is below `silent` listens to none. 1 is a monosemantic neuron, 2 and more a polysemantic one.

    >>> features_per_neuron(torch.tensor([[2.0, -1.0, 0.1], [0.0, 1.0, 0.2], [0.01, 0.0, 0.0]]))
    tensor([2, 1, 0])
    """
    positive("share", share)
    if W1.dim() < 2:
        raise ValueError(
            f"W1 must be [n_hidden, n_features] or a stack of these, but its shape is {list(W1.shape)}; "
            "give one row for each neuron."
        )
    largest = W1.abs().amax(-1, keepdim=True)
    return ((W1.abs() >= share * largest) & (largest >= silent)).sum(-1)
