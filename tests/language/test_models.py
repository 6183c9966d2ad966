"""The models: the same numbers as TransformerLens, and every bad file told by name."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from mechint_course.language import ACTIVATION_HOOK, activations, load_model, models
from mechint_course.language.fast_loss import fast_losses, losses
from mechint_course.language.models import Shape, new_model, parameters_of, read_model, save_model
from mechint_course.language.tiny import TINY_SHAPE, TINY_WORDS, tiny_model

SMALL = Shape(d_vocab=30, n_ctx=9, d_model=8, n_heads=2, d_mlp=11)


@pytest.fixture
def tokens() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, len(TINY_WORDS), (7, 13), generator=generator)


def test_fast_losses_are_those_of_transformer_lens(tokens) -> None:
    model = load_model("tiny")
    theirs = model(tokens, return_type="loss", loss_per_token=True)
    ours = fast_losses(parameters_of(model), tokens, n_heads=2)
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_fast_gradients_are_those_of_transformer_lens(tokens) -> None:
    model = tiny_model()
    model(tokens, return_type="loss").backward()
    theirs = {name: value.grad for name, value in parameters_of(model).items()}
    own = {name: value.detach().clone().requires_grad_() for name, value in parameters_of(model).items()}
    fast_losses(own, tokens, n_heads=2).mean().backward()
    for name, value in own.items():
        assert torch.allclose(value.grad, theirs[name], atol=1e-5), name


def test_zero_mlp_is_zeroing_what_the_mlp_writes(tokens) -> None:
    model = load_model("tiny")
    hooks = [("blocks.0.hook_mlp_out", lambda x, hook: torch.zeros_like(x))]
    theirs = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
    ours = losses(parameters_of(model), tokens, n_heads=2, zero_mlp=True, batch_size=3)
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_activations_are_the_relu_of_what_comes_before(tokens) -> None:
    model = load_model("tiny")
    _, kept = model.run_with_cache(tokens)
    found = activations(model, tokens, batch_size=2)
    assert found.shape == (7, 13, 20)
    assert torch.allclose(found, kept["blocks.0.mlp.hook_pre"].relu())
    assert torch.allclose(activations(model, tokens, dtype=torch.float16).float(), found, atol=0.02)
    assert not any(point.fwd_hooks for point in model.hook_dict.values())


def test_activations_say_what_is_wrong_with_their_input(tokens, unchecked) -> None:
    model = load_model("tiny")
    with pytest.raises(ValueError, match="whole numbers"):
        activations(model, tokens.float())
    with pytest.raises(ValueError, match="hook point"):
        activations(model, tokens, "blocks.7.nothing")
    with pytest.raises(ValueError, match="at least one sequence"):
        activations(model, tokens[:0])


def test_tiny_is_always_the_same_and_has_biases() -> None:
    first, second = parameters_of(tiny_model()), parameters_of(tiny_model())
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(value.abs().max() > 0.05 for value in first.values())
    assert first["layers.0.mlp.fc_in.weight"].shape == (TINY_SHAPE.d_mlp, TINY_SHAPE.d_model)


def test_tiny_reads_words() -> None:
    model = load_model("tiny")
    assert model.to_str_tokens("the cat sat") == ["<|endoftext|>", "the", "cat", "sat"]
    assert model.to_tokens("the cat sat").shape == (1, 4)


def test_a_model_is_loaded_once_unless_a_fresh_one_is_asked_for() -> None:
    assert load_model("tiny") is load_model("tiny")
    assert load_model("tiny", fresh=True) is not load_model("tiny")
    with pytest.raises(ValueError, match="'C'"):
        load_model("C")


@pytest.fixture
def saved(tmp_path):
    save_model(new_model(SMALL, seed=4), tmp_path, shape=SMALL, notes={"about": "a test"})
    return tmp_path


def test_a_saved_model_comes_back_in_sixteen_bits(saved) -> None:
    before, after = parameters_of(new_model(SMALL, seed=4)), parameters_of(read_model(saved))
    for name, value in before.items():
        assert torch.equal(value.half().float(), after[name]), name


def test_a_file_cut_short(saved) -> None:
    file = saved / models.WEIGHTS
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors.*cut short"):
        read_model(saved)


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\x80\x04\x95pickle"])
def test_a_file_of_another_kind(saved, content: bytes) -> None:
    (saved / models.WEIGHTS).write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors"):
        read_model(saved)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"layers.0.mlp.fc_in.weight": torch.zeros(12, 8)},
            r"fc_in.weight of shape \[11, 8\], found \[12, 8\]",
        ),
        ({"head.weight": torch.full((30, 8), torch.nan)}, "head.weight, found 240 that are NaN"),
        ({"ln_out.bias": torch.tensor([torch.inf] + [0.0] * 7)}, "ln_out.bias, found 1 that"),
        ({"ln_out.bias": torch.zeros(8, dtype=torch.int32)}, "floating-point"),
        ({"another": torch.zeros(2)}, "one more called 'another'"),
        ({"pos.weight": None}, "none called 'pos.weight'"),
    ],
)
def test_weights_that_do_not_fit(saved, change, told: str) -> None:
    file = saved / models.WEIGHTS
    values = {name: value for name, value in (load_file(file) | change).items() if value is not None}
    save_file(values, file)
    with pytest.raises(ValueError, match=told):
        read_model(saved)


@pytest.mark.parametrize(
    "config", ["", "{}", '{"shape": {"d_model": -3}}', '{"shape": {"d_model": 7}}', '{"shape": 3}']
)
def test_a_bad_config(saved, config: str) -> None:
    (saved / models.CONFIG).write_text(config)
    with pytest.raises(ValueError, match=r"config\.json"):
        read_model(saved)


def test_missing_files(saved, tmp_path) -> None:
    (saved / models.WEIGHTS).unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        read_model(saved)
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        read_model(tmp_path / "nowhere")


def test_saving_what_is_broken_leaves_the_old_file(saved, monkeypatch) -> None:
    before = (saved / models.WEIGHTS).read_bytes()
    model = new_model(SMALL, seed=5)
    with torch.no_grad():
        parameters_of(model)["pos.weight"][0, 0] = torch.nan
    with pytest.raises(ValueError, match=r"pos\.weight"):
        save_model(model, saved, shape=SMALL, notes={})

    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mechint_course.resources.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_model(new_model(SMALL, seed=5), saved, shape=SMALL, notes={})
    assert (saved / models.WEIGHTS).read_bytes() == before
    assert {file.name for file in saved.iterdir()} == {models.WEIGHTS, models.CONFIG}


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_shipped_models(name: str) -> None:
    model = load_model(name)
    assert (model.cfg.d_mlp, model.cfg.d_model, model.cfg.n_layers) == (512, 128, 1)
    assert model.to_str_tokens("the cat")[0] == "<|endoftext|>"
    text = "GET /index.html HTTP/1.1\nHost: www.example.org\nUser-Agent: "
    assert model(model.to_tokens(text), return_type="loss").item() < 5
    card = json.loads((models.data_folder() / "models" / name / models.CONFIG).read_text())
    assert card["model"] == name
    assert activations(model, model.to_tokens(text), ACTIVATION_HOOK).shape[-1] == 512


def test_the_shipped_models_are_two() -> None:
    a, b = parameters_of(load_model("A")), parameters_of(load_model("B"))
    assert not any(
        torch.allclose(a[name], b[name], atol=1e-2)
        for name in a
        if name.endswith("weight") and "ln" not in name
    )
