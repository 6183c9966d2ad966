def nearest_parent(
    narrow: Float[Tensor, "n_narrow d_in"], wide: Float[Tensor, "n_wide d_in"], at_least: float
) -> Int[Tensor, "n_wide"]:
    """For each row of `wide` the row of `narrow` with the largest cosine, or -1 where it is below `at_least`.

    By hand: narrow = [[1, 0], [0, 5]], wide = [[4, 3], [-1, -1]] and at_least = 0.5. The first has cosines 0.8 and 0.6,
    so its parent is 0; the second has none above 0, so it gets -1.
    """
    narrow_unit = narrow / narrow.norm(dim=1, keepdim=True)
    wide_unit = wide / wide.norm(dim=1, keepdim=True)
    best = (wide_unit @ narrow_unit.T).max(dim=1)
    return torch.where(best.values >= at_least, best.indices, -1)
