"""The known answer of chapter 3, at small size: a dictionary finds features that were hidden in superposition."""

import pytest
import torch

from mechint_course.sae import StandardSAE, density, l0, mcc, shrinkage, spurious, train_saes
from mechint_course.toy import SparseWorld, cosines

COEFFICIENTS = (0.02, 0.2, 1.2)


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_hidden_features_are_found_at_a_middling_penalty_and_latents_are_shrunk(seed: int):
    world = SparseWorld(n_features=32, d_in=20, probability=0.04, seed=seed)
    saes = [StandardSAE(20, 48, l1_coefficient=each, seed=seed) for each in COEFFICIENTS]
    before = mcc(saes[1].W_dec.detach(), world.directions).mcc
    assert before < 0.55  # random directions: what chance reaches in 20 dimensions
    train_saes(saes, world.batches(256), n_steps=500, learning_rate=1e-2, quiet=True)
    strengths, x = world.sample(4000)
    found = []
    for sae in saes:
        output = sae.requires_grad_(False)(x)
        on = density(output.latents) > 0
        found.append(
            (
                mcc(sae.W_dec, world.directions).mcc,
                spurious(sae.W_dec[on], world.directions, least=0.8),
                output,
            )
        )
    (weak, weak_spurious, many), (middle, few_spurious, some), (heavy, _, none) = found
    assert middle >= 0.9 and few_spurious <= 8
    assert middle > weak + 0.1 and middle > heavy + 0.1
    assert weak_spurious > 2 * few_spurious
    assert l0(many.latents) > 3 * l0(some.latents) > 0.9 * l0(strengths)
    shrunk = [shrinkage(x, output.reconstruction) for output in (many, some)]
    assert 0.75 < shrunk[1] < 0.95 and shrunk[0] > shrunk[1]
    assert float(none.latents.sum()) < 0.5 * float(some.latents.sum())


def test_a_world_is_sparse_in_superposition_and_its_parts_do_not_share_randomness():
    world = SparseWorld(n_features=12, d_in=5, probability=0.25, seed=3)
    assert torch.allclose(world.directions.norm(dim=1), torch.ones(12))
    strengths, x = world.sample(3000)
    assert torch.equal(x, world.sample(3000)[1]) and not torch.equal(x, world.sample(3000, part="other")[1])
    assert float((strengths > 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert float(strengths[strengths > 0].mean()) == pytest.approx(0.5, abs=0.02)

    by_hand = sum(strengths[0, i] * world.directions[i] for i in range(12))
    assert torch.allclose(x[0], by_hand, atol=1e-5)
    assert not torch.equal(next(world.batches(3000)), x)
    assert float(cosines(world.directions.T).abs().fill_diagonal_(0).max()) > 0.3  # not at right angles
    with pytest.raises(ValueError, match="probability"):
        SparseWorld(n_features=2, d_in=2, probability=0.0)
