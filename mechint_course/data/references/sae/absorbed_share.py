def absorbed_share(
    parent_there: Bool[Tensor, "n"],
    child_there: Bool[Tensor, "n"],
    parent_latent: Float[Tensor, "n"],
    child_latent: Float[Tensor, "n"],
) -> float:
    """Of the places with parent and child, the share where only the child's latent is on.

    By hand: two places have both. At the first the latents are 0 and 2, at the second 1 and 1: the share is 0.5.
    """
    there = parent_there & child_there
    absorbed = there & (parent_latent == 0) & (child_latent > 0)
    return float(absorbed.sum() / there.sum().clamp_min(1))
