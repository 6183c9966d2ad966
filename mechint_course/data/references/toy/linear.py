def linear(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample without a ReLU: W^T W x + b.

    By hand: W = [[1.0, -1.0]], b_final = [0.0, 0.25] and x = [[0.5, 0.0]] give [[0.5, -0.25]].
    """
    return x @ W.T @ W + b_final
