def penalised(a: Float[Tensor, "*shape"], l1: float) -> Float[Tensor, "*shape"]:
    """For each entry of a, the f of 0 or more for which (a - f)^2 + l1 * f is smallest.

    By hand, with a = 3 and l1 = 2: f = 1, 2 and 3 cost 6, 5 and 6. The slope 2 (f - 3) + 2 is 0 at f = 2.
    """
    return (a - l1 / 2).clamp(min=0)
