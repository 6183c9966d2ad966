def domain_entropy(means: Float[Tensor, "n_neurons n_domains"]) -> Float[Tensor, " n_neurons"]:
    """The entropy in bits of how a neuron's activation is shared out among the domains.

    By hand: the means [2, 2, 0, 4] are the shares 1/4, 1/4, 0 and 1/2. The answer is 2/4 + 2/4 + 0 + 1/2 = 1.5.
    """
    shares = means / means.sum(dim=1, keepdim=True).clamp_min(1e-12)
    return -(shares * shares.clamp_min(1e-12).log2()).sum(dim=1)
