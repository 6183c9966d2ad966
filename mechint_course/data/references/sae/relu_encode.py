def relu_encode(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    b_dec: Float[Tensor, "d_in"],
) -> Float[Tensor, "batch d_sae"]:
    """The latents: ReLU of (x - b_dec) @ W_enc + b_enc.

    By hand, with x = [[3.0, 1.0]], b_dec = [1.0, 0.0], W_enc = [[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]] and
    b_enc = [-0.5, 0.5, 0.5]: x - b_dec is [2.0, 1.0], and the latents are [[1.5, 1.5, 0.0]].
    """
    return torch.relu((x - b_dec) @ W_enc + b_enc)
