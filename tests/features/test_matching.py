"""Matching by correlation: against brute force, and the null."""

import itertools

import numpy as np
import pytest
import torch

from mechint_course.features.correlation import StreamingCorrelation, sparse_rows
from mechint_course.features.matching import (
    best_matches,
    by_frequency,
    frequent,
    mutual_best,
    one_to_one,
    shuffled,
)


def some(n_left, n_right, seed=0):
    return torch.rand(n_left, n_right, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (1, 3), (5, 1)])
def test_best_matches_by_looking_at_every_pair(shape):
    correlation = some(*shape)
    matches = best_matches(correlation)
    for i, row in enumerate(correlation.tolist()):
        assert row[int(matches.partner[i])] == max(row) == pytest.approx(float(matches.correlation[i]))


def test_a_strong_negative_correlation_is_no_twin():
    matches = best_matches(torch.tensor([[-0.9, -0.2]]))
    assert matches.partner.tolist() == [1] and float(matches.correlation) == pytest.approx(-0.2)


@pytest.mark.parametrize("shape", [(5, 7), (7, 5)])
def test_mutual_pairs_are_each_others_best(shape):
    correlation = some(*shape, seed=1)
    partner = mutual_best(correlation).partner.tolist()
    rows, columns = correlation.argmax(1).tolist(), correlation.argmax(0).tolist()
    assert partner == [j if columns[j] == i else -1 for i, j in enumerate(rows)]
    assert -1 in partner and any(j >= 0 for j in partner)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_one_to_one_has_the_largest_sum_of_all_pairings(shape):
    correlation = some(*shape, seed=2)
    matches = one_to_one(correlation)
    wide = correlation if shape[0] <= shape[1] else correlation.T
    best = max(
        sum(float(wide[i, j]) for i, j in enumerate(js))
        for js in itertools.permutations(range(max(shape)), min(shape))
    )
    used = [j for j in matches.partner.tolist() if j >= 0]
    assert float(matches.correlation.sum()) == pytest.approx(best, abs=1e-5)
    assert len(set(used)) == len(used) == min(shape)


def test_shuffling_keeps_frequencies_and_destroys_agreement():
    generator = torch.Generator().manual_seed(3)
    indices = torch.rand(4000, 40, generator=generator).topk(2).indices
    rows = sparse_rows(torch.rand(4000, 2, generator=generator) + 0.5, indices, 40)
    dense = torch.from_numpy(rows.toarray()).float()
    for activations in (rows, dense):
        null = shuffled(activations, torch.Generator().manual_seed(4))
        real, chance = StreamingCorrelation(40, 40), StreamingCorrelation(40, 40)
        real.update(activations, activations)
        chance.update(activations, null)
        assert torch.equal(real.fired_right, chance.fired_right)
        assert best_matches(real.result()).correlation.min() > 0.999
        assert best_matches(chance.result()).correlation.max() < 0.2


def test_bins_hold_every_feature_that_fires_once():
    density = torch.tensor([0.0, 1e-4, 9e-5, 1e-3, 0.5, 1.0])
    values = torch.tensor([9.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    bins = by_frequency(values, density)
    assert [(b.low, b.count) for b in bins] == [(0.0, 1), (1e-4, 1), (1e-3, 1), (1e-2, 2)]
    assert [b.median for b in bins] == [2.0, 1.0, 3.0, 4.5]
    assert np.isnan(by_frequency(values[:1], density[:1])[0].median)
    assert frequent(density, 1e-4).tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: best_matches(torch.full((2, 2), float("nan"))), "finite"),
        (lambda: one_to_one(torch.zeros(0, 3)), "n_left, n_right"),
        (lambda: by_frequency(torch.ones(3), torch.ones(3), (0.0, 0.5, 0.5)), "increasing"),
        (lambda: by_frequency(torch.ones(3), torch.ones(3), (0.0,)), "two or more"),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
