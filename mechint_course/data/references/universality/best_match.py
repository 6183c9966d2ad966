def best_match(
    correlation: Float[Tensor, "n_left n_right"],
) -> tuple[Int[Tensor, "n_left"], Float[Tensor, "n_left"]]:
    """(partner, value): for each row the column of its largest entry, and that entry.

    By hand: [[0.2, -0.9, 0.4], [0.1, 0.3, 0.5]] gives the partners [2, 2] and the values [0.4, 0.5].
    """
    best = correlation.max(dim=1)
    return best.indices, best.values
