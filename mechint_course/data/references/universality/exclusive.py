def exclusive(
    spent: Float[Tensor, "n n_domains"], fired: Int[Tensor, "n"], domain: int, share: float, firings: int
) -> Bool[Tensor, "n"]:
    """Whether each feature has at least `share` of its activation in `domain`, and fires at least `firings` times.

    By hand: spent = [[9, 1], [2, 8], [0, 0], [3, 0]], fired = [30, 50, 0, 2], domain 0, share 0.5, firings 20. The first has 9 of 10
    there: True. The second has 2 of 10, the third nothing at all, and the last has fired only twice: False.
    """
    return (spent[:, domain] >= share * spent.sum(dim=1)) & (fired >= firings)
