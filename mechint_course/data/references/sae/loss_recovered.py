def loss_recovered(
    model,
    tokens: Int[Tensor, "batch n_ctx"],
    reconstruction: Float[Tensor, "batch n_ctx d_mlp"],
) -> float:
    """(zero - patched) / (zero - clean), the three losses of the model on `tokens`.

    By hand: losses of 3.0 untouched, 3.2 with the reconstruction and 5.0 with zeros give 1.8 / 2.0 = 0.9.
    """
    def loss_with(replacement):
        hooks = [(ACTIVATION_HOOK, lambda activations, hook: replacement)]
        return model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks)

    clean = model(tokens, return_type="loss")
    patched = loss_with(reconstruction)
    zero = loss_with(torch.zeros_like(reconstruction))
    return ((zero - patched) / (zero - clean)).item()
