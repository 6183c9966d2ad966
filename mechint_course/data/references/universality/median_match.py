def median_match(
    correlation: Float[Tensor, "n_left n_right"], density: Float[Tensor, "n_left"], at_least: float
) -> float:
    """The median, over left features whose density is at least `at_least`, of their best correlation.

    By hand: the rows [0.9, 0.1], [-0.8, 0.2], [0.5, 0.25], [0, 0] have the best 0.9, 0.2, 0.5 and 0. With the densities
    [0.25, 0.5, 0.125, 0] and at_least = 0.125 the last row does not count, and the median of the others is 0.5.
    """
    best = correlation.max(dim=1).values
    return best[density >= at_least].median().item()
