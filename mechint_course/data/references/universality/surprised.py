def surprised(model_a, model_b, tokens: Int[Tensor, "n_texts length"], k: int) -> Int[Tensor, "k"]:
    """The numbers of the k texts with the largest surprise of B minus surprise of A, the largest first.

    By hand: if A's surprises at three texts are 2, 1 and 3 nats a token and B's are 2.5, 6 and 3, the differences are
    0.5, 5 and 0. With k = 2 the answer is [1, 0].
    """
    losses = []
    for model in (model_a, model_b):
        with torch.no_grad():
            log_p = model(tokens[:, :-1], return_type="logits").log_softmax(dim=-1)
        losses.append(-log_p.gather(-1, tokens[:, 1:, None]).squeeze(-1).mean(dim=1))
    return (losses[1] - losses[0]).topk(k).indices
