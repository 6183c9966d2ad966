def harvest(model, tokens: Int[Tensor, "batch n_ctx"]) -> Float[Tensor, "n_tokens d_mlp"]:
    """The activations of the layer at every position but the first, one row a token, sequence after sequence.

    By hand: 3 sequences of 5 tokens in a model with 512 neurons give 12 rows of 512 numbers. Rows 0 to 3 are the
    positions 1 to 4 of the first sequence.
    """
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=ACTIVATION_HOOK)
    return cache[ACTIVATION_HOOK][:, 1:].flatten(0, 1)
