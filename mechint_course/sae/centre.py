"""The middle of the data, where b_dec starts."""

from jaxtyping import Float
from torch import Tensor


def geometric_median(
    x: Float[Tensor, "batch d_in"], *, n_steps: int = 50, tolerance: float = 1e-6
) -> Float[Tensor, " d_in"]:
    """The point with the smallest sum of distances to the rows of x: a middle that outliers hardly move.

    Weiszfeld's iteration: the mean of the rows, each weighted by one over its distance to the point so far.
    Source: Bricken et al. 2023, appendix (b_dec starts here). Raises ValueError where x has no rows.

    >>> import torch
    >>> geometric_median(torch.tensor([[0.0], [0.0], [0.0], [100.0]])).round(decimals=2)
    tensor([0.])
    """
    if len(x) == 0:
        raise ValueError("The geometric median needs at least one row, but x has none.")
    point = x.mean(0)
    for _ in range(n_steps):
        weights = 1 / (x - point).norm(dim=1).clamp_min(1e-8)
        moved = weights @ x / weights.sum()
        if (moved - point).norm() <= tolerance * (1 + point.norm()):
            return moved
        point = moved
    return point
