"""Where toy features come from: sparse, and uniform between 0 and 1 when they are there.

Elhage et al. 2022, "Toy Models of Superposition", section "Experiment Setup".
"""

import zlib
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.toy.checking import whole_number


@runtime_checkable
class Sampler(Protocol):
    """Anything that draws batches of features for every instance of a model.

    One of your own, for features of which exactly one is there at a time:

    >>> def one_at_a_time(feature_probability, batch_size, *, generator):
    ...     n_instances, n_features = feature_probability.shape
    ...     which = torch.randint(n_features, (n_instances, batch_size), generator=generator)
    ...     return torch.eye(n_features)[which]
    >>> x = one_at_a_time(torch.full((1, 3), 0.5), 100, generator=stream(0, "data"))
    >>> x.shape, x.sum(dim=-1).unique()
    (torch.Size([1, 100, 3]), tensor([1.]))
    """

    def __call__(
        self,
        feature_probability: Float[Tensor, "n_instances n_features"],
        batch_size: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "n_instances batch n_features"]: ...


def stream(seed: int, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator of its own for one purpose, so that data and initial weights never share random numbers.

    >>> a, b = stream(0, "weights"), stream(0, "data")
    >>> bool(torch.equal(torch.rand(3, generator=a), torch.rand(3, generator=b)))
    False
    """
    whole_number("seed", seed, at_least=0)
    # torch's generator on the CPU looks at 32 bits of its seed and at no more, so both are mixed into these.
    return torch.Generator(device).manual_seed(zlib.crc32(f"{purpose} {seed}".encode()))


def feature_batch(
    feature_probability: Float[Tensor, "n_instances n_features"],
    batch_size: int,
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n_instances batch n_features"]:
    """Independent features: each is 0, except with its probability, when it is uniform between 0 and 1.

    One uniform draw u serves twice. Feature i is active where u < p, and given that, u / p is again uniform
    between 0 and 1: a second draw for the magnitude would add nothing. Probability 0.5 by hand: u = 0.2
    becomes 0.4, u = 0.7 becomes 0.

    The result is laid out in memory with the batch innermost, which is the layout that small matrix products
    like.

    Raises ValueError for a `feature_probability` that is not a matrix, and for a `batch_size` below 1.

    >>> x = feature_batch(torch.tensor([[1.0, 0.01]]), 1000, generator=stream(0, "data"))
    >>> x.shape, bool((x[0, :, 0] > 0).all()), int((x[0, :, 1] > 0).sum()) < 50
    (torch.Size([1, 1000, 2]), True, True)
    """
    if feature_probability.dim() != 2:
        raise ValueError(
            "feature_probability must be [n_instances, n_features], but its shape is "
            f"{list(feature_probability.shape)}; add the missing dimension."
        )
    whole_number("batch_size", batch_size)
    n_instances, n_features = feature_probability.shape
    p = feature_probability[:, :, None]
    u = torch.rand(
        n_instances, n_features, batch_size, generator=generator, device=feature_probability.device
    )
    active = u < p
    return u.div_(p).mul_(active).mT


def shared(sampler: Sampler = feature_batch) -> Sampler:
    """A sampler that shows the same samples to every instance, so that luck with them decides no comparison.

    For instances with the same feature probabilities, such as the restarts of one setting.

    >>> x = shared()(torch.full((2, 3), 0.5), 4, generator=stream(0, "data"))
    >>> x.shape, bool(torch.equal(x[0], x[1]))
    (torch.Size([2, 4, 3]), True)
    """

    def draw(
        feature_probability: Float[Tensor, "n_instances n_features"],
        batch_size: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "n_instances batch n_features"]:
        one = sampler(feature_probability[:1], batch_size, generator=generator)
        return one.expand(len(feature_probability), -1, -1)

    return draw
