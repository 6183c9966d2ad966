def token_shares(
    tokens: Int[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"], d_vocab: int
) -> Float[Tensor, " d_vocab"]:
    """Of each token's occurrences, the share in the domain; 0 for a token that does not occur.

    By hand: tokens [2, 0, 2, 2, 4], of which the first two are in the domain, and d_vocab = 6. Token 2 is there once in
    three times, token 0 always: the answer is [1, 0, 1/3, 0, 0, 0].
    """
    inside = torch.bincount(tokens[in_domain], minlength=d_vocab)
    everywhere = torch.bincount(tokens, minlength=d_vocab)
    return inside / everywhere.clamp(min=1)
