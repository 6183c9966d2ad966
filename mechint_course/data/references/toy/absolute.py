def absolute(
    x: Float[Tensor, "batch n_features"],
    W1: Float[Tensor, "n_hidden n_features"],
    W2: Float[Tensor, "n_features n_hidden"],
    b_final: Float[Tensor, "n_features"],
    importance: Float[Tensor, "n_features"],
) -> Float[Tensor, ""]:
    """The loss of a model that is to compute |x|: squared errors weighted by importance, summed over features, averaged.

    By hand: one feature, two neurons, W1 = [[1], [-1]], W2 = [[1, 1]], b_final = [0.1], importance = [2], x = [[-0.5]].
    The neurons say 0 and 0.5, the output is 0.6, the target 0.5: the loss is 2 * 0.1^2 = 0.02.
    """
    neurons = torch.relu(x @ W1.T)
    out = torch.relu(neurons @ W2.T + b_final)
    return (importance * (x.abs() - out) ** 2).sum(dim=1).mean()
