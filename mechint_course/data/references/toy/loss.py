def loss(
    x: Float[Tensor, "batch n_features"],
    x_hat: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, "n_features"],
) -> Float[Tensor, ""]:
    """Squared errors weighted by importance: summed over features, averaged over samples.

    By hand: x = [[1.0, 0.0], [0.0, 0.0]], x_hat = [[0.5, 0.0], [0.0, 1.0]] and importance = [1.0, 2.0] give 0.25 for
    the first sample and 2.0 for the second, so the loss is 1.125.
    """
    return (importance * (x - x_hat) ** 2).sum(dim=1).mean()
