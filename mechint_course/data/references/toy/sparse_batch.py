def sparse_batch(
    n_samples: int, n_features: int, feature_probability: float, seed: int
) -> Float[Tensor, "n_samples n_features"]:
    """Independent sparse features: 0, or with `feature_probability` uniform between 0 and 1.

    By hand: if feature 0 is there and feature 1 is not, a sample may be [0.37, 0.0].
    The same seed gives the same batch, another seed another one.
    """
    generator = torch.Generator().manual_seed(seed)
    present = torch.rand(n_samples, n_features, generator=generator) < feature_probability
    strength = torch.rand(n_samples, n_features, generator=generator)
    return strength * present
