"""A dictionary on disk: SAELens' format, both ways, and everything that can be wrong with it."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mechint_course.sae import SAE, TopKSAE
from tests.sae.test_topk import data, random_sae


@pytest.fixture
def folder(tmp_path):
    random_sae().save_model(tmp_path / "dictionary")
    return tmp_path / "dictionary"


def rewrite(folder, **fields):
    config = json.loads((folder / "cfg.json").read_text()) | fields
    (folder / "cfg.json").write_text(
        json.dumps({name: value for name, value in config.items() if value != "gone"})
    )


def weights(folder):
    with safe_open(folder / "sae_weights.safetensors", framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def reweigh(folder, **tensors):
    kept = {name: value for name, value in (weights(folder) | tensors).items() if value is not None}
    save_file(kept, folder / "sae_weights.safetensors")


def test_what_is_saved_comes_back_exactly(folder):
    for again in (SAE.load_from_disk(folder), TopKSAE.load_from_disk(str(folder))):
        assert again.k == 3
        for name, value in random_sae().state_dict().items():
            assert torch.equal(again.state_dict()[name], value)


def test_the_files_are_those_that_saelens_writes(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["cfg.json", "sae_weights.safetensors"]
    assert json.loads((folder / "cfg.json").read_text()) == {
        "d_in": 5, "d_sae": 11, "dtype": "float32", "device": "cpu", "apply_b_dec_to_input": True,
        "normalize_activations": "none", "reshape_activations": "none", "architecture": "topk", "k": 3,
        "rescale_acts_by_decoder_norm": False,
        "metadata": {"sae_lens_version": "6.54.12", "sae_lens_training_version": "6.54.12"},
    }  # fmt: skip
    assert {name: tuple(value.shape) for name, value in weights(folder).items()} == {
        "W_enc": (5, 11), "W_dec": (11, 5), "b_enc": (11,), "b_dec": (5,),
    }  # fmt: skip


@torch.no_grad()
def test_switches_of_saelens_are_folded_into_the_weights(folder):
    sae, x = random_sae(), data(40)
    h = (x @ sae.W_enc + sae.b_enc) * sae.W_dec.norm(dim=1)  # neither pre-bias nor unscaled latents
    values, indices = h.topk(3)
    latents = torch.zeros(40, 11).scatter(1, indices, values.relu()) / sae.W_dec.norm(dim=1)
    rewrite(folder, apply_b_dec_to_input=False, rescale_acts_by_decoder_norm=True)
    torch.testing.assert_close(SAE.load_from_disk(folder).reconstruct(x), latents @ sae.W_dec + sae.b_dec)


def test_half_precision_is_read_as_float32(folder):
    reweigh(folder, W_dec=random_sae().W_dec.detach().half())
    assert SAE.load_from_disk(folder).W_dec.dtype == torch.float32


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"architecture": "gated"},
            "'architecture' must be one of 'topk', 'standard', 'jumprelu', found 'gated'",
        ),
        ({"architecture": ["topk"]}, "'architecture' must be"),
        ({"d_in": "gone"}, "'d_in' must be a positive whole number, found None"),
        ({"d_sae": -11}, "'d_sae' must be"),
        ({"d_sae": 11.0}, "'d_sae' must be"),
        ({"d_sae": True}, "'d_sae' must be"),
        ({"d_in": 10**30}, "'d_in' must be"),
        ({"k": "gone"}, "whole number 'k', found None"),
        ({"k": 12}, "from 1 to d_sae = 11"),
        ({"normalize_activations": "layer_norm"}, "'normalize_activations' is 'layer_norm'"),
        ({"reshape_activations": "hook_z"}, "'reshape_activations' is 'hook_z'"),
        ({"apply_b_dec_to_input": "yes"}, "must be true or false"),
        ({"dtype": "int8"}, "'dtype' must be"),
        ({"dtype": ["float32"]}, "'dtype' must be"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(folder, fields, words):
    rewrite(folder, **fields)
    with pytest.raises(ValueError, match=r"cfg\.json") as caught:
        SAE.load_from_disk(folder)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"W_enc": torch.zeros(11, 5)}, "W_enc has shape (11, 5), expected (5, 11)"),
        ({"b_dec": None}, "lacks b_dec"),
        ({"b_enc": torch.full((11,), float("nan"))}, "b_enc holds numbers that are not finite"),
        ({"W_dec": torch.full((11, 5), float("inf"))}, "W_dec holds numbers that are not finite"),
        ({"b_dec": torch.zeros(5, dtype=torch.int64)}, "b_dec is of type I64"),
        ({"threshold": torch.zeros(11)}, "also holds threshold"),
    ],
)
def test_a_wrong_tensor_is_named_with_its_file(folder, tensors, words):
    reweigh(folder, **tensors)
    with pytest.raises(ValueError, match=r"sae_weights\.safetensors") as caught:
        SAE.load_from_disk(folder)
    assert words in str(caught.value)


def test_sizes_that_only_the_config_claims_take_no_memory(folder):
    rewrite(folder, d_in=2**31 - 1, d_sae=2**31 - 1)  # 16 million terabytes
    with pytest.raises(ValueError, match=r"W_enc has shape \(5, 11\), expected"):
        SAE.load_from_disk(folder)


def test_a_jumprelu_dictionary_needs_its_thresholds(folder):
    rewrite(folder, architecture="jumprelu")
    with pytest.raises(ValueError, match=r"sae_weights\.safetensors lacks threshold"):
        SAE.load_from_disk(folder)
    reweigh(folder, threshold=torch.zeros(10))
    with pytest.raises(ValueError, match=r"threshold has shape \(10,\), expected \(11,\)"):
        SAE.load_from_disk(folder)


@pytest.mark.parametrize("keep", [0, 4, 20, 400, -1])
def test_a_file_cut_short_is_told(folder, keep):
    path = folder / "sae_weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"sae_weights\.safetensors is damaged or cut short"):
        SAE.load_from_disk(folder)


def test_a_file_with_more_behind_it_is_told(folder):
    path = folder / "sae_weights.safetensors"
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(ValueError, match="damaged"):
        SAE.load_from_disk(folder)
    path.write_bytes(path.read_bytes() + bytes(2_000_000))
    with pytest.raises(ValueError, match="more than its sizes"):
        SAE.load_from_disk(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 5000, b" " * (1 << 21)])
def test_a_config_that_is_none_is_told(folder, content):
    (folder / "cfg.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"cfg\.json"):
        SAE.load_from_disk(folder)


@pytest.mark.parametrize("name", ["cfg.json", "sae_weights.safetensors"])
def test_a_missing_file_is_told(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"{name} is missing"):
        SAE.load_from_disk(folder)


def test_a_pickle_is_never_loaded(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"W_enc": Trap()}, folder / "sae_weights.safetensors")
    with pytest.raises(ValueError, match="damaged"):
        SAE.load_from_disk(folder)
    assert not (tmp_path / "sprung").exists()


def test_a_failed_save_leaves_the_old_files(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    broken = random_sae(seed=5)
    with torch.no_grad():
        broken.b_enc[0] = float("nan")
    with pytest.raises(ValueError, match="b_enc holds numbers that are not finite, so nothing was written"):
        broken.save_model(folder)

    def full_disk(_descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        random_sae(seed=5).save_model(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
