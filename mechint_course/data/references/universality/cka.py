def cka(left: Float[Tensor, "n_tokens n_left"], right: Float[Tensor, "n_tokens n_right"]) -> float:
    """Linear CKA of two spaces of activations, 0 to 1.

    By hand: left = 1, 2, 3 and right = 2, 4, 0 are -1, 0, 1 and 0, 2, -2 once centred. The three sums of products are -2, 2 and 8,
    so CKA = 4 / (2 * 8) = 0.25. With one column each it is the square of the correlation.
    """
    left, right = left - left.mean(dim=0), right - right.mean(dim=0)
    across = (left.T @ right).norm() ** 2
    return (across / ((left.T @ left).norm() * (right.T @ right).norm())).item()
