def best_threshold(activation: Float[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"]) -> float:
    """The activation t for which "activation >= t" has the largest F1.

    By hand: activations [0, 3, 1, 2, 0.5], of which the second and the fourth are in the domain. With t = 2 the yeses
    are exactly these two and F1 is 1, so the answer is 2.0.
    """
    thresholds = activation.unique()
    best = []
    for threshold in thresholds:
        fires = activation >= threshold
        best.append(2 * (fires & in_domain).sum() / (fires.sum() + in_domain.sum()))
    return float(thresholds[torch.stack(best).argmax()])
