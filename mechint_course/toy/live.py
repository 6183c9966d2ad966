"""One toy model that trains while somebody watches, and may change its world on the way."""

from collections import deque

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import whole_number
from mechint_course.toy.distributions import Sampler, feature_batch, stream
from mechint_course.toy.model import ToyModel
from mechint_course.toy.structure import Pairs


class LiveTraining:
    """A toy model under training, a few steps at a time.

    `density`, `decay` (feature i has the importance decay^i) and `correlation` (of neighbours, see `Pairs`) may be
    changed between steps with `world`: the model goes on from where it is. Raises ValueError as `ToyModel` and `Pairs`.

    >>> live = LiveTraining(5, 2, density=0.05)
    >>> live.advance(3)
    >>> live.steps, live.W.shape, len(live.loss)
    (3, torch.Size([2, 5]), 1)
    """

    def __init__(
        self,
        n_features: int,
        n_hidden: int,
        *,
        density: float = 1.0,
        decay: float = 1.0,
        correlation: float = 0.0,
        seed: int = 0,
        batch_size: int = 256,
        learning_rate: float = 0.01,
    ) -> None:
        self.batch_size = whole_number("batch_size", batch_size)
        self.model = ToyModel(n_features, n_hidden, seed=seed)
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=learning_rate, fused=True)
        self._generator = stream(seed, "data")
        self.steps = 0
        self.loss: deque[tuple[int, float]] = deque(maxlen=2000)
        """After how many steps, and the mean loss of the steps since the entry before."""
        self.world(density, decay, correlation)

    @property
    def W(self) -> Float[Tensor, "n_hidden n_features"]:  # noqa: N802 - the field's own name
        """Column i is the direction of feature i."""
        return self.model.W.detach()[0]

    def world(self, density: float, decay: float, correlation: float) -> None:
        """Sets how often features are there, how fast their importance falls, and whether neighbours meet."""
        if not 0 < density <= 1:
            raise ValueError(f"density must be above 0 and at most 1, but it is {density}.")
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be above 0 and at most 1, but it is {decay}.")
        self._sampler: Sampler = Pairs(correlation) if correlation else feature_batch
        self.model.feature_probability.fill_(density)
        self.model.importance.copy_(decay ** torch.arange(self.model.n_features))

    def advance(self, steps: int = 10) -> None:
        """Trains for some steps, and notes their mean loss."""
        total = torch.zeros(())
        for _ in range(whole_number("steps", steps)):
            x = self._sampler(self.model.feature_probability, self.batch_size, generator=self._generator)
            loss, gradients = self.model.loss_and_gradients(x)
            for name, parameter in self.model.named_parameters():
                # A fused optimiser goes through memory, not through shapes.
                parameter.grad = gradients[name].contiguous()
            self._optimiser.step()
            total += loss[0]
        self.steps += steps
        self.loss.append((self.steps, float(total) / steps))
