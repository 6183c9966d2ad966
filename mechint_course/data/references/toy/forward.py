def forward(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample: ReLU(W^T W x + b).

    By hand, with one hidden dimension: W = [[1.0, -1.0]], b_final = [0.0, 0.0] and x = [[0.8, 0.0]] give the hidden
    number 0.8, then [0.8, -0.8], and after the ReLU [[0.8, 0.0]].
    """
    hidden = x @ W.T
    return torch.relu(hidden @ W + b_final)
