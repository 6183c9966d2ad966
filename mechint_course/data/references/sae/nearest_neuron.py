def nearest_neuron(sae, x: Float[Tensor, "n_tokens d_in"], latent: int) -> tuple[int, float]:
    """The neuron (column of x) with the highest correlation with the latent, and that correlation.

    By hand: where the latent is [0, 0, 3] and three neurons are [1, 1, 7], [5, 5, 5] and [3, 0, 0], the first one goes with
    it exactly: (0, 1.0).
    """
    f = sae.encode(x)[:, latent]
    f, columns = f - f.mean(), x - x.mean(dim=0)
    r = f @ columns / (f.norm() * columns.norm(dim=0)).clamp_min(1e-12)
    return int(r.argmax()), float(r.max())
