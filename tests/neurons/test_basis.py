"""Directions of the MLP: kurtosis, rotations, and what a ReLU makes of axes drawn by lot."""

import pytest
import scipy.stats
import torch

from mechint_course.features.basis import kurtosis, nearly_zero, random_rotation, relu_in_turned_axes


def test_kurtosis_against_scipy() -> None:
    x = torch.randn(3, 50, 4, generator=torch.Generator().manual_seed(0)).exp()
    expected = scipy.stats.kurtosis(x.double().numpy(), axis=1, fisher=False)
    assert torch.allclose(kurtosis(x).double(), torch.tensor(expected), rtol=1e-4)
    assert kurtosis(torch.ones(5, 2)).isnan().all()
    with pytest.raises(ValueError, match="at least two samples"):
        kurtosis(torch.ones(1, 2))


def test_rotations_keep_lengths_and_have_no_favourite_axis() -> None:
    """Evenly drawn: the first entry is symmetric about 0 and has variance 1/n. Without the signs of R it would be negative."""
    turned = random_rotation(6, seed=3)
    assert torch.allclose(turned.T @ turned, torch.eye(6), atol=1e-6)
    assert torch.equal(turned, random_rotation(6, seed=3))
    corner = torch.tensor([random_rotation(4, seed=seed)[0, 0].item() for seed in range(400)])
    assert abs(corner.mean()) < 0.1
    assert abs(corner.square().mean() - 0.25) < 0.05
    with pytest.raises(ValueError, match="at least 1"):
        random_rotation(0, seed=0)


def test_nearly_zero_counts_each_unit_on_its_own_scale() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 100.0], [0.05, 5.0]])
    assert nearly_zero(x) == pytest.approx(4 / 6)


def test_axes_drawn_by_lot_fire_as_often_as_the_neurons() -> None:
    before = torch.randn(200, 5, generator=torch.Generator().manual_seed(1)) - torch.arange(5) / 2
    made = relu_in_turned_axes(before, random_rotation(5, seed=0))
    assert torch.equal((made > 0).sum(0), (before > 0).sum(0))


def test_a_relu_makes_axes_special() -> None:
    """Sparse sources mixed evenly: no axis is special before the ReLU, each is after it."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(4000, 12, generator=generator) - 1
    for y, special in ((x, False), (x.relu(), True)):
        own, turned = kurtosis(y).mean(), kurtosis(y @ random_rotation(12, seed=5)).mean()
        assert (own > 1.5 * turned) == special
