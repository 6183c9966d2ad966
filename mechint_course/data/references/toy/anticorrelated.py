def anticorrelated(
    u: Float[Tensor, "batch n_sets"], strength: Float[Tensor, "batch n_features"], density: float
) -> Float[Tensor, "batch n_features"]:
    """Samples in which at most one feature of each set is there.

    By hand, one set of two features, strength = [[0.5, 0.6]] and density 0.5: u = 0.1 gives [[0.5, 0]], u = 0.4 gives
    [[0, 0.6]], u = 0.7 gives [[0, 0]].
    """
    size = strength.shape[1] // u.shape[1]
    member = (u / density * size).floor()
    active = member[:, :, None] == torch.arange(size)
    return strength * active.flatten(1)
