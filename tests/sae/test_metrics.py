"""Metrics against independent formulas, and what they must not be fooled by."""

import itertools

import pytest
import torch
from jaxtyping import TypeCheckError
from scipy import sparse

from mechint_course.sae import (
    best_unions,
    census,
    dead,
    density,
    density_histogram,
    fvu,
    l0,
    mcc,
    mmcs,
    shrinkage,
    spurious,
)


def test_fvu_is_one_for_the_mean_zero_for_a_perfect_copy_and_agrees_with_a_loop():
    x = torch.randn(50, 4, generator=torch.Generator().manual_seed(1)) + 3
    other = x + 0.1 * torch.randn(50, 4, generator=torch.Generator().manual_seed(2))
    assert fvu(x, x) == 0
    assert fvu(x, x.mean(0).expand_as(x)) == pytest.approx(1)
    above = sum((x[i, j] - other[i, j]) ** 2 for i in range(50) for j in range(4))
    below = sum((x[i, j] - x[:, j].mean()) ** 2 for i in range(50) for j in range(4))
    assert fvu(x, other) == pytest.approx(float(above / below), rel=1e-5)


def test_fvu_refuses_what_cannot_be_scored():
    with pytest.raises(ValueError, match="no variance"):
        fvu(torch.ones(3, 2), torch.ones(3, 2))
    with pytest.raises((ValueError, TypeCheckError)):
        fvu(torch.ones(3, 2), torch.ones(3, 1))


def test_counts():
    latents = torch.tensor([[0.0, 2.0, 0.0], [0.0, 1.0, 5.0]])
    assert l0(latents) == 1.5
    assert density(latents).tolist() == [0.0, 1.0, 0.5]
    assert dead(latents).tolist() == [True, False, False]


def test_mcc_is_the_best_one_to_one_matching():
    generator = torch.Generator().manual_seed(5)
    truth, directions = torch.randn(4, 3, generator=generator), torch.randn(6, 3, generator=generator)
    cosine = torch.nn.functional.cosine_similarity(truth.unsqueeze(1), directions.unsqueeze(0), dim=-1)
    best = max(float(cosine[range(4), list(choice)].mean()) for choice in itertools.permutations(range(6), 4))
    found = mcc(directions, truth)
    assert found.mcc == pytest.approx(best, abs=1e-6)
    assert len(set(found.matches.tolist())) == 4


def test_mcc_keeps_the_sign_and_counts_what_has_no_match():
    truth = torch.eye(3)
    assert mcc(-torch.eye(3), truth).mcc < 0.01
    small = mcc(torch.eye(3)[:2], truth)
    assert small.mcc == pytest.approx(2 / 3)
    assert small.matches.tolist() == [0, 1, -1]


def test_mcc_refuses_other_spaces_and_features_without_a_direction():
    with pytest.raises((ValueError, TypeCheckError)):
        mcc(torch.ones(2, 3), torch.ones(2, 4))
    with pytest.raises(ValueError, match="no direction"):
        mcc(torch.ones(2, 3), torch.zeros(2, 3))


def test_a_census_counts_each_latent_once():
    density = torch.tensor([0.0, 0.0, 1e-7, 1e-6, 0.3])
    assert census(density) == (2, 1, 2)
    assert sum(census(density, ultralow_below=0.5)) == 5


def test_a_density_histogram_leaves_out_the_dead_and_nobody_else():
    density = 10 ** (-5 * torch.rand(1000, generator=torch.Generator().manual_seed(0)))
    density[:50] = 0
    edges, counts = density_histogram(density, lowest=1e-4, bins_a_decade=3)
    assert len(edges) == 13 and counts.sum() == 950
    by_loop = [int(((density >= low) & (density < high)).sum()) for low, high in itertools.pairwise(edges)]
    assert counts[1:].tolist() == by_loop[1:]
    assert counts[0] == by_loop[0] + int(((density > 0) & (density < edges[0])).sum())
    with pytest.raises(ValueError, match="between 0 and 1"):
        density_histogram(density, lowest=0.0)


def test_shrinkage_is_the_factor_that_a_line_search_finds():
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(1)) + 2
    other = 0.7 * (x - x.mean(0)) + 0.1 * torch.randn(200, 4, generator=torch.Generator().manual_seed(2))
    factors = torch.linspace(0.5, 1.5, 2001)
    misses = torch.stack([(other / g - (x - x.mean(0))).square().sum() for g in factors])
    assert shrinkage(x, other + x.mean(0)) == pytest.approx(float(factors[misses.argmin()]), abs=1e-3)
    assert shrinkage(x, x) == pytest.approx(1)
    with pytest.raises(ValueError, match="not above 0"):
        shrinkage(x, 2 * x.mean(0) - x)


def test_mmcs_lets_features_share_a_latent_and_spurious_counts_what_matches_none():
    truth = torch.eye(3)
    latents = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [-1.0, 0.0, 0.0]])
    assert mmcs(latents, truth) == pytest.approx((1 + 2 * 0.5**0.5) / 3, abs=1e-6)
    assert spurious(latents, truth) == 1 and spurious(latents, truth, least=0.8) == 2
    with pytest.raises((ValueError, TypeCheckError)):
        mmcs(latents, torch.eye(4))


def test_unions_are_chosen_greedily_on_one_half_and_scored_on_the_other():
    generator = torch.Generator().manual_seed(3)
    label = torch.rand(400, generator=generator) < 0.3
    kind = torch.randint(0, 3, (400,), generator=generator)  # the label is split over three latents
    noise = torch.rand(400, 5, generator=generator) < 0.1
    on = torch.cat([noise, label[:, None] & (kind[:, None] == torch.arange(3))], dim=1)
    choosing = torch.rand(400, generator=generator) < 0.5
    unions = best_unions(on, label, choosing, k=5)
    assert len(unions) == 3 and set(unions[-1].latents) == {5, 6, 7}
    assert unions[-1][1:] == (1, 1, 1)
    assert best_unions(sparse.csr_array(2.5 * on.numpy()), label, choosing, k=5) == unions
    for size, union in enumerate(unions, start=1):
        assert union.latents == unions[-1].latents[:size]
        marked = on[~choosing][:, list(union.latents)].any(1)
        hits = int((marked & label[~choosing]).sum())
        assert union.precision == pytest.approx(hits / int(marked.sum()))
        assert union.recall == pytest.approx(hits / int(label[~choosing].sum()))
        assert union.f1 == pytest.approx(2 / (1 / union.precision + 1 / union.recall))
    first = {
        j: 2
        * int((on[:, j] & label & choosing).sum())
        / int((on[:, j] & choosing).sum() + (label & choosing).sum())
        for j in range(8)
    }
    assert unions[0].latents == (max(first, key=first.__getitem__),)


def test_labels_by_chance_score_as_chance_does():
    """Chosen and scored on the same half, the best of many would look better than it is."""
    generator = torch.Generator().manual_seed(4)
    on, label = torch.rand(600, 500, generator=generator) < 0.5, torch.rand(600, generator=generator) < 0.5
    (union,) = best_unions(on, label, torch.arange(600) < 300, k=1)
    assert union.precision == pytest.approx(0.5, abs=0.08)


def test_labels_that_cannot_be_scored_are_refused():
    on, label = torch.ones(4, 2, dtype=torch.bool), torch.tensor([True, True, False, False])
    with pytest.raises(ValueError, match="Both halves"):
        best_unions(on, label, label, k=1)
    with pytest.raises((ValueError, TypeCheckError)):
        best_unions(on, label[:3], label, k=1)
    with pytest.raises(ValueError, match="k = 0"):
        best_unions(on, label, label, k=0)
