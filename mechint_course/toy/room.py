"""How much room m dimensions have: directions that are nearly orthogonal, and sparse vectors that come back.

What Elhage et al. 2022, "Toy Models of Superposition", section "Definitions and Motivation", recalls: many nearly
orthogonal directions fit into a space, and compressed sensing recovers sparse vectors from few numbers.
"""

import math

import torch
from jaxtyping import Float
from scipy.optimize import minimize_scalar
from torch import Tensor

from mechint_course.toy.checking import whole_number
from mechint_course.toy.distributions import stream


def random_directions(
    n_hidden: int, n_directions: int, *, seed: int = 0
) -> Float[Tensor, "n_hidden n_directions"]:
    """Random directions of length 1, one a column, in double precision.

    >>> W = random_directions(3, 5)
    >>> W.shape, bool(torch.allclose(W.norm(dim=0), torch.ones(5, dtype=torch.float64)))
    (torch.Size([3, 5]), True)
    """
    shape = whole_number("n_hidden", n_hidden), whole_number("n_directions", n_directions)
    W = torch.randn(shape, generator=stream(seed, "directions"), dtype=torch.float64)
    return W / W.norm(dim=0)


def k_active(
    n_samples: int, n_features: int, k: int, *, seed: int = 0
) -> Float[Tensor, "n_samples n_features"]:
    """Samples in which exactly `k` features are there, uniform between 0 and 1; double precision.

    Raises ValueError where `k` is more than `n_features`.

    >>> (k_active(4, 6, 2) > 0).sum(1).tolist()
    [2, 2, 2, 2]
    """
    whole_number("n_samples", n_samples)
    if whole_number("k", k) > whole_number("n_features", n_features):
        raise ValueError(
            f"k must be at most n_features = {n_features}, but it is {k}; give a smaller number."
        )
    generator = stream(seed, "active features")
    order = torch.rand(n_samples, n_features, generator=generator).argsort(dim=1).argsort(dim=1)
    strength = 1 - torch.rand(n_samples, n_features, generator=generator, dtype=torch.float64)
    return strength * (order < k)


def dimensions_needed(n_features: int, k: int) -> float:
    """How many random numbers about half of all vectors with `k` positive entries among `n_features` come back from.

    For recovery by the non-negative vector of smallest sum. The expected squared distance of a Gaussian vector to the
    cone of the sum's subgradients, minimised over the cone's scale: Amelunxen, Lotz, McCoy and Tropp 2014, "Living on
    the Edge", sections 4 and 8. An active entry contributes 1 + t^2; an absent one the mean of max(g - t, 0)^2.

    >>> dimensions_needed(100, 100)  # nothing is sparse: as many numbers as entries
    100.0
    >>> 0 < dimensions_needed(100, 1) < dimensions_needed(100, 10) < 100
    True
    """
    if whole_number("k", k) > whole_number("n_features", n_features):
        raise ValueError(
            f"k must be at most n_features = {n_features}, but it is {k}; give a smaller number."
        )

    def distance(t: float) -> float:
        tail = math.erfc(t / math.sqrt(2)) / 2
        bell = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        return k * (1 + t * t) + (n_features - k) * ((1 + t * t) * tail - t * bell)

    if k == n_features:
        return float(n_features)
    return float(minimize_scalar(distance, bounds=(0, 10), method="bounded").fun)


def recovery_limit(n_features: int, n_hidden: int) -> int:
    """The largest number of active features that `n_hidden` random numbers are enough for; 0 where one is too many.

    >>> recovery_limit(100, 100)
    100
    """
    enough = [k for k in range(1, n_features + 1) if dimensions_needed(n_features, k) <= n_hidden]
    return max(enough, default=0)
