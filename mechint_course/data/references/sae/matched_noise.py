def matched_noise(
    x: Float[Tensor, "n_tokens d_in"], z: Float[Tensor, "n_noise d_in"]
) -> Float[Tensor, "n_noise d_in"]:
    """The mean of x plus a fixed matrix times each row of z, so that the noise has the covariance of x.

    By hand, with one neuron: x = [[1.0], [5.0]] has mean 3 and variance 4. A row z = [0.5] becomes [4.0] (or [2.0]:
    any square root of the covariance will do).
    """
    centred = x - x.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    root = vectors * values.clamp_min(0).sqrt()
    return x.mean(dim=0) + z @ root.T
