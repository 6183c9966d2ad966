def written(model, tokens: Int[Tensor, "batch n_ctx"], neuron: int) -> Float[Tensor, "batch n_ctx d_model"]:
    """The neuron's activation at each token, times the direction that it writes (without the MLP's bias).

    By hand: a neuron that fires with 2.0 at a token and writes the direction [0.5, -1, 0] gives [1, -2, 0] there.
    """
    _, cache = model.run_with_cache(tokens)
    fires = cache["blocks.0.mlp.hook_post"][:, :, neuron]
    return (fires[:, :, None] * model.W_out[0, neuron]).detach()
