"""What every toy model has: many instances that share nothing but the sizes, their settings checked, their weights drawn."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mechint_course.toy.checking import PerFeature, importances, probabilities, whole_number
from mechint_course.toy.distributions import stream


class LossAndGradients(NamedTuple):
    """The loss of every instance, and the gradient of each parameter by its name."""

    loss: Float[Tensor, "n_instances"]
    gradients: dict[str, Tensor]


class Instances(nn.Module):
    """Sizes, settings and the output's bias of many models at once; a kind of model adds its weights and its way.

    `feature_probability` (above 0, at most 1; 1 is dense) and `importance` (0 or more) are numbers or
    whatever broadcasts to `[n_instances, n_features]`. Raises ValueError or TypeError, in one sentence, for sizes
    below 1, probabilities outside (0, 1], NaN, wrong shapes and mixed devices.

    A kind of model draws its weights in `_make_weights`; the rest of the settings is there already.

    >>> class Readout(Instances):
    ...     def _make_weights(self):
    ...         self.W_out = self._weights(self.n_features, self.n_hidden)
    >>> model = Readout(n_features=3, n_hidden=2, n_instances=2, importance=[1.0, 0.5, 0.25])
    >>> model.W_out.shape, model.importance
    (torch.Size([2, 3, 2]), tensor([[1.0000, 0.5000, 0.2500],
            [1.0000, 0.5000, 0.2500]]))
    """

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
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        self.n_features = whole_number("n_features", n_features)
        self.n_hidden = whole_number("n_hidden", n_hidden)
        self.n_instances = whole_number("n_instances", n_instances)
        shape = (self.n_instances, self.n_features)
        self.register_buffer(
            "feature_probability", probabilities("feature_probability", feature_probability, *shape, device)
        )
        self.register_buffer("importance", importances("importance", importance, *shape, device))
        self.b_final = nn.Parameter(torch.zeros(shape, device=device))
        self._seed, self._device = seed, device
        self._make_weights()

    def _make_weights(self) -> None:
        """Draws the weights that a model has beside its bias."""
        raise NotImplementedError

    def _weights(self, rows: int, columns: int, scale: float = 1.0) -> nn.Parameter:
        """[n_instances, rows, columns] normal numbers of `scale` times Xavier's size."""
        xavier = (2 / (rows + columns)) ** 0.5
        random = torch.randn(self.n_instances, rows, columns, generator=stream(self._seed, "weights"))
        return nn.Parameter((scale * xavier * random).to(self._device))
