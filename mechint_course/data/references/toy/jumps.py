def jumps(
    loss: Float[Tensor, "n_records"], D: Float[Tensor, "n_records n_features"], drop: float
) -> list[tuple[int, int, int]]:
    """For each unbroken run of falling records: the record before it, its last record, and the feature that moved most.

    By hand: loss = [10, 9.99, 8, 6, 5.99] and drop = 0.1. Records 2 and 3 fall, by 20 % and 25 %. So there is one jump,
    from record 1 to record 3. If D[1] = [0.5, 0.5] and D[3] = [0.5, 0.0], it is (1, 3, 1).
    """
    falls = [False, *(loss[1:] < (1 - drop) * loss[:-1]).tolist(), False]
    found = []
    for t in range(1, len(falls)):
        if falls[t] and not falls[t - 1]:
            before = t - 1
        if falls[t - 1] and not falls[t]:
            after = t - 1
            moved = (D[after] - D[before]).abs().argmax()
            found.append((before, after, int(moved)))
    return found
