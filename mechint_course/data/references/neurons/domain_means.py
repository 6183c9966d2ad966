def domain_means(
    activation: Float[Tensor, "n_sequences n_ctx"], domain: Int[Tensor, " n_sequences"], n_domains: int
) -> Float[Tensor, " n_domains"]:
    """The mean of one neuron's activation over all tokens of each domain; 0 for a domain that has no sequence.

    `domain[s]` is the number of the domain of sequence s.
    By hand: for [[1, 3], [5, 5], [7, 0]], domain [0, 2, 2] and three domains the answer is [2, 0, 4.25].
    """
    means = torch.zeros(n_domains)
    for d in range(n_domains):
        chosen = activation[domain == d]
        if len(chosen):
            means[d] = chosen.mean()
    return means
