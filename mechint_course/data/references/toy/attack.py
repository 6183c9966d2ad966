def attack(W: Float[Tensor, "n_hidden n_features"], size: float) -> Float[Tensor, "n_features n_features"]:
    """Row i: the push of length `size` along row i of W^T W.

    By hand: W = [[1, -1]] and size 1. W^T W is [[1, -1], [-1, 1]], and both rows have the length 1.414. So the pushes
    are [0.707, -0.707] and [-0.707, 0.707].
    """
    rows = W.T @ W
    return size * rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)
