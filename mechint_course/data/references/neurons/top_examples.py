def top_examples(activation: Float[Tensor, "n_sequences n_ctx"], k: int) -> Int[Tensor, "k 2"]:
    """(sequence, position) of the k sequences in which one neuron gets strongest; the strongest first.

    By hand: for [[0, 3, 2], [0.5, 0, 0], [0, 0, 4]] and k = 2 the answer is [[2, 2], [0, 1]]: first the 4 in
    sequence 2, then the 3 in sequence 0. The 2 beside it does not count, its sequence is there already.
    """
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]], dim=1)
