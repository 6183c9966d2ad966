def favourite_share(
    latents: Float[Tensor, "n_tokens n_latents"], tokens: Int[Tensor, "n_tokens"], d_vocab: int
) -> Float[Tensor, "n_latents"]:
    """For each latent: of the sum of its activations, the share on the token where that share is largest.

    By hand: activations 2, 1 and 1 on the tokens 4, 4 and 0. Token 4 gets 3 of 4, so the share is 0.75.
    """
    spent = torch.zeros(d_vocab, latents.shape[1]).index_add_(0, tokens, latents)
    return spent.amax(dim=0) / spent.sum(dim=0).clamp_min(1e-30)
