def nested_loss(
    x: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
    sizes: tuple[int, ...],
) -> Float[Tensor, ""]:
    """The mean over `sizes` of the squared error of the first m latents' reconstruction.

    By hand: x = [[3, 1]], latents [[2, 1]], W_dec the unit vectors, b_dec = [1, 0], sizes (1, 2). With one latent the
    reconstruction is [3, 0], error 1; with two it is [3, 1], error 0. The loss is 0.5.
    """
    losses = [(x - latents[:, :m] @ W_dec[:m] - b_dec).square().sum(dim=-1).mean() for m in sizes]
    return sum(losses) / len(losses)
