"""Training: it recovers known features from chance, revives the dead, stops cleanly, and goes on as if it never stopped."""

from itertools import islice

import pytest
import torch

from mechint_course.sae import TopKSAE, fvu, geometric_median, mcc, train_sae
from mechint_course.sae.seeds import stream
from mechint_course.sae.training import schedule

N_FEATURES, D = 24, 32


def truth(seed=0):
    # On purpose the plainest stream there is, under the number that also seeds the dictionary.
    directions = torch.randn(N_FEATURES, D, generator=torch.Generator().manual_seed(seed))
    return directions / directions.norm(dim=1, keepdim=True)


def batches(seed=0, scale=1.0, offset=0.5, rows=512):
    generator, directions = stream("test.data", seed), truth()
    while True:
        on = torch.rand(rows, N_FEATURES, generator=generator) < 2 / N_FEATURES
        strength = 0.5 + torch.rand(rows, N_FEATURES, generator=generator)
        yield scale * ((on * strength) @ directions + offset)


def test_known_features_are_at_chance_before_and_found_after():
    sae = TopKSAE(D, 36, 3, seed=0)
    before = mcc(sae.W_dec.detach(), truth()).mcc
    chance = [mcc(torch.randn(36, D, generator=stream("chance", i)), truth()).mcc for i in range(50)]
    assert min(chance) - 0.02 < before < max(chance) + 0.02 < 0.5
    log = train_sae(sae, batches(), n_steps=300, learning_rate=5e-3, dead_after=5_000, quiet=True)
    assert mcc(sae.W_dec.detach(), truth()).mcc > 0.99
    assert log.entries[-1].fvu < 0.1 < log.entries[0].fvu
    assert (log.n_steps, log.n_inputs, log.interrupted) == (300, 300 * 512, False)
    torch.testing.assert_close(sae.W_dec.norm(dim=1), torch.ones(36))


def test_the_units_of_the_inputs_do_not_matter():
    found = []
    for scale in (1.0, 1000.0):
        sae = TopKSAE(D, N_FEATURES, 3, seed=0)
        train_sae(sae, batches(scale=scale), n_steps=60, learning_rate=3e-3, quiet=True)
        x = next(batches(seed=9, scale=scale))
        with torch.no_grad():
            found.append(fvu(x, sae.reconstruct(x)))
    assert found[0] == pytest.approx(found[1], rel=0.02)


def test_b_dec_starts_at_the_geometric_median():
    sae, first = TopKSAE(D, N_FEATURES, 3, seed=0), next(batches())
    train_sae(sae, [first], n_steps=1, learning_rate=1e-9, quiet=True)
    torch.testing.assert_close(sae.b_dec.detach(), geometric_median(first), atol=1e-4, rtol=1e-4)


def test_auxk_brings_dead_latents_back():
    found = []
    for weight in (0.0, 1.0):
        sae = TopKSAE(D, N_FEATURES, 3, seed=0, aux_weight=weight)
        with torch.no_grad():
            sae.b_enc[:12] = -1.0  # half of the dictionary starts out of reach
        log = train_sae(sae, batches(), n_steps=300, learning_rate=1e-2, dead_after=5_000, quiet=True)
        found.append((log.entries[-1].dead, log.entries[-1].fvu))
    (dead_without, fvu_without), (dead_with, fvu_with) = found
    assert dead_without >= 9
    assert dead_with <= 7
    assert fvu_with < 0.8 * fvu_without


def test_auxk_starts_after_a_quarter_of_what_counts_as_dead(monkeypatch):
    sae, seen = TopKSAE(D, N_FEATURES, 3, seed=0), []
    with torch.no_grad():
        sae.b_enc[:4] = -9.0
    plain = sae.training_loss
    monkeypatch.setattr(
        sae, "training_loss", lambda x, moment: seen.append(bool(moment.dead[:4].all())) or plain(x, moment)
    )
    log = train_sae(sae, batches(rows=64), n_steps=12, dead_after=512, log_every=1, quiet=True)
    assert seen == [False] * 2 + [True] * 10  # two steps are 128 inputs
    assert [entry.dead >= 4 for entry in log.entries] == [False] * 7 + [True] * 5


@pytest.mark.parametrize("stop", [5, 20, 23])
def test_going_on_from_a_checkpoint_equals_never_having_stopped(tmp_path, stop):
    how = {"n_steps": 40, "learning_rate": 3e-3, "dead_after": 4_000, "log_every": 5, "quiet": True}

    def train(source, **more):
        sae = TopKSAE(D, N_FEATURES, 3, seed=0)
        return sae, train_sae(sae, source, **how, **more)

    whole, log = train(batches())
    path = tmp_path / "half.safetensors"
    with pytest.raises(ValueError, match=f"ran out after {stop} of 40"):
        train(islice(batches(), stop), checkpoint=path, checkpoint_every=5)
    again, log_again = train(batches(), checkpoint=path, checkpoint_every=5)
    assert log_again == log
    for name, value in whole.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    asked_from = []
    train(lambda step: asked_from.append(step) or batches(), checkpoint=path)
    assert asked_from == [40]  # a finished training takes no further step


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(tmp_path):
    path = tmp_path / "half.safetensors"
    train_sae(TopKSAE(D, 10, 3, seed=0), batches(), n_steps=2, checkpoint=path, quiet=True)
    with pytest.raises(ValueError, match="was made with k = 3, but this training has 4"):
        train_sae(TopKSAE(D, 10, 4, seed=0), batches(), n_steps=2, checkpoint=path, quiet=True)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match="damaged or cut short"):
        train_sae(TopKSAE(D, 10, 3, seed=0), batches(), n_steps=2, checkpoint=path, quiet=True)


def test_an_interrupt_keeps_what_was_reached(capsys):
    def interrupted():
        yield from islice(batches(), 7)
        raise KeyboardInterrupt

    sae = TopKSAE(D, 10, 3, seed=0)
    log = train_sae(sae, interrupted(), n_steps=100, quiet=True)
    assert (log.interrupted, log.n_steps) == (True, 7)
    assert "stopped after 7 of 100 steps" in capsys.readouterr().out
    assert all(torch.isfinite(value).all() for value in sae.state_dict().values())


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (torch.zeros(4, 5), r"shape \(4, 5\), expected \[batch, 32\]"),
        (torch.zeros(0, D), "at least one row"),
        (torch.full((4, D), float("nan")), "not finite"),
        (torch.ones(4, D), "nothing to learn"),
    ],
)
def test_bad_batches_are_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        train_sae(TopKSAE(D, 10, 3, seed=0), [bad], n_steps=1, quiet=True)


def test_the_learning_rate_rises_stays_and_falls():
    rates = [schedule(step, 100, 0.1, 0.2) for step in range(100)]
    assert rates[:10] == sorted(rates[:10]) and rates[9:81] == [1.0] * 72
    assert rates[81:] == sorted(rates[81:], reverse=True) and 0 < rates[-1] < 0.1
