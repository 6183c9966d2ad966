def auxk(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    pre: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    dead: Bool[Tensor, "d_sae"],
    k: int,
) -> Float[Tensor, ""]:
    """What the k most nearly active dead latents still miss of x - reconstruction: squared, summed over d_in, mean over the batch.

    By hand: one input whose error is [3, 1], two dead latents with pre-activations 2 and 1 and the directions [1, 0] and
    [0, 1], and k = 1. The first one tries: [3, 1] - 2 * [1, 0] = [1, 1], so the loss is 2.
    """
    if not dead.any():
        return x.new_zeros(())
    left_over, own = (x - reconstruction).detach(), pre[:, dead]
    values, chosen = own.topk(min(k, own.shape[1]), dim=-1)
    latents = torch.zeros_like(own).scatter(-1, chosen, values.relu())
    return (left_over - latents @ W_dec[dead]).square().sum(dim=-1).mean()
