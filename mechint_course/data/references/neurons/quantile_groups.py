def quantile_groups(
    activation: Float[Tensor, "n_sequences n_ctx"], n_groups: int
) -> Int[Tensor, "n_sequences n_ctx"]:
    """The group of each token: 0 silent, else 1 (weakest) to n_groups (strongest), as many tokens in each.

    By hand: for [[0, 5, 1], [2, 0, 9]] and two groups, four tokens fire. 1 and 2 are the weaker half, 5 and 9 the
    stronger one: [[0, 2, 1], [1, 0, 2]].
    """
    firing = activation > 0
    ranks = activation[firing].argsort().argsort()
    groups = torch.zeros(activation.shape, dtype=torch.long)
    groups[firing] = 1 + ranks * n_groups // len(ranks)
    return groups
