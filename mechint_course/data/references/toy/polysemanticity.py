def polysemanticity(W1: Float[Tensor, "n_hidden n_features"], share: float) -> Float[Tensor, "n_hidden"]:
    """How many features each neuron serves: weights of at least `share` of its largest one, signs left out.

    By hand: W1 = [[2, -1, 0.5], [0, 0.25, 0]] and share 0.5. Scaled, the first neuron has 1, -0.5 and 0.25, so it serves
    two features; the second has one weight, which is 1 when scaled. The answer is [2, 1].
    """
    size = W1.abs()
    largest = size.amax(dim=1, keepdim=True)
    return ((size >= share * largest) & (size > 0)).sum(dim=1)
