"""Neurons in toy models: gradients against autograd, and what Elhage et al. found in their last two sections."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechint_course.toy import (
    AbsoluteValue,
    HiddenReLU,
    ToyModel,
    evaluate,
    features_per_neuron,
    shared,
    signed_batch,
    stream,
    train,
)


def slow_forward(model, x):
    """One instance and one sample at a time."""
    W1, W2 = (model.W, model.W.mT) if isinstance(model, HiddenReLU) else (model.W1, model.W2)
    return torch.stack(
        [
            torch.stack(
                [(W2[k] @ (W1[k] @ row).clamp(min=0) + model.b_final[k]).clamp(min=0) for row in x[k]]
            )
            for k in range(len(x))
        ]
    )


@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 5)),
    batch=st.integers(1, 9),
    kind=st.sampled_from([HiddenReLU, AbsoluteValue]),
)
@settings(max_examples=15, deadline=None)
def test_forward_loss_and_derived_gradients_match_the_slow_twin(sizes, batch, kind):
    n_instances, n_features, n_hidden = sizes
    g = torch.Generator().manual_seed(batch)
    importance = torch.rand(n_instances, n_features, generator=g)
    model = kind(
        n_features, n_hidden, n_instances=n_instances, feature_probability=0.5, importance=importance
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=g))
    x = signed_batch(model.feature_probability, batch, generator=stream(batch, "test"))
    target = x if kind is HiddenReLU else x.abs()
    torch.testing.assert_close(model(x), slow_forward(model, x), atol=1e-5, rtol=1e-4)
    slow = (importance[:, None] * (target - slow_forward(model, x)) ** 2).sum(2).mean(1)
    torch.testing.assert_close(model.loss(x), slow, atol=1e-4, rtol=1e-4)
    slow.sum().backward()
    fast = model.loss_and_gradients(x)
    torch.testing.assert_close(fast.loss, slow.detach(), atol=1e-4, rtol=1e-4)
    assert set(fast.gradients) == {name for name, _ in model.named_parameters()}
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(fast.gradients[name], parameter.grad, atol=1e-3, rtol=1e-3)
        # A fused optimiser goes through memory: a transposed layout would swap weights unseen.
        assert parameter.is_contiguous() and fast.gradients[name].is_contiguous()


def test_signed_features_are_there_as_often_as_asked_and_uniform_between_minus_one_and_one():
    x = signed_batch(torch.tensor([[0.05, 0.7]]), 40_000, generator=stream(1, "test"))[0]
    for feature, p in enumerate((0.05, 0.7)):
        values = x[:, feature][x[:, feature] != 0]
        assert abs(len(values) / len(x) - p) < 0.012
        assert stats.kstest(values.numpy(), "uniform", args=(-1, 2)).pvalue > 1e-4


def test_shared_samples_are_the_same_for_all_and_as_sparse_as_asked():
    x = shared(signed_batch)(torch.full((3, 4), 0.25), 8000, generator=stream(0, "test"))
    assert torch.equal(x[0], x[2])
    assert abs(float((x != 0).double().mean()) - 0.25) < 0.02


def test_features_of_a_neuron_do_not_depend_on_its_scale_or_signs():
    W1 = torch.tensor([[1.0, -0.4, 0.2], [0.0, 0.0, -2.0], [0.001, 0.001, 0.0]])
    assert features_per_neuron(W1).tolist() == [2, 1, 0]
    assert features_per_neuron(torch.stack([7 * W1, -W1])).tolist() == [[2, 1, 0], [2, 1, 0]]
    assert features_per_neuron(W1, share=0.15).tolist() == [3, 1, 0]
    with pytest.raises(ValueError, match="share must be a finite number above 0, but it is 0"):
        features_per_neuron(W1, share=0.0)


def test_turning_the_hidden_space_hurts_neurons_only():
    settings_ = {"n_instances": 3, "feature_probability": 0.2}
    for kind, hurts in ((ToyModel, False), (HiddenReLU, True)):
        model = kind(8, 4, **settings_)
        train(model, steps=300, batch_size=128, progress=False)
        before = evaluate(model, n_samples=4096)
        turn, _ = torch.linalg.qr(torch.randn(4, 4, generator=stream(0, "turn")))
        with torch.no_grad():
            model.W.copy_(turn @ model.W)
        change = evaluate(model, n_samples=4096) - before
        assert bool((change > 0.05).all() if hurts else (change.abs() < 1e-5).all())


def counted(densities, seeds, kind):
    """Monosemantic neurons of the best restart, one row a seed."""
    rows = []
    for seed in seeds:
        row = []
        for density in densities:
            if kind is HiddenReLU:
                model = HiddenReLU(
                    10, 5, n_instances=24, feature_probability=density,
                    importance=0.75 ** torch.arange(10), seed=seed,
                )  # fmt: skip
                train(model, steps=1500, batch_size=256, seed=seed, progress=False)
                best = evaluate(model, n_samples=20_000, sampler=shared(), seed=seed).argmin()
                counts = features_per_neuron(model.W.detach()[best])
            else:
                model = AbsoluteValue(
                    100, 40, feature_probability=density, importance=0.8 ** torch.arange(100), seed=seed
                )
                train(
                    model, steps=2000, batch_size=512, learning_rate=0.003, sampler=signed_batch, seed=seed,
                    progress=False,
                )  # fmt: skip
                counts = features_per_neuron(model.W1.detach()[0])
            row.append(int((counts == 1).sum()))
        rows.append(row)
    return torch.tensor(rows)


def test_three_features_get_a_neuron_for_each_sign():
    """n = 3, m = 6; Elhage et al., "Computation in Superposition"."""
    model = AbsoluteValue(3, 6, n_instances=6)
    train(model, steps=1200, batch_size=128, sampler=signed_batch, progress=False)
    best = evaluate(model, n_samples=4096, sampler=shared(signed_batch)).argmin()
    W1 = model.W1.detach()[best]
    assert features_per_neuron(W1).tolist() == [1] * 6
    found = {(int(row.abs().argmax()), bool(row[row.abs().argmax()] > 0)) for row in W1}
    assert found == {(feature, sign) for feature in range(3) for sign in (False, True)}


@pytest.mark.slow
def test_neurons_that_store_are_monosemantic_when_dense_and_polysemantic_when_sparse():
    mono = counted([0.5, 0.3, 0.03], seeds=(0, 1, 2), kind=HiddenReLU)
    assert bool((mono[:, 0] >= 4).all()) and bool((mono[:, 2] <= 1).all())
    dense, middle, sparse = mono.double().mean(0).tolist()
    assert dense > middle > sparse


@pytest.mark.slow
def test_neurons_that_compute_are_monosemantic_when_dense_and_polysemantic_when_sparse():
    mono = counted([1.0, 0.1, 0.01], seeds=(0, 1, 2), kind=AbsoluteValue)
    assert bool((mono[:, 0] >= 28).all()) and bool((mono[:, 2] <= 6).all())
    dense, middle, sparse = mono.double().mean(0).tolist()
    assert dense > middle > sparse
