def feature_damage(
    model, sae, tokens: Int[Tensor, "batch n_ctx"], latent: int
) -> Float[Tensor, "batch n_ctx_less_one"]:
    """The loss at each predicted token with the latent at 0 and the error kept, minus the loss of the untouched model.

    By hand: a token that the model predicts with a loss of 1.2, and with 1.5 when the feature is off, gives 0.3.
    """
    def off(x, hook):
        return x - sae.encode(x)[..., latent, None] * sae.W_dec[latent]

    clean = model(tokens, return_type="loss", loss_per_token=True)
    changed = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(ACTIVATION_HOOK, off)])
    return (changed - clean).detach()
