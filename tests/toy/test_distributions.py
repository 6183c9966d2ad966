"""Sparse features: one uniform draw serves mask and magnitude, and nobody can tell it from two."""

import pytest
import torch
from scipy import stats

from mechint_course.toy import feature_batch, stream

P = torch.tensor([[0.05, 0.5, 1.0], [0.9, 0.2, 0.01]])


@pytest.fixture(scope="module")
def x():
    return feature_batch(P, 40_000, generator=stream(3, "test"))


def test_features_are_present_as_often_as_asked(x):
    present = (x > 0).double().mean(1)
    sigma = (P * (1 - P) / x.shape[1]).sqrt()
    assert bool(((present - P).abs() <= 5 * sigma + 1e-4).all())


def test_magnitudes_of_one_draw_are_distributed_like_those_of_a_second(x):
    for instance in range(2):
        for feature in range(3):
            values = x[instance, :, feature]
            assert stats.kstest(values[values > 0].numpy(), "uniform").pvalue > 1e-4


def test_magnitude_does_not_depend_on_which_others_are_present(x):
    present = x[0, :, 1] > 0
    for instance, feature in ((0, 2), (1, 0)):
        values = x[instance, :, feature]
        here, there = values[present & (values > 0)], values[~present & (values > 0)]
        assert stats.ks_2samp(here.numpy(), there.numpy()).pvalue > 1e-4


def test_features_and_instances_are_independent(x):
    masks = torch.cat([x[0], x[1]], dim=1)[:, [0, 1, 3, 4, 5]] > 0
    correlation = torch.corrcoef(masks.double().T).fill_diagonal_(0)
    assert float(correlation.abs().max()) < 5 / x.shape[1] ** 0.5


def test_values_stay_between_zero_and_one_down_to_tiny_densities():
    x = feature_batch(torch.full((1, 4), 1e-4), 300_000, generator=stream(0, "test"))
    assert float(x.min()) >= 0 and 0.9 < float(x.max()) <= 1
    values = x[x > 0]
    assert stats.kstest(values.numpy(), "uniform").pvalue > 1e-4


def test_the_generator_decides():
    first, again, other = (feature_batch(P, 50, generator=stream(seed, "test")) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_streams_of_one_seed_and_of_neighbouring_seeds_differ():
    draws = [
        torch.rand(4, generator=stream(seed, purpose))
        for seed in (0, 1, 2, 2**33)
        for purpose in ("weights", "data")
    ]
    assert len({tuple(draw.tolist()) for draw in draws}) == 8
