def set_feature(
    x: Float[Tensor, "batch n_ctx d_in"], sae, latent: int, value: float
) -> Float[Tensor, "batch n_ctx d_in"]:
    """The activations with one latent at `value` everywhere, and nothing else changed.

    By hand: where x is [3, 1], the latent is at 2 and its decoder row is [0.6, 0.8], switching it off gives
    [3, 1] - 2 * [0.6, 0.8] = [1.8, -0.6]. Where the latent is off already, x stays as it is.
    """
    f = sae.encode(x)[..., latent]
    return x + (value - f)[..., None] * sae.W_dec[latent]
