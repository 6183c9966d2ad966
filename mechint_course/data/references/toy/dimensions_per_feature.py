def dimensions_per_feature(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, ""]:
    """The number of hidden dimensions, divided by the sum of the squared lengths of all columns.

    By hand: W = [[1, -1, 0.5]] has one dimension and the squared lengths 1, 1 and 0.25, so 1 / 2.25 = 0.444.
    """
    return W.shape[0] / W.square().sum()
