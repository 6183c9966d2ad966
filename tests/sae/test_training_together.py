"""All architectures on one stream: they find known features, and each is what it would be alone, stopped or not."""

from itertools import islice

import pytest
import torch

from mechint_course.sae import (
    BatchTopKSAE,
    JumpReLUSAE,
    MatryoshkaSAE,
    Resampling,
    StandardSAE,
    TopKSAE,
    fvu,
    l0,
    mcc,
    train_sae,
    train_saes,
)
from mechint_course.sae.seeds import stream
from tests.sae.test_training import D, batches, truth

MAKERS = {
    "standard": lambda: StandardSAE(D, 36, 0.25, seed=0),
    "topk": lambda: TopKSAE(D, 36, 3, seed=0),
    "jumprelu": lambda: JumpReLUSAE(D, 36, 1.0, target_l0=2.0, seed=0),
    "batchtopk": lambda: BatchTopKSAE(D, 36, 2, seed=0),
    "matryoshka": lambda: MatryoshkaSAE(D, 36, 2, (12, 24), seed=0),
}


@torch.no_grad()
def test_every_architecture_is_at_chance_before_and_finds_the_features():
    saes = {name: make() for name, make in MAKERS.items()}
    chance = [mcc(torch.randn(36, D, generator=stream("chance", i)), truth()).mcc for i in range(30)]
    for sae in saes.values():
        assert min(chance) - 0.02 < mcc(sae.W_dec, truth()).mcc < max(chance) + 0.02 < 0.5
    with torch.enable_grad():
        train_saes(
            list(saes.values()),
            batches(rows=128),
            n_steps=250,
            learning_rate=5e-3,
            dead_after=2_500,
            quiet=True,
        )
    x = next(batches(seed=9, rows=2048))
    for name, sae in saes.items():
        latents = sae.encode(x)
        assert mcc(sae.W_dec, truth()).mcc > 0.9, name
        assert fvu(x, sae.decode(latents)) < 0.1, name
        assert l0(latents) < {"standard": 8, "topk": 3.01}.get(name, 2.3), name
        assert l0(latents) > 1.7, name
        torch.testing.assert_close(sae.W_dec.norm(dim=1), torch.ones(36))
    # What is penalised for its strength comes out too weak; what is picked or counted does not.
    weak, *strong = (
        float((saes[name].reconstruct(x) - saes[name].b_dec).norm() / (x - saes[name].b_dec).norm())
        for name in ("standard", "jumprelu", "batchtopk")
    )
    assert weak < min(strong) - 0.05


HOW = {"n_steps": 24, "dead_after": 1_000, "log_every": 5, "quiet": True,
       "resampling": Resampling(at=(0.25, 0.5), silent=0.1, inputs_each=20)}  # fmt: skip


def test_together_each_becomes_what_it_becomes_alone():
    rates = [3e-3, 1e-3, 2e-3, 3e-3, 4e-3]
    together = [make() for make in MAKERS.values()]
    logs = train_saes(together, batches(rows=128), learning_rate=rates, **HOW)
    for make, sae, log, rate in zip(MAKERS.values(), together, logs, rates, strict=True):
        alone = make()
        assert train_sae(alone, batches(rows=128), learning_rate=rate, **HOW) == log
        for name, value in alone.state_dict().items():
            assert torch.equal(value, sae.state_dict()[name]), (sae.architecture, name)


@pytest.mark.parametrize("stop", [5, 14])
def test_every_architecture_goes_on_from_a_checkpoint_as_if_never_stopped(tmp_path, stop):
    """Stopped between two resamplings, and while inputs for the second are being measured."""

    def train(source, **more):
        saes = [make() for make in MAKERS.values()]
        with torch.no_grad():
            for sae in saes:
                sae.b_enc[::3] = -9.0  # a third is dead, and has to be resampled
        return saes, train_saes(saes, source, learning_rate=3e-3, **HOW, **more)

    whole, logs = train(batches(rows=128))
    path = tmp_path / "half.safetensors"
    with pytest.raises(ValueError, match=f"ran out after {stop} of 24"):
        train(islice(batches(rows=128), stop), checkpoint=path, checkpoint_every=1)
    again, logs_again = train(batches(rows=128), checkpoint=path)
    assert logs_again == logs
    for one, other in zip(whole, again, strict=True):
        for name, value in one.state_dict().items():
            assert torch.equal(other.state_dict()[name], value), (one.architecture, name)
    with pytest.raises(ValueError, match="dictionary 4, k = 2, but this training has 3"):
        train_saes(
            [make() if name != "batchtopk" else BatchTopKSAE(D, 36, 3, seed=0) for name, make in MAKERS.items()],
            batches(rows=128), learning_rate=3e-3, checkpoint=path, **HOW,
        )  # fmt: skip


def test_a_rate_for_each_and_at_least_one_dictionary():
    for saes, rate in (([], 1e-3), ([MAKERS["topk"]()], [1e-3, 1e-3]), ([MAKERS["topk"]()], [0.0])):
        with pytest.raises(ValueError, match="a learning rate above 0 for each"):
            train_saes(saes, batches(), n_steps=3, learning_rate=rate)


def test_the_bar_shows_every_dictionary(monkeypatch):
    shown = []
    monkeypatch.setattr("mechint_course.work.work.note", lambda self, **values: shown.append(values))
    train_saes(
        [MAKERS["topk"](), MAKERS["batchtopk"]()], batches(rows=64), n_steps=4, log_every=2, quiet=True
    )
    assert len(shown) == 2 and all(len(value.split()) == 2 for value in shown[0].values())
    assert set(shown[0]) == {"loss", "L0", "dead"}
