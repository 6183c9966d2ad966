def kinds_at_top(
    activations: Float[Tensor, "n_sequences n_ctx n_neurons"],
    domain: Int[Tensor, " n_sequences"],
    k: int,
    least: int,
) -> Int[Tensor, " n_neurons"]:
    """How many domains have at least `least` of a neuron's k strongest sequences; a sequence counts by its peak.

    By hand: one neuron whose peaks in four sequences are 1, 3, 4 and 0.2, of the domains 0, 1, 1 and 2. For k = 3 the
    strongest are of the domains 1, 1 and 0. With least = 1 the answer is 2, with least = 2 it is 1.
    """
    kinds = domain[activations.amax(dim=1).topk(k, dim=0).indices]
    counts = torch.stack([(kinds == number).sum(dim=0) for number in domain.unique()])
    return (counts >= least).sum(dim=0)
