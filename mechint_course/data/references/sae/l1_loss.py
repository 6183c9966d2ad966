def l1_loss(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    l1_coefficient: float,
) -> Float[Tensor, ""]:
    """|x - reconstruction|^2 + l1_coefficient * (sum of the latents), averaged over the batch.

    By hand, with one input x = [[1.0, 2.0]], its reconstruction [[1.0, 1.5]], the latents [[2.0, 0.0, 1.0]] and the
    coefficient 0.1: the squared error is 0.25, the penalty 0.1 * 3.0, the loss 0.55.
    """
    squared_error = (x - reconstruction).square().sum(dim=-1)
    penalty = l1_coefficient * latents.sum(dim=-1)
    return (squared_error + penalty).mean()
