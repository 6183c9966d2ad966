def batch_topk(h: Float[Tensor, "batch d_sae"], k: int) -> Float[Tensor, "batch d_sae"]:
    """ReLU of the k * batch largest entries of h, 0 elsewhere.

    By hand: h = [[5, 4, -1], [1, 3, 0.5]] and k = 1 give a budget of two entries. Both go to the first row:
    [[5, 4, 0], [0, 0, 0]].
    """
    least = h.flatten().topk(k * len(h)).values[-1]
    return torch.where(h >= least, h, 0).relu()
