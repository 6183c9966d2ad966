def one_neuron_loss(chance: Float[Tensor, "n_features"], fires: Bool[Tensor, "n_features"]) -> Float[Tensor, ""]:
    """The cross-entropy, in nats, of naming the feature when all you see is whether the neuron fired.

    `chance[i]` is the probability of feature i (above 0, in sum 1), `fires[i]` says whether the neuron fires for it.
    By hand: four features of 1/4, the neuron fires for the first. It costs nothing to name that one; the other three come
    three times in four, and each has 1/3 of its group: 3/4 ln 3 = 0.824.
    """
    firing = chance[fires].sum()
    group = torch.where(fires, firing, 1 - firing)
    return -(chance * (chance / group).log()).sum()
