def nearly_orthogonal(directions: Float[Tensor, "n_hidden n_directions"], limit: float) -> int:
    """How many directions stay when each must keep its distance from all that came before it and stayed.

    By hand: [1, 0], [0, 1] and [-1, 0.1] with the limit 0.5. The second is at a right angle to the first and stays.
    The third is nearly opposite to the first (cosine -0.995) and must go. The answer is 2.
    """
    unit = directions / directions.norm(dim=0)
    overlap = (unit.T @ unit).abs()
    kept = []
    for i in range(overlap.shape[0]):
        if (overlap[i, kept] <= limit).all():
            kept.append(i)
    return len(kept)
