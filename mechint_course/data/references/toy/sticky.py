def sticky(
    D: Float[Tensor, "n_features"], values: Float[Tensor, "n_values"], tolerance: float
) -> Int[Tensor, "n_values"]:
    """How many features lie at each value: within the tolerance, and nearer to it than to the other values.

    By hand: D = [0.49, 0.41, 0.39, 0.2], values = [0.5, 0.4] and the tolerance 0.03 give [1, 2].
    """
    near = (D[:, None] - values).abs().min(dim=1)
    return torch.bincount(near.indices[near.values <= tolerance], minlength=len(values))
