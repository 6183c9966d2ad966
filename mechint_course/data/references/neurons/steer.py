def steer(model, tokens: Int[Tensor, "batch n_ctx"], direction: Float[Tensor, "d_mlp"], strength: float) -> Float[Tensor, "batch d_vocab"]:
    """The logits after the last token of each sequence, with strength * direction added at "blocks.0.mlp.hook_post".

    By hand: where the activations are [1, 0, 2], the direction is [0, 1, -1] and the strength 3, the model goes on with
    [1, 3, -1].
    """
    def push(activation, hook):
        return activation + strength * direction

    return model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", push)])[:, -1]
