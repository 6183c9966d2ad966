def expected_loss(
    W: Float[Tensor, "2"], b: Float[Tensor, "2"], importance: float, density: float, n_points: int
) -> Float[Tensor, ""]:
    """The expected loss of x'_i = ReLU(W_i (W_0 x_0 + W_1 x_1) + b_i), feature 1 weighted with `importance`.

    By hand: W = [1, 0], b = [0, 0], density 1, importance 0.5 and n_points 1. Both strengths are 0.5. The first comes
    back exactly, the second not at all: 0.5 * 0.5^2 = 0.125.
    """
    u = (torch.arange(n_points) + 0.5) / n_points
    total = 0
    for x1, p1 in ((torch.zeros(1), 1 - density), (u, density)):
        for x2, p2 in ((torch.zeros(1), 1 - density), (u, density)):
            h = W[0] * x1[:, None] + W[1] * x2
            first = (x1[:, None] - torch.relu(W[0] * h + b[0])) ** 2
            second = (x2 - torch.relu(W[1] * h + b[1])) ** 2
            total = total + p1 * p2 * (first + importance * second).mean()
    return total
