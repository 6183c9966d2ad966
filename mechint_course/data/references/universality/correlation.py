def correlation(
    left: Float[Tensor, "n_tokens n_left"], right: Float[Tensor, "n_tokens n_right"]
) -> Float[Tensor, "n_left n_right"]:
    """Pearson's correlation of every left column with every right column; 0 where a column never changes.

    By hand: left = [[1.], [2.], [3.]] and right = [[2.], [4.], [0.]]. Centred they are -1, 0, 1 and 0, 2, -2.
    Their products sum to -2, their lengths are sqrt(2) and sqrt(8), so r = -2 / 4 = -0.5.
    """
    left, right = left - left.mean(dim=0), right - right.mean(dim=0)
    lengths = torch.outer(left.norm(dim=0), right.norm(dim=0))
    return torch.where(lengths > 0, left.T @ right / lengths, 0.0)
