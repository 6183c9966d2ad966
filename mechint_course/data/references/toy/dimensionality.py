def dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, "n_features"]:
    """For every feature, its squared length over the sum of (unit W_i . W_j)^2 over all j, i included.

    By hand: W = [[1, -1, 0.5]]. Along the direction of feature 0 lie 1, -1 and 0.5, whose squares add up to 2.25. The
    squared lengths are 1, 1 and 0.25, so the answer is [0.444, 0.444, 0.111].
    """
    unit = W / W.norm(dim=0).clamp(min=1e-9)
    shared = (unit.T @ W).square().sum(dim=1)
    return W.square().sum(dim=0) / shared.clamp(min=1e-9)
