def sample_dimensionality(
    x: Float[Tensor, "n_examples n_features"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_examples"]:
    """The fraction of a hidden dimension that each example has to itself.

    By hand: W = [[1, -1]], x = [[1, 0], [0, 1]]. The hidden vectors are 1 and -1. Along the first lie 1 and -1: the sum
    below is 2, the fraction 1 / 2. The same for the second.
    """
    hidden = x @ W.T
    lengths = hidden.norm(dim=1)
    unit = hidden / lengths.clamp(min=1e-9)[:, None]
    overlaps = (unit @ hidden.T) ** 2
    return lengths**2 / overlaps.sum(dim=1).clamp(min=1e-9)
