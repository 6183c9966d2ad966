"""One neuron for features that never come together."""

from math import log

import pytest
import torch
from jaxtyping import config

from mechint_course.toy import partition_loss, train_one_neuron


def test_the_two_numbers_of_the_paper() -> None:
    quarter = torch.full((4,), 0.25)
    assert partition_loss(quarter, torch.tensor([True, False, False, False])).item() == pytest.approx(
        0.75 * log(3)
    )
    assert partition_loss(quarter, torch.tensor([True, False, True, False])).item() == pytest.approx(log(2))


def test_what_the_neuron_tells_is_what_the_loss_falls_by() -> None:
    """The chain rule: entropy of the feature = entropy of the state + what is left to guess."""
    chance = torch.tensor([0.4, 0.3, 0.2, 0.1])
    fires = torch.rand(20, 4, generator=torch.Generator().manual_seed(0)) < 0.5
    g = (chance * fires).sum(1).double()
    told = -torch.special.xlogy(g, g) - torch.special.xlogy(1 - g, 1 - g)
    entropy = -(chance * chance.log()).sum()
    assert torch.allclose(
        partition_loss(chance, fires).double() + told, entropy.double().expand(20), atol=1e-5
    )
    with pytest.raises(ValueError, match="add up to 1"):
        partition_loss(torch.ones(4), fires)


def test_a_feature_that_never_comes_costs_nothing() -> None:
    chance = torch.tensor([0.5, 0.5, 0.0])
    assert partition_loss(chance, torch.tensor([True, False, False])).item() == pytest.approx(0, abs=1e-6)


def test_trained_neurons_end_on_the_derived_losses_and_mostly_share() -> None:
    trained = train_one_neuron(4, n_instances=40, steps=500, seed=1, progress=False)
    fires = trained.response > 0.5
    assert torch.allclose(trained.loss, partition_loss(torch.full((4,), 0.25), fires), atol=0.02)
    assert (fires.sum(1) == 2).float().mean() > 0.5
    again = train_one_neuron(4, n_instances=40, steps=500, seed=1, progress=False)
    assert torch.equal(trained.loss, again.loss)


def test_graded_neurons_tell_features_apart_by_strength() -> None:
    """A ReLU neuron with k levels above 0 leaves 4 - k features silent: (4 - k)/4 ln(4 - k)."""
    trained = train_one_neuron(4, kind="relu", n_instances=40, steps=2000, seed=1, progress=False)
    active = (trained.response > 0).sum(1)
    for k in (1, 2):
        left = (4 - k) / 4 * log(4 - k)
        assert trained.loss[active == k].median().item() == pytest.approx(left, abs=0.03)


def test_bad_input_is_told() -> None:
    config.update("jaxtyping_disable", True)  # as for a learner, whose Python does not check types
    try:
        with pytest.raises(ValueError, match="kind must be one of"):
            train_one_neuron(4, kind="tanh", progress=False)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="n_features must be at least 1"):
            train_one_neuron(0, progress=False)
    finally:
        config.update("jaxtyping_disable", False)
