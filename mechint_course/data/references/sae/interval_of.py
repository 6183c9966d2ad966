def interval_of(values: Float[Tensor, "n_places"], n: int) -> Int[Tensor, "n_places"]:
    """The interval of each value; -1 where it is 0. At least one value is above 0, and none is below.

    By hand: values 0, 0.5, 1.5 and 4 with n = 4, so each interval has width 1: -1, 0, 1 and 3.
    """
    number = (values / values.max() * n).long().clamp_max(n - 1)
    return torch.where(values > 0, number, -1)
