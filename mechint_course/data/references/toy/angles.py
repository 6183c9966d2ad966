def angles(W: Float[Tensor, "2 n_features"], min_norm: float = 0.5) -> Float[Tensor, "n_kept"]:
    """The angles in degrees between neighbouring columns of W around the circle, smallest first.

    By hand: the columns [1, 0], [0, 1] and [0.1, 0] give [90, 270], because the third is too short to count.
    """
    kept = W[:, W.norm(dim=0) >= min_norm]
    bearings = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    turns = torch.cat([bearings[1:] - bearings[:-1], bearings[:1] + 360 - bearings[-1:]])
    return turns.sort().values
