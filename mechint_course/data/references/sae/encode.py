def encode(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    b_dec: Float[Tensor, "d_in"],
    k: int,
) -> Float[Tensor, "batch d_sae"]:
    """The latents: ReLU of the k largest entries of (x - b_dec) @ W_enc + b_enc in each row, 0 elsewhere.

    By hand, with x = [[3.0, 1.0]], b_dec = [1.0, 0.0], W_enc = [[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]] and
    b_enc = [0.0, 0.5, 0.5]: x - b_dec is [2.0, 1.0], so h is [2.0, 1.5, -2.5]. With k = 1 the latents are
    [[2.0, 0.0, 0.0]], with k = 3 they are [[2.0, 1.5, 0.0]].
    """
    h = (x - b_dec) @ W_enc + b_enc
    values, indices = h.topk(k, dim=-1)
    return torch.zeros_like(h).scatter(-1, indices, values.relu())
