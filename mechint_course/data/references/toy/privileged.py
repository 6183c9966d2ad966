def privileged(
    x: Float[Tensor, "batch n_features"],
    W: Float[Tensor, "n_hidden n_features"],
    b_final: Float[Tensor, "n_features"],
    rotation: Float[Tensor, "n_hidden n_hidden"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The change of the error when W becomes rotation @ W, without neurons and with neurons.

    By hand: W is the identity of size 2, b_final = [0, 0], x = [[0, 1]], and the rotation is a quarter turn,
    [[0, -1], [1, 0]]. Turned, the hidden vector is [-1, 0]. Without neurons it is turned back to [0, 1]: change 0. With
    neurons it becomes [0, 0], and the feature is lost: change 1.
    """
    changes = []
    for neurons in (False, True):
        errors = []
        for V in (W, rotation @ W):
            hidden = torch.relu(x @ V.T) if neurons else x @ V.T
            out = torch.relu(hidden @ V + b_final)
            errors.append(((x - out) ** 2).sum(dim=1).mean())
        changes.append(errors[1] - errors[0])
    return changes[0], changes[1]
