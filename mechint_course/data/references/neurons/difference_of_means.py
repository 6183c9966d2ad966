def difference_of_means(x: Float[Tensor, "n_tokens d_mlp"], inside: Bool[Tensor, "n_tokens"]) -> Float[Tensor, "d_mlp"]:
    """The direction, at length 1, from the mean activation of the tokens outside to that of those inside.

    By hand: inside are [3, 4] and [3, 6], outside is [0, 1]. The means are [3, 5] and [0, 1], their difference is [3, 4],
    its length 5: [0.6, 0.8].
    """
    difference = x[inside].mean(dim=0) - x[~inside].mean(dim=0)
    return difference / difference.norm()
