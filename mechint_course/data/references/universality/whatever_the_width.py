def whatever_the_width(correlations: list[Float[Tensor, "n _"]], threshold: float) -> Bool[Tensor, "n"]:
    """Whether each feature (row) has some entry above `threshold` in every one of the matrices.

    By hand: with [[0.75, 0.1], [0.25, 0.5], [0.5, 0.1]], [[0.6], [0.7], [0.5]] and the threshold 0.5, the first feature has 0.75 and 0.6:
    True. The second has no more than 0.5 in the first matrix, and 0.5 is not above 0.5. The third neither: [True, False, False].
    """
    found = torch.ones(len(correlations[0]), dtype=torch.bool)
    for matrix in correlations:
        found &= matrix.max(dim=1).values > threshold
    return found
