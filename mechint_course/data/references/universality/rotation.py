def rotation(
    left: Float[Tensor, "n_hidden n_pairs"], right: Float[Tensor, "n_hidden n_pairs"]
) -> Float[Tensor, "n_hidden n_hidden"]:
    """The orthogonal R that brings R @ left closest to right, in the sum of squares; column i belongs to column i.

    By hand: left = [[1, 0], [0, 2]] and right = [[0, -2], [1, 0]], directions as columns. [1, 0] has to go to [0, 1] and
    [0, 2] to [-2, 0]. A quarter turn does both: R = [[0, -1], [1, 0]].
    """
    u, _, vh = torch.linalg.svd(right @ left.T)
    return u @ vh
