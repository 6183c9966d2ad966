def token_table(
    values: Float[Tensor, "n"], tokens: Int[Tensor, "n"], new_tokens: Int[Tensor, "n_new"], d_vocab: int
) -> Float[Tensor, "n_new"]:
    """For each new token the mean of `values` at that token; 0 where it was never seen.

    By hand: values 1, 3 and 5 at the tokens 2, 2 and 0. The new tokens 0, 2 and 1 get 5, 2 and 0.
    """
    sums = torch.zeros(d_vocab).index_add_(0, tokens, values)
    counts = torch.bincount(tokens, minlength=d_vocab)
    return (sums / counts.clamp_min(1))[new_tokens]
