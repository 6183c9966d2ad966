def fate(W: Float[Tensor, "n_hidden n_features"]) -> str:
    """What became of the last feature: "not learned", "own dimension" or "superposed".

    By hand: [[1, 0]] is "not learned", [[0, 1]] "own dimension" (the other one is gone), [[1, -1]] "superposed".
    """
    extra = W[:, -1]
    length = extra.norm()
    if length < 0.5:
        return "not learned"
    pull = ((extra / length) @ W[:, :-1]).square().sum()
    return "own dimension" if pull < 0.25 else "superposed"
