def leak(
    x: Float[Tensor, "n_samples n_features"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_samples"]:
    """The root mean square, over absent features, of the projection of h = W x on their directions.

    By hand: x = [1, 0, 0] and the directions [1, 0], [0.6, 0.8], [0, 1] give h = [1, 0]. The two absent features read
    0.6 and 0, so the leak is sqrt((0.36 + 0) / 2) = 0.424.
    """
    readings = x @ W.T @ W
    absent = x == 0
    return ((readings**2 * absent).sum(dim=1) / absent.sum(dim=1)).sqrt()
