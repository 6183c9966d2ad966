def excite(
    W1: Float[Tensor, "n_pixels n_hidden"],
    b1: Float[Tensor, "n_hidden"],
    W2: Float[Tensor, "n_hidden n_neurons"],
    b2: Float[Tensor, "n_neurons"],
    image: Float[Tensor, "n_pixels"],
    neuron: int,
    n_steps: int,
    step: float,
) -> Float[Tensor, "n_pixels"]:
    """The image after `n_steps` steps uphill, each of length `step` before the pixels are put back between 0 and 1.

    By hand: two pixels and two hidden neurons that copy them, so W1 is [[1, 0], [0, 1]] and b1 is 0; W2 is [[3], [4]].
    At [0.1, 0.9] both hidden neurons fire, the gradient is [3, 4], at length 1 [0.6, 0.8]. One step of 0.5 leads to
    [0.4, 1.3], and with the ink kept, to [0.4, 1].
    """
    x = image
    for _ in range(n_steps):
        x = x.detach().clone().requires_grad_()
        z = (torch.relu(x @ W1 + b1) @ W2 + b2)[neuron]
        (gradient,) = torch.autograd.grad(z, x)
        x = (x + step * gradient / gradient.norm()).clamp(0, 1)
    return x.detach()
