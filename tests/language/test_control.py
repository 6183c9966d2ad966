"""The random control: other weights of the same scale where the model computes, the same where it embeds."""

import torch

from mechint_course.language import load_model, read_model
from mechint_course.language.control import RANDOMISED, randomise
from mechint_course.language.models import parameters_of


def test_only_attention_and_mlp_are_drawn_anew_and_at_their_scale() -> None:
    trained, control = parameters_of(load_model("A", fresh=True)), parameters_of(load_model("control"))
    for name, value in trained.items():
        if name.rpartition(".")[0] in RANDOMISED:
            assert not torch.allclose(control[name], value)
            assert 0.8 < (control[name].std() / value.std()).item() < 1.25
            both = torch.corrcoef(torch.stack([control[name].flatten(), value.flatten()]))[0, 1]
            assert both.abs().item() < 5 / value.numel() ** 0.5
        else:
            assert torch.equal(control[name], value)


def test_the_seed_decides(unchecked) -> None:
    def drawn(seed: int) -> torch.Tensor:
        return parameters_of(randomise(load_model("tiny", fresh=True), seed=seed))[
            "layers.0.mlp.fc_in.weight"
        ]

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_a_command_writes_it(tmp_path, capsys) -> None:
    from mechint_course.cli import main

    assert main(["train", "language", "--model", "control", "--out", str(tmp_path / "control")]) == 0
    assert str(tmp_path / "control") in capsys.readouterr().out
    found = parameters_of(read_model(tmp_path / "control"))["layers.0.mlp.fc_in.weight"]
    assert torch.allclose(found, parameters_of(load_model("control"))["layers.0.mlp.fc_in.weight"], atol=2e-3)
