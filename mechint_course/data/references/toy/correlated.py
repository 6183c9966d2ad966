def correlated(
    u: Float[Tensor, "batch n_sets"], strength: Float[Tensor, "batch n_features"], density: float
) -> Float[Tensor, "batch n_features"]:
    """Samples in which the features of a set are all there or all absent.

    By hand: u = [[0.1, 0.7]], strength = [[0.5, 0.6, 0.7, 0.8]], density 0.5. The first set is there, the second is
    not: [[0.5, 0.6, 0, 0]].
    """
    size = strength.shape[1] // u.shape[1]
    return strength * (u < density).repeat_interleave(size, dim=1)
