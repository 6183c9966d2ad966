"""The command that trains dictionaries: what it writes, and that stopping it loses nothing."""

import argparse
import json
from dataclasses import replace

import pytest
import torch

from mechint_course import cli
from mechint_course.features import train_sae as command
from mechint_course.features.train_sae import Recipe, add_arguments, train_dictionary
from mechint_course.language import models
from mechint_course.language.activations import activations
from mechint_course.language.models import load_model
from mechint_course.sae import SAE, Team, fvu

RECIPE = Recipe(d_sae=30, k=3, n_tokens=64 * 20, batch_size=64, learning_rate=3e-3, seed=0)


@pytest.fixture
def train():
    tokens = torch.randint(0, 25, (40, 8), generator=torch.Generator().manual_seed(1))

    def go(out, recipe=RECIPE):
        return train_dictionary(
            load_model("tiny"),
            tokens,
            tokens[:9],
            recipe,
            out,
            card={"model": "tiny"},
            checkpoint_every=4,
            quiet=True,
        )

    return go


def test_a_dictionary_and_its_card_are_written_and_the_checkpoint_is_gone(train, tmp_path):
    scores = train(tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["card.json", "cfg.json", "sae_weights.safetensors"]
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["scores"] == scores and card["recipe"]["k"] == 3 and card["model"] == "tiny"
    assert 0 < scores["l0"] <= 3 and 0 < scores["fvu"] < 1 and scores["clean"] != scores["patched"]
    assert SAE.load_from_disk(tmp_path / "out").d_sae == 30


def test_stopped_and_gone_on_it_is_the_same_dictionary(train, tmp_path, monkeypatch, capsys):
    whole = train(tmp_path / "whole")
    taken, step = 0, command.ActivationBatches.__call__

    def stops_at_eleven(self, start=0):
        nonlocal taken
        for batch in step(self, start):
            taken += 1
            if taken == 11:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(command.ActivationBatches, "__call__", stops_at_eleven)
    assert train(tmp_path / "again") is None
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["training.safetensors"]
    assert "stopped after 10 of 20" in capsys.readouterr().out
    assert train(tmp_path / "again") == whole
    for name in ("cfg.json", "sae_weights.safetensors", "card.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_nothing_is_overwritten_and_no_other_recipe_goes_on(train, tmp_path, monkeypatch):
    train(tmp_path)
    with pytest.raises(ValueError, match="already holds a dictionary"):
        train(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="multiple of 3"):
        patch.setattr(Team, "size", 3)
        train(tmp_path / "other")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--batch-size", "0"], "--batch-size to be at least 1, found 0"),
        (["--d-sae", "-3"], "--d-sae to be at least 1, found -3"),
        (["--k", "0"], "--k to be at least 1, found 0"),
        (
            ["--d-sae", "64", "--prefixes", "16", "8"],
            "--prefixes to grow, from 1 on, and to stay below --d-sae 64, found 16 8",
        ),
        (["--d-sae", "64", "--prefixes", "64"], "stay below --d-sae 64"),
        (["--prefixes", "0", "8"], "to grow, from 1 on"),
        (["--tokens", "10", "--batch-size", "64"], "10 tokens do not fill one batch of 64"),
        (["--out", "file"], "file is a file"),
        (["--out", "file/inside"], "cannot be made"),
        (["--ship", "file"], "file is a file"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_loaded(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setattr(models, "load_model", None)
    assert cli.main(["train", "sae", "--out", "out", *words]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--prefixes", "32", "128"]])
def test_the_cards_command_is_the_one_that_was_given(more):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = ["--model", "B", "--d-sae", "512", "--k", "8", *more, "--tokens", "9000", "--seed", "3"]
    args = parser.parse_args([*words, "--out", "x"])
    recipe = command.recipe_of(args)
    again = parser.parse_args([*command.options_of(args.model, recipe), "--out", "x"])
    assert vars(again) == vars(args) and recipe.prefixes == tuple(map(int, more[1:]))


def test_with_prefixes_a_matryoshka_dictionary_is_trained(train, tmp_path):
    """Its first latents alone must say more of the layer than as many of a top-k dictionary with the same recipe."""
    recipe = Recipe(d_sae=30, k=3, prefixes=(4,), n_tokens=64 * 200, batch_size=64)
    scores = train(tmp_path / "nested", recipe)
    train(tmp_path / "flat", replace(recipe, prefixes=()))
    assert 1 < scores["l0"] < 5 and scores["silent"] < 30
    unseen = torch.randint(0, 25, (20, 8), generator=torch.Generator().manual_seed(2))
    x = activations(load_model("tiny"), unseen)[:, 1:].flatten(0, 1)
    missed = {}
    for name in ("nested", "flat"):
        sae = SAE.load_from_disk(tmp_path / name).requires_grad_(False)
        latents = sae.encode(x)
        latents[:, 4:] = 0
        missed[name] = fvu(x, sae.decode(latents))
    assert missed["nested"] < missed["flat"] - 0.1
