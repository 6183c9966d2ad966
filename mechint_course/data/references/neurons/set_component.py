def set_component(x: Float[Tensor, "batch n_ctx d_mlp"], direction: Float[Tensor, "d_mlp"], level: float) -> Float[Tensor, "batch n_ctx d_mlp"]:
    """The activations with the component along `direction` at `level`, everywhere.

    By hand: along [3, 4] the unit vector is [0.6, 0.8], and [1, 2] has the component 2.2. With level 0 that much is taken
    out: [1, 2] - 2.2 * [0.6, 0.8] = [-0.32, 0.24].
    """
    unit = direction / direction.norm()
    return x + (level - x @ unit)[..., None] * unit
