def linear_loss(
    W: Float[Tensor, "n_hidden n_features"], importance: Float[Tensor, "n_features"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The two parts of the linear model's loss: the benefit still missing, and the interference.

    By hand: W = [[1, -1]] and importance = [1, 0.5]. Both lengths are 1, so nothing is missing: 0. Each disturbs the
    other by (-1)^2, weighted with the importance of the one disturbed: 1 + 0.5 = 1.5.
    """
    overlaps = W.T @ W
    squared = overlaps.diagonal()
    leaks = overlaps - torch.diag(squared)
    benefit = (importance * (1 - squared) ** 2).sum()
    interference = (leaks**2 @ importance).sum()
    return benefit, interference
