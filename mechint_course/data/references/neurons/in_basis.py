def in_basis(model, tokens: Int[Tensor, "batch n_ctx"], hook: str, rotation: Float[Tensor, "d d"]) -> Float[Tensor, "batch_times_n_ctx d"]:
    """The activations at `hook`, one row for each token, sequence after sequence; column j is the value along rotation[:, j].

    By hand: a token with activations [2, 3] and rotation [[0, -1], [1, 0]] gives the row [3, -2].
    """
    _, cache = model.run_with_cache(tokens)
    return cache[hook].flatten(0, 1) @ rotation
