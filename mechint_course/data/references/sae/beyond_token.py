def beyond_token(
    simulated: Float[Tensor, "n"], values: Float[Tensor, "n"], tokens: Int[Tensor, "n"]
) -> float:
    """The correlation of the two after each token's own mean is taken away from both; 0 where a side is then constant.

    By hand: simulated 1, 3, 7, 9 and values 0, 2, 5, 5 at the tokens 4, 4, 1, 1. What is left is -1, 1, -1, 1 and
    -1, 1, 0, 0, so the score is 2 / sqrt(4 x 2) = 0.71.
    """
    def rest(side):
        sums = torch.zeros(int(tokens.max()) + 1).index_add_(0, tokens, side)
        return side - (sums / torch.bincount(tokens).clamp_min(1))[tokens]

    a, b = rest(simulated), rest(values)
    scale = a.norm() * b.norm()
    return float(a @ b / scale) if scale > 1e-6 else 0.0
