def update_moments(
    state: dict[str, int | Float[Tensor, "..."]],
    left: Float[Tensor, "n_tokens n_left"],
    right: Float[Tensor, "n_tokens n_right"],
) -> dict[str, int | Float[Tensor, "..."]]:
    """The sums after one more batch: `n_tokens` (an int), `sum_left`, `sum_right`, `squares_left`, `squares_right` and `products`.

    `squares_left` holds the sum of each left column's squares, [n_left], and `products` the sums of left times right, [n_left, n_right].
    By hand: after one token with left 1 and right 2 the sums are n_tokens 1, sum_left [1], sum_right [2], squares_left [1],
    squares_right [4] and products [[2]]. The batch left = [[2], [3]], right = [[1], [0]] makes them 3, [6], [3], [14], [5] and [[4]].
    """
    left, right = left.double(), right.double()
    return {
        "n_tokens": state["n_tokens"] + len(left),
        "sum_left": state["sum_left"] + left.sum(dim=0),
        "sum_right": state["sum_right"] + right.sum(dim=0),
        "squares_left": state["squares_left"] + left.square().sum(dim=0),
        "squares_right": state["squares_right"] + right.square().sum(dim=0),
        "products": state["products"] + left.T @ right,
    }
