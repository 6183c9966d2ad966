"""Training: the optimiser against a slow twin, records, interrupts, and the pentagon."""

import pytest
import torch

from mechint_course.toy import (
    ToyModel,
    evaluate,
    feature_batch,
    is_regular_polygon,
    n_represented,
    neighbour_angles,
    stream,
    train,
)


def test_training_matches_autograd_and_plain_adam():
    def model():
        return ToyModel(5, 2, n_instances=3, feature_probability=0.3, importance=[1, 0.5, 1, 2, 1], seed=1)

    fast, slow = model(), model()
    train(fast, steps=40, batch_size=64, learning_rate=0.01, schedule="constant", seed=4, progress=False)
    optimiser = torch.optim.Adam(slow.parameters(), lr=0.01)
    generator = stream(4, "data")
    for _ in range(40):
        optimiser.zero_grad()
        slow.loss(feature_batch(slow.feature_probability, 64, generator=generator)).sum().backward()
        optimiser.step()
    torch.testing.assert_close(fast.W, slow.W, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(fast.b_final, slow.b_final, atol=1e-4, rtol=1e-3)


def test_a_transposed_layout_trains_the_same():
    plain, transposed = (ToyModel(5, 2, n_instances=2, feature_probability=0.3) for _ in range(2))
    transposed.W = torch.nn.Parameter(transposed.W.detach().mT.contiguous().mT)
    assert not transposed.W.is_contiguous()
    for model in (plain, transposed):
        train(model, steps=30, batch_size=32, progress=False)
    torch.testing.assert_close(transposed.W, plain.W, atol=1e-5, rtol=1e-4)


def test_records_hold_the_first_and_last_step_and_the_weights_if_asked():
    model = ToyModel(4, 2, n_instances=2, feature_probability=0.5)
    start = model.W.detach().clone()
    history = train(model, steps=30, n_records=4, keep_weights=True, progress=False)
    assert history.steps.tolist() == [1, 11, 20, 30]
    assert history.loss.shape == (4, 2)
    assert history.weights["W"].shape == (4, 2, 2, 4) and history.weights["b_final"].shape == (4, 2, 4)
    assert torch.equal(history.weights["W"][-1], model.W)
    assert not torch.equal(history.weights["W"][0], start)
    assert not history.interrupted
    assert train(model, steps=2, progress=False).weights == {}


def test_seeds_repeat_a_training_and_tell_two_apart():
    def trained(seed):
        model = ToyModel(5, 2, feature_probability=0.2)
        train(model, steps=20, seed=seed, progress=False)
        return model.W.detach()

    assert torch.equal(trained(0), trained(0))
    assert not torch.equal(trained(0), trained(1))


def test_an_interrupt_keeps_what_was_reached(capsys):
    model = ToyModel(5, 2, feature_probability=0.2)
    start, calls = model.W.detach().clone(), []

    def stopped(probability, batch_size, *, generator):
        calls.append(batch_size)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return feature_batch(probability, batch_size, generator=generator)

    history = train(model, steps=100, n_records=100, sampler=stopped, progress=False)
    assert history.interrupted and history.steps.tolist() == list(range(1, 8))
    assert not torch.equal(model.W, start)
    assert "stopped after 7 of 100 steps" in capsys.readouterr().out


def test_an_interrupt_before_the_first_record_leaves_an_empty_history():
    def stopped(probability, batch_size, *, generator):
        raise KeyboardInterrupt

    history = train(ToyModel(5, 2, n_instances=3), steps=9, sampler=stopped, progress=False)
    assert history.loss.shape == (0, 3) and history.interrupted


def test_threads_are_given_back():
    before = torch.get_num_threads()
    train(ToyModel(5, 2), steps=1, progress=False)
    assert torch.get_num_threads() == before


def test_evaluation_averages_over_all_samples_and_never_reuses_training_data():
    model = ToyModel(5, 2, n_instances=2, feature_probability=0.4)
    whole = feature_batch(model.feature_probability, 5000, generator=stream(0, "evaluation"))
    torch.testing.assert_close(evaluate(model, n_samples=5000), model.loss(whole).detach())
    assert not torch.equal(whole, feature_batch(model.feature_probability, 5000, generator=stream(0, "data")))
    many, few = evaluate(model, n_samples=20_001), evaluate(model, n_samples=5000)
    torch.testing.assert_close(many, few, rtol=0.1, atol=0)


def test_dense_features_get_a_dimension_each_and_sparse_ones_a_pentagon():
    """Five seeds of each: n = 5, m = 2, two importances; Elhage et al., the introduction."""
    falling, equal = 0.8 ** torch.arange(5), torch.ones(5)
    model = ToyModel(
        5, 2, n_instances=15,
        feature_probability=torch.tensor([1.0, 0.05, 0.03]).repeat_interleave(5)[:, None],
        importance=torch.stack([falling] * 5 + [equal] * 10),
    )  # fmt: skip
    train(model, steps=2000, batch_size=512, progress=False)
    dense, *sparse = model.W.detach()[:5], *model.W.detach()[5:]
    assert n_represented(dense).tolist() == [2] * 5
    for W in dense:
        assert neighbour_angles(W).tolist() == pytest.approx([90, 270], abs=3)
        assert sorted(W.norm(dim=0).topk(2).indices.tolist()) == [0, 1]
    assert all(is_regular_polygon(W, 5) for W in sparse)
    assert float(model.b_final.detach()[5:].max()) < 0
