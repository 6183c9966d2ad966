def latents_of(model, sae, tokens: Int[Tensor, "batch n_ctx"]) -> Float[Tensor, "n_tokens d_sae"]:
    """One row of latents for each token but the first of every sequence: n_tokens = batch * (n_ctx - 1).

    By hand: tokens of shape [2, 5] give 8 rows. Rows 0 to 3 are positions 1 to 4 of the first sequence.
    """
    x = activations(model, tokens)
    return sae.encode(x[:, 1:].flatten(0, 1))
