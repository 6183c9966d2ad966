def shrinkage(x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]) -> float:
    """The factor by which the reconstruction is too long: below 1, it is too short. The mean of x is taken off both.

    By hand: for the inputs [[-2.0], [2.0]] and their reconstructions [[-1.0], [1.0]] the mean is 0, the sum above is
    1 + 1, the one below 2 + 2, and the factor is 0.5.
    """
    mean = x.mean(dim=0)
    y = reconstruction - mean
    return (y.square().sum() / (y * (x - mean)).sum()).item()
