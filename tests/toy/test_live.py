"""Pairs that meet as often as they are told to, clusters of the feature graph, and a model that trains step by step."""

from collections.abc import Iterator

import pytest
import torch
from scipy import stats

from mechint_course.toy import (
    LiveTraining,
    Pairs,
    cosines,
    feature_clusters,
    feature_dimensionality,
    is_regular_polygon,
    stream,
)


@pytest.mark.parametrize(
    ("p", "correlation", "both"),
    [
        (0.3, 1.0, 0.3),
        (0.3, 0.5, 0.09 + 0.5 * 0.21),
        (0.3, 0.0, 0.09),
        (0.3, -1.0, 0.0),
        (0.8, -1.0, 0.6),
        (0.8, -0.5, 0.62),
        (1.0, 0.5, 1.0),
    ],
)
def test_pairs_keep_each_ones_density_and_meet_as_told(p, correlation, both):
    x = Pairs(correlation)(torch.full((1, 5), p), 60_000, generator=stream(0, "test"))[0]
    here = x > 0
    assert here.double().mean(0).tolist() == pytest.approx([p] * 5, abs=0.01)
    for i, j, expected in ((0, 1, both), (2, 3, both), (1, 2, p * p), (3, 4, p * p)):
        assert float((here[:, i] & here[:, j]).double().mean()) == pytest.approx(expected, abs=0.01), (i, j)
    assert stats.kstest(x[here][:5000].numpy(), "uniform").pvalue > 1e-4


def test_pairs_of_two_densities_meet_as_often_as_they_can():
    here = Pairs(1.0)(torch.tensor([[0.2, 0.5]]), 60_000, generator=stream(0, "test"))[0] > 0
    assert here.double().mean(0).tolist() == pytest.approx([0.2, 0.5], abs=0.01)
    assert bool((here[:, 1] | ~here[:, 0]).all()), "the rarer one never comes alone"


def test_a_correlation_outside_its_range_is_said():
    with pytest.raises(ValueError, match=r"between -1 and 1, but it is 1\.5"):
        Pairs(1.5)


def test_clusters_are_those_of_a_walk_over_the_edges():
    W = torch.randn(6, 20, generator=torch.Generator().manual_seed(1))
    # Three groups of features, each in two dimensions of its own: whatever is drawn, there are three clusters or more.
    W = W * (torch.arange(6)[:, None] // 2 == torch.arange(20) % 3)
    overlap = (W.T @ W).abs()
    there = {i for i in range(20) if overlap[i, i] >= 0.6}
    expected = []
    while there:
        reached, new = set(), {min(there)}
        while new:
            reached |= new
            new = {j for i in new for j in there if overlap[i, j] >= 0.8} - reached
        there -= reached
        expected.append(sorted(reached))
    found = feature_clusters(W, min_overlap=0.8, min_squared_norm=0.6)
    assert len(expected) > 2, "one cluster alone would prove nothing"
    assert [cluster.features.tolist() for cluster in found] == sorted(expected, key=lambda c: (-len(c), c[0]))
    for cluster in found:
        chosen = W[:, cluster.features]
        torch.testing.assert_close(cluster.overlap, chosen.T @ chosen)
        torch.testing.assert_close(cluster.dimensionality, feature_dimensionality(W)[cluster.features])
        lengths = chosen.norm(dim=0)
        assert bool((cluster.place.norm(dim=1) <= lengths + 1e-5).all()), "a projection shortens"


def test_a_pentagon_alone_in_its_plane_is_one_cluster_of_two_dimensions():
    turn = torch.arange(5) * 2 * torch.pi / 5
    W = torch.zeros(3, 6)
    W[0, :5], W[1, :5], W[2, 5] = turn.cos(), turn.sin(), 1.0
    five, one = feature_clusters(W)
    assert (five.features.tolist(), one.features.tolist()) == ([0, 1, 2, 3, 4], [5])
    assert (five.dimensions, one.dimensions) == pytest.approx((2.0, 1.0))
    torch.testing.assert_close(five.place.norm(dim=1), torch.ones(5))
    assert feature_clusters(torch.zeros(2, 3)) == []


@pytest.fixture
def one_thread() -> Iterator[None]:
    """On a machine that is busy, threads that share steps of some microseconds wait for each other a hundred times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_a_live_model_finds_the_pentagon_and_feels_its_world_change(one_thread):
    live = LiveTraining(5, 2, density=0.05, batch_size=256)
    for _ in range(40):
        live.advance(15)
    assert live.steps == 600 and is_regular_polygon(live.W, 5)
    assert [step for step, _ in live.loss] == list(range(15, 601, 15))
    assert live.loss[-1][1] < live.loss[0][1] / 3
    live.world(1.0, 0.5, 0.0)
    live.advance(300)
    assert float(cosines(live.W)[0, 1].abs()) < 0.2, "dense, the two that count most stand at a right angle"
    with pytest.raises(ValueError, match="density must be above 0"):
        live.world(0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="decay must be above 0"):
        live.world(1.0, 1.5, 0.0)
