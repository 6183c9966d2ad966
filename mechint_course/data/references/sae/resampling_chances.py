def resampling_chances(
    x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]
) -> Float[Tensor, "batch"]:
    """The chance of each input to be drawn: proportional to its loss squared; the sum is 1.

    By hand: two inputs with the losses 1 and 3 have the squares 1 and 9, so their chances are 0.1 and 0.9.
    """
    loss = (x - reconstruction).square().sum(dim=-1)
    return loss**2 / (loss**2).sum()
