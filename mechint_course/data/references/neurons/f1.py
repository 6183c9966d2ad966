def f1(fires: Bool[Tensor, " n_tokens"], in_domain: Bool[Tensor, " n_tokens"]) -> tuple[float, float, float]:
    """Precision, recall and F1 of a detector that says yes where `fires` is True.

    By hand: four yeses, three of them right, of six tokens in the domain: precision 3/4, recall 3/6, and
    F1 = 2 * 3 / (4 + 6) = 0.6.
    """
    hits, yeses, tokens = int((fires & in_domain).sum()), int(fires.sum()), int(in_domain.sum())
    return hits / max(yeses, 1), hits / max(tokens, 1), 2 * hits / max(yeses + tokens, 1)
