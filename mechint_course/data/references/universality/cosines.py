def cosines(
    left: Float[Tensor, "n_hidden n_left"], right: Float[Tensor, "n_hidden n_right"]
) -> Float[Tensor, "n_left n_right"]:
    """The cosine of every left column with every right column; 0 where a column is all zeros.

    By hand: the left column [3, 4] has length 5. With [0, -5] its product is -20, so the cosine is -20 / 25 = -0.8;
    with [1, 0] it is 3 / 5 = 0.6; with [0, 0] it is 0.
    """
    left, right = torch.nn.functional.normalize(left, dim=0), torch.nn.functional.normalize(right, dim=0)
    return left.T @ right
