"""Resampling: the paper's procedure, step by step, and that it brings dead latents back."""

import pytest
import torch

from mechint_course.sae import JumpReLUSAE, Resampling, StandardSAE, train_sae
from mechint_course.sae.resampling import Candidates, resample
from mechint_course.sae.seeds import stream
from mechint_course.sae.team import ALONE
from tests.sae.test_training import N_FEATURES, D, batches


def trained(make):
    sae = make()
    train_sae(sae, batches(rows=64), n_steps=3, learning_rate=1e-3, quiet=True)
    optimiser = torch.optim.Adam(sae.parameters())
    for parameter in sae.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    return sae, optimiser


@pytest.mark.parametrize(
    "make", [lambda: StandardSAE(D, 20, 0.1, seed=0), lambda: JumpReLUSAE(D, 20, 0.1, seed=0)]
)
@torch.no_grad()
def test_dead_latents_start_as_the_paper_says_and_living_ones_stay(make):
    with torch.enable_grad():
        sae, optimiser = trained(make)
    before = {name: value.clone() for name, value in sae.state_dict().items()}
    dead = torch.zeros(20, dtype=torch.bool)
    dead[[3, 8, 17]] = True
    candidates = Candidates.none(sae)
    x = next(batches(rows=50))
    candidates.look_at(sae, x, stream("test", 0), ALONE)
    assert len(candidates.rows) == 20
    assert resample(sae, dead, candidates, optimiser).tolist() == [3, 8, 17]
    # Three different inputs, seen from b_dec: the three largest keys.
    best = candidates.rows[candidates.keys.topk(3).indices]
    assert all((row - (x - sae.b_dec)).abs().amax(1).min() < 1e-5 for row in best)
    torch.testing.assert_close(sae.W_dec[dead], best / best.norm(dim=1, keepdim=True))
    living = before["W_enc"][:, ~dead].norm(dim=0).mean()
    torch.testing.assert_close(sae.W_enc[:, dead], 0.2 * living * sae.W_dec[dead].T)
    assert (sae.b_enc[dead] == 0).all()
    if isinstance(sae, JumpReLUSAE):
        torch.testing.assert_close(sae.threshold[dead], (0.05 * sae.length).expand(3))
    assert torch.equal(sae.W_dec[~dead], before["W_dec"][~dead])
    assert torch.equal(sae.W_enc[:, ~dead], before["W_enc"][:, ~dead])
    assert torch.equal(sae.b_enc[~dead], before["b_enc"][~dead]) and torch.equal(sae.b_dec, before["b_dec"])
    for name, parameter in sae.named_parameters():
        for what in ("exp_avg", "exp_avg_sq"):
            memory = optimiser.state[parameter][what]
            memory = memory.T if name == "W_enc" else memory
            if name == "b_dec":
                assert (memory != 0).all()
            else:
                assert (memory[dead] == 0).all() and (memory[~dead] != 0).all()


@torch.no_grad()
def test_inputs_are_drawn_by_their_loss_squared():
    sae = StandardSAE(1, 1, seed=0)
    sae.W_dec.zero_()  # the reconstruction is 0, so the loss of x is x^2 and its weight x^4
    x = torch.tensor([[1.0], [2.0**0.25], [3.0**0.25], [4.0**0.25]])
    counts, noise = torch.zeros(4), stream("test", 0)
    for _ in range(1500):
        candidates = Candidates.none(sae)
        for part in x.split(2):  # as they come by, in parts
            candidates.look_at(sae, part, noise, ALONE)
        counts[(x - candidates.rows).abs().argmin()] += 1
    torch.testing.assert_close(counts / 1500, torch.tensor([0.1, 0.2, 0.3, 0.4]), atol=0.04, rtol=0)


@torch.no_grad()
def test_nothing_to_do_without_dead_without_living_or_without_inputs():
    with torch.enable_grad():
        sae, optimiser = trained(lambda: StandardSAE(D, 20, 0.1, seed=0))
    before = sae.W_dec.clone()
    none, full = Candidates.none(sae), Candidates(torch.ones(20, D), torch.zeros(20))
    nobody, everybody = torch.zeros(20, dtype=torch.bool), torch.ones(20, dtype=torch.bool)
    one = nobody.clone()
    one[2] = True
    for dead, candidates in ((nobody, full), (everybody, full), (one, none)):
        assert len(resample(sae, dead, candidates, optimiser)) == 0
    assert torch.equal(sae.W_dec, before)
    few = Candidates(torch.ones(1, D), torch.zeros(1))
    assert resample(sae, ~one, few, optimiser).tolist() == [0]  # the others wait


def test_resampling_brings_dead_latents_back():
    found = []
    for rule in (None, Resampling()):
        sae = StandardSAE(D, N_FEATURES, 0.1, seed=0)
        with torch.no_grad():
            sae.b_enc[:12] = -9.0  # half of the dictionary starts out of reach
        log = train_sae(
            sae,
            batches(rows=128),
            n_steps=240,
            learning_rate=5e-3,
            dead_after=2_000,
            resampling=rule,
            quiet=True,
        )
        found.append((log.entries[-1].dead, log.entries[-1].fvu))
    assert found[0][0] == 12 and found[1][0] <= 1
    assert found[1][1] < 0.5 * found[0][1]


@pytest.mark.parametrize("wrong", [{"at": (0.5, 1.0)}, {"silent": 0.0}, {"inputs_each": 0}])
def test_a_schedule_outside_the_training_is_refused(wrong):
    with pytest.raises(ValueError, match="shares between 0 and 1"):
        Resampling(**wrong)
