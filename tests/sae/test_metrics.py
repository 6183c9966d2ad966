"""Metrics against independent formulas, and what they must not be fooled by."""

import itertools

import pytest
import torch
from jaxtyping import TypeCheckError

from mechint_course.sae import dead, density, fvu, l0, mcc


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
