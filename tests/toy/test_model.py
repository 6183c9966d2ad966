"""The toy model against its slow twin: the paper's formula, one instance and one sample at a time."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mechint_course.toy import ToyModel, feature_batch, stream


def slow_forward(model, x):
    out = torch.zeros_like(x)
    for k in range(model.n_instances):
        for s in range(x.shape[1]):
            y = model.W[k].T @ (model.W[k] @ x[k, s]) + model.b_final[k]
            out[k, s] = y.clamp(min=0) if model.activation == "relu" else y
    return out


def slow_loss(model, x):
    errors = (x - slow_forward(model, x)) ** 2
    return torch.stack(
        [(model.importance[k] * errors[k]).sum() / x.shape[1] for k in range(model.n_instances)]
    )


def random_model(sizes, activation, seed=0):
    n_instances, n_features, n_hidden = sizes
    g = torch.Generator().manual_seed(seed)
    model = ToyModel(
        n_features, n_hidden, n_instances=n_instances, activation=activation, seed=seed,
        feature_probability=0.05 + 0.9 * torch.rand(n_instances, n_features, generator=g),
        importance=torch.rand(n_instances, n_features, generator=g),
    )  # fmt: skip
    with torch.no_grad():
        model.W.mul_(2.5)
        model.b_final.copy_(0.3 * torch.randn(n_instances, n_features, generator=g))
    return model


@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4)),
    batch=st.integers(1, 9),
    activation=st.sampled_from(["relu", "linear"]),
)
@settings(max_examples=30, deadline=None)
def test_forward_loss_and_derived_gradients_match_the_slow_twin(sizes, batch, activation):
    model = random_model(sizes, activation, seed=batch)
    x = feature_batch(model.feature_probability, batch, generator=stream(batch, "test"))
    torch.testing.assert_close(model(x), slow_forward(model, x))
    torch.testing.assert_close(model.loss(x), slow_loss(model, x))
    slow_loss(model, x).sum().backward()
    fast = model.loss_and_gradients(x)
    torch.testing.assert_close(fast.loss, slow_loss(model, x).detach())
    assert set(fast.gradients) == {name for name, _ in model.named_parameters()}
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(fast.gradients[name], parameter.grad, atol=1e-5, rtol=1e-4)


def test_derived_gradients_do_not_change_the_batch_and_take_any_layout():
    model = random_model((2, 5, 3), "relu")
    x = feature_batch(model.feature_probability, 16, generator=stream(0, "test"))
    before = x.clone()
    as_drawn, row_major = model.loss_and_gradients(x), model.loss_and_gradients(x.contiguous())
    assert torch.equal(x, before)
    for name, gradient in as_drawn.gradients.items():
        torch.testing.assert_close(gradient, row_major.gradients[name])


def test_instances_do_not_feel_each_other():
    model = random_model((3, 5, 2), "relu")
    x = feature_batch(model.feature_probability, 32, generator=stream(0, "test"))
    changed = x.clone()
    changed[1] = 0.5
    before, after = model.loss_and_gradients(x), model.loss_and_gradients(changed)
    for k, same in ((0, True), (1, False), (2, True)):
        assert torch.equal(before.gradients["W"][k], after.gradients["W"][k]) is same


def test_per_feature_and_per_instance_values_broadcast():
    model = ToyModel(
        4, 2, n_instances=3, feature_probability=torch.tensor([[0.1], [0.2], [0.3]]), importance=[1, 2, 3, 4]
    )
    assert model.feature_probability[:, 0].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert model.importance[2].tolist() == [1, 2, 3, 4]


def test_seeds_decide_the_weights():
    first, again, other = (ToyModel(4, 2, seed=seed).W for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weights_and_data_of_one_seed_share_no_random_numbers():
    weights, data = (torch.randn(1000, generator=stream(0, purpose)) for purpose in ("weights", "data"))
    assert abs(float(torch.corrcoef(torch.stack([weights, data]))[0, 1])) < 0.15
