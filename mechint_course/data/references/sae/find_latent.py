def find_latent(
    sae, x: Float[Tensor, "n_tokens d_in"], in_domain: Bool[Tensor, "n_tokens"], least_recall: float
) -> int:
    """The most precise of the latents that are on for at least `least_recall` of the tokens in the domain.

    By hand: 10 tokens are in the domain. One latent is on for 1 of them and nowhere else (precision 1, recall 0.1), another
    for 4 of them and for 1 elsewhere (precision 0.8, recall 0.4). With least_recall = 0.2 the second one wins.
    """
    on = sae.encode(x) > 0
    hits = on[in_domain].sum(dim=0)
    precision, recall = hits / on.sum(dim=0).clamp_min(1), hits / in_domain.sum()
    return int(torch.where(recall >= least_recall, precision, -1.0).argmax())
