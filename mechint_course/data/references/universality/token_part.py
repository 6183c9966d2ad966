def token_part(
    activations: Float[Tensor, "n_tokens n"], tokens: Int[Tensor, "n_tokens"]
) -> Float[Tensor, "n_tokens n"]:
    """At each place the mean activation over all places with the same token.

    By hand: the activations 1, 4, 3, 0 at the tokens 7, 2, 7, 7. Token 7 has the mean (1 + 3 + 0) / 3 = 4/3 and token 2 the mean 4,
    so the answer is 4/3, 4, 4/3, 4/3.
    """
    n_vocab = int(tokens.max()) + 1
    sums = torch.zeros(n_vocab, activations.shape[1], dtype=activations.dtype).index_add(0, tokens, activations)
    count = torch.bincount(tokens, minlength=n_vocab).clamp(min=1)
    return (sums / count[:, None])[tokens]
