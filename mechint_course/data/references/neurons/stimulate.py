def stimulate(
    model, tokens: Int[Tensor, "batch n_ctx"], neuron: int, value: float
) -> Float[Tensor, "batch n_ctx"]:
    """Half the sum of |q - p| over the vocabulary: p the model's next-token probabilities, q those with the neuron
    of "blocks.0.mlp.hook_post" at `value`.

    By hand: probabilities [0.5, 0.5, 0] that become [0.2, 0.5, 0.3] give (0.3 + 0 + 0.3) / 2 = 0.3.
    """
    def pin(activation, hook):
        activation[:, :, neuron] = value
        return activation

    clean = model(tokens).softmax(dim=-1)
    changed = model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", pin)]).softmax(dim=-1)
    return (changed - clean).abs().sum(dim=-1) / 2
