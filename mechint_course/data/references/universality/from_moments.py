def from_moments(state: dict[str, int | Float[Tensor, "..."]]) -> Float[Tensor, "n_left n_right"]:
    """The correlation of every pair from the sums of `update_moments`; 0 where a column is constant.

    A column is constant where sum of squares - (sum)^2 / n is at most 1e-9 times the sum of squares.
    By hand: left = 1, 2, 3 and right = 2, 4, 0 have n = 3, sums 6 and 6, squares 14 and 20, and the products sum to 10.
    Centred: products 10 - 36 / 3 = -2, deviations 14 - 12 = 2 and 20 - 12 = 8. So r = -2 / sqrt(2 * 8) = -0.5.
    """
    n = state["n_tokens"]
    together = state["products"] - torch.outer(state["sum_left"], state["sum_right"]) / n
    left = state["squares_left"] - state["sum_left"] ** 2 / n
    right = state["squares_right"] - state["sum_right"] ** 2 / n
    left = torch.where(left > 1e-9 * state["squares_left"], left, 0.0)
    right = torch.where(right > 1e-9 * state["squares_right"], right, 0.0)
    scale = torch.outer(left, right).sqrt()
    return torch.where(scale > 0, together / scale, 0.0)
