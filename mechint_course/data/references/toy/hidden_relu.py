def hidden_relu(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
) -> Float[Tensor, "batch n_features"]:
    """The reconstruction of each sample through a hidden layer of neurons: ReLU(W^T ReLU(W x) + b).

    By hand, one neuron: W = [[1, -1]], b_final = [0, 0] and x = [[0, 0.5]]. The neuron adds up to -0.5 and stays silent,
    so the answer is [[0, 0]]. Without the ReLU in the middle it was [[0, 0.5]].
    """
    neurons = torch.relu(x @ W.T)
    return torch.relu(neurons @ W + b_final)
