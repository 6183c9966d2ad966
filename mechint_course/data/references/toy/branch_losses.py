def branch_losses(
    density: Float[Tensor, "n"], importance: Float[Tensor, "n"]
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"], Float[Tensor, "n"]]:
    """The expected loss of three solutions: ignore the extra feature, ignore the first one, keep both as opposites.

    `importance` is that of the extra feature; the first one has 1. By hand, density 1 and importance 1: an ignored
    feature that is always there varies by 1/3 - 1/4 = 1/12; the pair costs 1/6 for each feature. So 1/12, 1/12, 1/3.
    """
    variance = density / 3 - density**2 / 4
    return importance * variance, variance, (1 + importance) * density**2 / 6
