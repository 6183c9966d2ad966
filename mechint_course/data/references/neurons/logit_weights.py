def logit_weights(model, neuron: int) -> Float[Tensor, " d_vocab"]:
    """What one unit of the neuron's activation adds to each token's logit, relative to the average token.

    By hand: w = [3, 1] has the mean 2. Centred it is [1, -1], with the gain [2, 1] it becomes [2, -1]. With
    W_U = [[1, 0, 0], [0, 0, 3]] that gives the logits [2, 0, -3], whose mean is -1/3: the answer is [2.33, 0.33, -2.67].
    """
    w = model.W_out[0, neuron]
    logits = ((w - w.mean()) * model.ln_final.weight) @ model.W_U
    return (logits - logits.mean()).detach()
