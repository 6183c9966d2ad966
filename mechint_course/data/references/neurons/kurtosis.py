def kurtosis(x: Float[Tensor, "n_samples n_units"]) -> Float[Tensor, "n_units"]:
    """The mean fourth power of each column's deviations from its mean, over the square of their mean second power.

    By hand: the column 0, 0, 0, 4 has the mean 1 and the deviations -1, -1, -1, 3. The fourth powers have the mean
    84/4 = 21, the squares the mean 12/4 = 3: 21/9 = 2.333.
    """
    d = x - x.mean(dim=0)
    return (d**4).mean(dim=0) / (d**2).mean(dim=0) ** 2
