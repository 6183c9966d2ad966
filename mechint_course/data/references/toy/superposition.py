def superposition(
    W: Float[Tensor, "n_hidden n_features"],
) -> tuple[Float[Tensor, "n_features"], Float[Tensor, "n_features"]]:
    """For every feature, the length of its column, and the sum over the others of (unit W_i . W_j)^2.

    By hand: W = [[1, -0.5]]. The lengths are 1 and 0.5. Along the direction of feature 0 lies -0.5 of the other, so its
    interference is 0.25; along the direction of feature 1 lies -1 of the other: 1.
    """
    norms = W.norm(dim=0)
    unit = W / norms.clamp(min=1e-9)
    overlaps = (unit.T @ W) ** 2
    return norms, overlaps.sum(dim=1) - overlaps.diagonal()
