def neurons_needed(direction: Float[Tensor, "d_mlp"], share: float) -> int:
    """The smallest number of entries whose squares add up to at least `share` of the squared length.

    By hand: [3, 0, -4] has the squares 9, 0 and 16, in all 25. The -4 alone makes up 16/25 = 0.64, so a share of 0.6 needs
    one neuron and a share of 0.9 needs two.
    """
    made_up = direction.square().sort(descending=True).values.cumsum(dim=0)
    return int((made_up < share * made_up[-1]).sum()) + 1
