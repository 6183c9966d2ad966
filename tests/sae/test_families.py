"""Toy families, and absorption counted on dictionaries that are built to have it or not."""

import pytest
import torch

from mechint_course.sae import JumpReLUSAE
from mechint_course.sae.families import Families


def dictionary(families: Families, *, absorbs: bool) -> JumpReLUSAE:
    """One latent a feature. `absorbs`: a child's latent takes its parent's work, and the parent's is then pushed off."""
    sae = JumpReLUSAE(families.d_in, families.n_features, seed=0)
    directions = families.directions
    reads, writes = directions.clone(), directions.clone()
    if absorbs:
        for child in range(families.n_parents, families.n_features):
            parent = (child - families.n_parents) // families.n_children
            reads[parent] -= 10 * directions[child]
            writes[child] += 0.5 * directions[parent]
    with torch.no_grad():
        sae.W_enc.copy_(reads.T)
        sae.W_dec.copy_(writes)
        sae.threshold.fill_(0.05)
    return sae


def test_directions_are_orthogonal_and_a_child_never_comes_alone() -> None:
    families = Families(seed=3)
    assert torch.allclose(families.directions @ families.directions.T, torch.eye(16), atol=1e-5)
    there, x = families.draw(2000, torch.Generator().manual_seed(0))
    for child in range(4, 16):
        assert there[there[:, child], (child - 4) // 3].all()
    assert there[:, :4].float().mean() == pytest.approx(0.3, abs=0.03)
    strength = x @ families.directions.T
    assert strength[~there].abs().max() < 1e-4
    assert strength[there].min() > 0.1


def test_the_true_dictionary_absorbs_nothing() -> None:
    families = Families()
    found = families.absorption(dictionary(families, absorbs=False), n=2000)
    assert found.with_child == 0
    assert found.alone == 0
    assert found.mcc == pytest.approx(1, abs=1e-4)
    assert found.leaning == pytest.approx(0, abs=1e-4)


def test_a_dictionary_that_absorbs_is_caught() -> None:
    families = Families()
    found = families.absorption(dictionary(families, absorbs=True), n=2000)
    assert found.with_child == 1
    assert found.alone == 0
    assert found.leaning == pytest.approx(0.5 / 1.25**0.5, abs=1e-4)


def test_directions_need_room() -> None:
    with pytest.raises(ValueError, match="16 orthogonal directions"):
        Families(d_in=15)
