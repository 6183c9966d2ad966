def false_match_rate(
    best: Float[Tensor, "n"], exclusive: Bool[Tensor, "n"], threshold: Float[Tensor, "n"]
) -> float:
    """The share of exclusive features with best > threshold; NaN where there is none.

    By hand: best = [0.9, 0.1, 0.4, 0.3], exclusive = [True, True, False, True], threshold = [0.2, 0.2, 0.2, 0.25]. Of the three
    exclusive ones the first and the last are above theirs: 2/3.
    """
    return (best > threshold)[exclusive].double().mean().item()
