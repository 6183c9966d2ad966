def luck(
    null: Float[Tensor, "n"], density: Float[Tensor, "n"], edges: list[float], level: float
) -> Float[Tensor, "n"]:
    """For each feature the `level`-quantile of the null matches of the features in its frequency bin; 1 where it never fires.

    By hand: null = [0.1, 0.3, 0.5, 0.2], density = [0.5, 0.5, 0, 0.125], edges = [0, 0.25, 1], level = 0.5. The first two
    share a bin, and their middle is 0.2. The third never fires: 1. The last is alone in its bin: 0.2.
    """
    thresholds = torch.ones_like(null)
    for low, high in pairwise(edges):
        below = (density <= high) if high == edges[-1] else (density < high)
        inside = (density > 0) & (density >= low) & below
        if inside.any():
            thresholds[inside] = null[inside].quantile(level)
    return thresholds
