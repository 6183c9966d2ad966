def decode(
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
) -> Float[Tensor, "batch d_in"]:
    """The reconstruction: b_dec plus every direction times its latent.

    By hand, with W_dec = [[1.0, 0.0], [0.5, 0.5]] and b_dec = [0.0, 1.0]: the latents [[2.0, 0.0]] give [[2.0, 1.0]],
    and [[0.0, 0.0]] give b_dec.
    """
    return latents @ W_dec + b_dec
