"""`mechint-course train language`: the model with its card, and going on after a stop."""

import json
from functools import partial

import pytest
import torch

from mechint_course.cli import main
from mechint_course.language import read_model, report, train, training
from mechint_course.language.corpus import DOMAINS
from mechint_course.language.models import parameters_of
from tests.language.test_training import Stopping


@pytest.fixture
def little_text(monkeypatch, tmp_path):
    """Two generated domains, so that a model of full size trains for a few steps in seconds."""
    from mechint_course.language import text

    monkeypatch.setenv("MECHINT_COURSE_CACHE", str(tmp_path / "cache"))
    chosen = {name: DOMAINS[name] for name in ("dna", "http")}
    monkeypatch.setattr(text, "DOMAINS", chosen)
    monkeypatch.setattr(text, "domains_of", lambda model=None: tuple(chosen.values()))
    monkeypatch.setattr(text, "EVALUATION_TOKENS", 640)
    monkeypatch.setattr(train, "training_text", lambda model: text.training_text(model, 12_800))
    monkeypatch.setattr(train, "domains_of", lambda model: (DOMAINS["dna"],))
    monkeypatch.setattr(train, "generalisation_gaps", partial(report.generalisation_gaps, tokens=640))
    return tmp_path


def command(folder, *more: str) -> list[str]:
    return ["train", "language", "--model", "B", "--tokens", str(3 * 4096), "--out", str(folder), *more]


def test_a_stopped_training_is_resumed_to_a_model_with_a_card(little_text, monkeypatch, capsys) -> None:
    folder = little_text / "B"
    with monkeypatch.context() as patched:
        patched.setattr(training, "work", Stopping(1))
        assert main(command(folder)) == 1
    assert "--resume" in capsys.readouterr().out
    assert not list(folder.iterdir())

    assert main(command(folder, "--resume", "--checkpoints", "1")) == 0
    assert read_model(folder).cfg.d_mlp == 512
    last = parameters_of(read_model(folder / "checkpoints" / "step-000003"))
    assert all(torch.equal(last[name], value) for name, value in parameters_of(read_model(folder)).items())
    config = json.loads((folder / "config.json").read_text())
    assert config["tokens_trained"] == 3 * 4096
    assert set(config["loss"]) == {"dna", "http"}
    card = (folder / "README.md").read_text()
    assert f"--tokens {3 * 4096}" in card
    assert config["training_text"] in card
    assert "| dna |" in card.partition("learnt by heart")[2]


def test_nothing_is_written_over_and_a_file_is_told_before_the_training(
    little_text, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(train, "train_language_model", None)  # nothing may be trained
    readme = little_text / "README.md"
    readme.write_text("mine")
    for folder, words in (
        (little_text, "already holds README.md"),
        (readme, "is a file"),
        (readme / "B", "cannot be made"),
    ):
        assert main(command(folder)) == 1
        assert words in capsys.readouterr().err


def test_a_kept_training_is_told_before_another_takes_its_place(little_text, monkeypatch, capsys) -> None:
    def stop(*args, **named):
        raise ValueError("enough")

    monkeypatch.setattr(train, "train_language_model", stop)
    kept = little_text / "cache" / "training" / f"B-{3 * 4096}-bfloat16.safetensors"
    kept.parent.mkdir(parents=True)
    kept.touch()
    for more, told in (((), True), (("--resume",), False)):
        assert main(command(little_text / "B", *more)) == 1
        assert ("will be replaced; --resume goes on" in capsys.readouterr().out) is told


def test_bad_options_are_told(little_text, capsys) -> None:
    assert main(command(little_text / "B", "--threads", "-1")) != 0
    assert "--threads" in capsys.readouterr().err
    assert main(command(little_text / "B", "--threads", "0")) != 0
    assert "at least 1, found 0" in capsys.readouterr().err
    assert main(["train", "language", "--model", "B", "--tokens", "0", "--out", str(little_text / "B")]) != 0
    assert "--tokens" in capsys.readouterr().err
    assert main(command(little_text / "B", "--checkpoints", "-1")) != 0
    assert "--checkpoints" in capsys.readouterr().err
