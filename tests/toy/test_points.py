"""Data points instead of features: gradients against autograd, polygons of examples, the file that is shipped."""

import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from mechint_course.cli import main
from mechint_course.toy import (
    dimensionality_of,
    fit_examples,
    load_regimes,
    loss_on,
    points,
    unit_examples,
)
from mechint_course.toy.regimes import SIZES


@pytest.mark.parametrize("block", [1, 4, 512])
def test_sparse_gradients_match_autograd(block, monkeypatch):
    monkeypatch.setattr(points, "_BLOCK", block)
    x = unit_examples(11, 30, 0.15, seed=3)
    x[4], x[10], x[:, 29] = 0, 0, 0  # examples and a feature without any entry
    generator = torch.Generator().manual_seed(0)
    W = (0.5 * torch.randn(3, 30, generator=generator)).requires_grad_()
    b = (0.2 * torch.randn(30, generator=generator)).requires_grad_()
    (torch.relu(x @ W.T @ W + b) - x).square().sum(1).mean().backward()
    with torch.no_grad():
        grad_W, grad_b = points._Entries.of(x).gradients(W, b)
    torch.testing.assert_close(grad_W, W.grad, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(grad_b, b.grad, atol=1e-5, rtol=1e-4)


def test_examples_have_length_one_and_repeat_with_their_seed():
    x = unit_examples(50, seed=2)
    torch.testing.assert_close(x.norm(dim=1), torch.ones(50))
    assert 7 < float((x > 0).double().sum(1).mean()) < 13
    assert torch.equal(x, unit_examples(50, seed=2)) and not torch.equal(x, unit_examples(50, seed=3))


def test_five_examples_form_a_regular_pentagon():
    """Three seeds of data and weights; Henighan et al.: T-gons with D = 2 / T."""
    n_examples = 5
    for seed in range(3):
        x = unit_examples(n_examples, seed=seed)
        fit = fit_examples(x, steps=1500, seed=seed, progress=False)
        hidden = x @ fit.W.T
        assert fit.train_loss < 0.02
        bearings = torch.atan2(hidden[:, 1], hidden[:, 0]).rad2deg().sort().values
        turns = torch.cat([bearings.diff(), bearings[:1] + 360 - bearings[-1:]])
        assert turns.tolist() == pytest.approx([360 / n_examples] * n_examples, abs=25)
        assert dimensionality_of(hidden).tolist() == pytest.approx([2 / n_examples] * n_examples, abs=0.12)


def test_a_long_fit_learns_nothing_from_an_interrupt_but_keeps_its_weights(monkeypatch, capsys):
    calls = []
    gradients = points._Entries.gradients

    def stopped(self, W, b):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return gradients(self, W, b)

    monkeypatch.setattr(points._Entries, "gradients", stopped)
    fit = fit_examples(unit_examples(3, 40, 0.1), steps=50, progress=False)
    assert math.isfinite(fit.train_loss)
    assert "stopped after 3 of 50 steps" in capsys.readouterr().out


def test_what_is_shipped_has_three_regimes():
    """Only the order replicates between laboratories, so only the order is asked for."""
    regimes = load_regimes()
    assert regimes.n_examples.tolist() == list(SIZES)
    test, example, feature = (
        table.median(1).values
        for table in (regimes.test_loss, regimes.largest_example, regimes.largest_feature)
    )
    peak = int(test.argmax())
    assert 2 < peak < len(test) - 2
    assert test[peak] > 2 * test[1] and test[peak] > 2 * test[-1]  # the bump
    assert test[-1] < 1  # and beyond it better than no model at all
    assert example[0] > 0.4 and example[-1] < 0.1  # first examples have dimensions to themselves,
    assert feature[-1] > 0.25 and feature[peak] < 0.1  # then features have
    assert bool((regimes.train_loss[0] < 0.01).all())


def test_the_shipped_weights_belong_to_the_shipped_losses():
    regimes = load_regimes()
    for i in (1, 7, -1):
        n_examples = int(regimes.n_examples[i])
        x = unit_examples(n_examples, seed=0)
        hidden = x @ regimes.W[i].T
        torch.testing.assert_close(hidden, regimes.hidden[i], atol=0.05, rtol=0.02)
        share = float(dimensionality_of(hidden).max())
        assert share == pytest.approx(float(regimes.largest_example[i, 0]), rel=0.05)


def test_the_command_makes_a_file_that_loads_with_its_card(tmp_path, capsys):
    out = tmp_path / "made" / "small.safetensors"
    words = ["train", "toy-points", "--sizes", "5", "3", "--steps", "20", "--seeds", "2", "--out", str(out)]
    assert main(words) == 0
    made = load_regimes(out)
    assert made.n_examples.tolist() == [3, 5] and made.test_loss.shape == (2, 2)
    assert [len(hidden) for hidden in made.hidden] == [3, 5]
    card = out.with_suffix(".md").read_text()
    assert "train toy-points --sizes 3 5 --steps 20 --seeds 2" in card and card.count("\n| ") == 3
    assert main(words) == 1
    assert "is there already" in capsys.readouterr().err


def test_a_damaged_or_foreign_file_is_named(tmp_path):
    path = tmp_path / "points.safetensors"
    with pytest.raises(ValueError, match="cannot be read"):
        load_regimes(path)
    path.write_bytes(b"no such format")
    with pytest.raises(ValueError, match=r"points\.safetensors must be a file of"):
        load_regimes(path)
    save_file({"W": torch.zeros(1, 2, 3)}, path)
    with pytest.raises(ValueError, match="must hold W, hidden, largest_example"):
        load_regimes(path)
    from mechint_course.resources import data_folder

    held = load_file(data_folder() / "toy" / "points.safetensors")
    for name, damaged in (
        ("train_loss", held["train_loss"].fill_(float("nan"))),
        ("hidden", held["hidden"][1:].contiguous()),
        ("n_examples", held["n_examples"].float()),
    ):
        save_file(load_file(data_folder() / "toy" / "points.safetensors") | {name: damaged}, path)
        with pytest.raises(ValueError, match="one row for each training-set size"):
            load_regimes(path)


def test_the_loss_without_any_model_is_the_squared_length():
    x = unit_examples(7, 50, 0.1)
    assert loss_on(x, torch.zeros(2, 50), torch.zeros(50)) == pytest.approx(1.0)
