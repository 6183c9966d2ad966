"""Superposition grows: what 20 features of falling importance do in 5 dimensions; Elhage et al., "Basic Results"."""

import torch

from mechint_course.toy import ToyModel, evaluate, feature_norms, n_represented, train

IMPORTANCE = 0.7 ** torch.arange(20)


def trained(activation: str, densities: list[float], n_restarts: int, steps: int) -> torch.Tensor:
    model = ToyModel(
        20, 5, n_instances=len(densities) * n_restarts, importance=IMPORTANCE, activation=activation,
        feature_probability=torch.tensor(densities).repeat_interleave(n_restarts)[:, None],
    )  # fmt: skip
    train(model, steps=steps, batch_size=512, progress=False)
    losses = evaluate(model, n_samples=8192).view(len(densities), n_restarts)
    W = model.W.detach().unflatten(0, losses.shape)
    return torch.stack([tried[loss.argmin()] for tried, loss in zip(W, losses, strict=True)])


def test_a_linear_model_keeps_exactly_the_top_five_at_any_density():
    W = trained("linear", [1.0, 0.05, 0.005], 1, 1500)
    kept = feature_norms(W) ** 2 > 0.5
    assert kept[:, :5].all() and not kept[:, 5:].any()


def test_a_relu_model_keeps_the_top_five_when_dense_and_more_the_sparser_it_gets():
    W = trained("relu", [1.0, 0.3, 0.005], 4, 1500)
    dense, middle, sparse = n_represented(W).tolist()
    assert dense == 5 and bool((feature_norms(W[0])[:5] > 0.7).all())
    assert 5 < middle < sparse
    assert sparse >= 10  # 12 or more, the best of 8 restarts of 2500 steps: the chapter's own run
