def best_latent(strength: Float[Tensor, "n"], l1_coefficient: float) -> Float[Tensor, "n"]:
    """For each strength s, the a >= 0 that makes (s - a)^2 + l1_coefficient * a smallest.

    By hand, with s = 1 and the coefficient 0.2: a = 1 costs 0.2, a = 0.9 costs 0.01 + 0.18 = 0.19, a = 0.8 costs
    0.04 + 0.16 = 0.2. The best is 0.9.
    """
    return (strength - l1_coefficient / 2).clamp(min=0)
