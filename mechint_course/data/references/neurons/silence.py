def silence(model, tokens: Int[Tensor, "batch n_ctx"], neuron: int) -> Float[Tensor, "batch n_ctx_less_one"]:
    """The loss with one neuron of "blocks.0.mlp.hook_post" at 0, minus the loss of the model as it is, in nats.

    By hand: where the surprise was 2.0 nats and is 2.5 nats without the neuron, the answer is 0.5.
    """
    def set_to_zero(activation, hook):
        activation[:, :, neuron] = 0
        return activation

    silenced = model.run_with_hooks(
        tokens, return_type="loss", loss_per_token=True, fwd_hooks=[("blocks.0.mlp.hook_post", set_to_zero)]
    )
    return silenced - model(tokens, return_type="loss", loss_per_token=True)
