def recover(
    h: Float[Tensor, "n_hidden"], W: Float[Tensor, "n_hidden n_features"]
) -> Float[Tensor, "n_features"]:
    """The x >= 0 with W x = h that has the smallest sum.

    By hand: the directions [1, 0], [0, 1], [0.6, 0.8] and h = [0.6, 0.8]. Both [0.6, 0.8, 0] and [0, 0, 1] explain h;
    their sums are 1.4 and 1, so the answer is [0, 0, 1].
    """
    answer = optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy(), bounds=(0, None))
    return torch.tensor(answer.x)
