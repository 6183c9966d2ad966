"""Dictionaries in 8 bits: what the rounding may cost, and everything that can be wrong with the files."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mechint_course.sae import DICTIONARIES, JumpReLUSAE, MatryoshkaSAE, TopKSAE, load_dictionary
from mechint_course.sae.packed import load_packed, pack, save_packed
from tests.sae.test_topk import random_sae


@pytest.fixture
def folder(tmp_path):
    save_packed(random_sae(), tmp_path / "packed")
    return tmp_path / "packed"


def test_a_weight_is_off_by_at_most_half_a_scale(folder):
    sae, again = random_sae(), load_packed(folder)
    assert (again.k, again.d_in, again.d_sae) == (sae.k, sae.d_in, sae.d_sae)
    assert torch.equal(again.b_enc, sae.b_enc) and torch.equal(again.b_dec, sae.b_dec)
    for name, dim in (("W_enc", 0), ("W_dec", 1)):
        before, after = getattr(sae, name), getattr(again, name)
        step = before.abs().amax(dim=dim, keepdim=True) / 127
        assert ((before - after).abs() <= 0.5001 * step).all() and not torch.equal(before, after)


def test_the_largest_weight_of_a_row_is_kept_exactly():
    rows = torch.randn(7, 13, generator=torch.Generator().manual_seed(0))
    whole, scale = pack(rows)
    largest = rows.abs().argmax(dim=1)
    assert whole.dtype == torch.int8 and (whole[torch.arange(7), largest].abs() == 127).all()
    torch.testing.assert_close(
        (whole * scale[:, None])[torch.arange(7), largest], rows[torch.arange(7), largest]
    )


def test_saelens_files_can_be_made_of_it(folder, tmp_path):
    load_packed(folder).save_model(tmp_path / "theirs")
    assert torch.equal(TopKSAE.load_from_disk(tmp_path / "theirs").W_enc, load_packed(folder).W_enc)


def _weights(folder):
    with safe_open(folder / "packed.safetensors", framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"W_enc": torch.zeros(11, 5)}, "W_enc is of type F32, expected one of I8"),
        ({"b_dec": torch.zeros(5, dtype=torch.int8)}, "b_dec is of type I8, expected one of F16"),
        ({"W_dec": torch.zeros(5, 11, dtype=torch.int8)}, "W_dec has shape"),
        ({"W_dec_scale": torch.full((11,), float("nan"))}, "W_dec_scale holds numbers that are not finite"),
        ({"W_dec_scale": None}, "lacks W_dec_scale"),
        ({"more": torch.zeros(1)}, "also holds more"),
    ],
)
def test_a_bad_file_gets_one_sentence(folder, change, says):
    kept = {name: value for name, value in (_weights(folder) | change).items() if value is not None}
    save_file(kept, folder / "packed.safetensors")
    with pytest.raises(ValueError, match=says):
        load_packed(folder)


def test_a_jumprelu_dictionary_keeps_its_thresholds(tmp_path):
    sae = JumpReLUSAE(5, 11, seed=2)
    sae.threshold.data.uniform_(0.1, 2.0, generator=torch.Generator().manual_seed(2))
    save_packed(sae, tmp_path)
    again = load_packed(tmp_path)
    assert isinstance(again, JumpReLUSAE) and torch.equal(again.threshold, sae.threshold)
    torch.testing.assert_close(again.W_enc, sae.W_enc, atol=0.01, rtol=0)


def test_what_trains_in_another_way_is_packed_as_it_is_used(tmp_path):
    sae = MatryoshkaSAE(5, 11, 2, prefixes=(3,), seed=2)
    with pytest.raises(ValueError, match="no threshold yet"):
        save_packed(sae, tmp_path)
    x = torch.randn(40, 5, generator=torch.Generator().manual_seed(3))
    sae.pick(sae.centred(x))
    save_packed(sae, tmp_path)
    again = load_packed(tmp_path)
    assert again.architecture == "jumprelu" and (again.threshold == sae.threshold).all()
    torch.testing.assert_close(again.pre_activations(x), sae.pre_activations(x), atol=0.05, rtol=0)


def test_a_file_of_another_architecture_and_a_missing_k_are_told(folder):
    config = json.loads((folder / "cfg.json").read_text())
    for other, says in (
        ({"architecture": "jumprelu"}, "lacks threshold"),
        ({"architecture": "gated"}, "'architecture' must be one of"),
        ({"k": None}, "whole number 'k'"),
    ):
        (folder / "cfg.json").write_text(json.dumps(config | other))
        with pytest.raises(ValueError, match=says):
            load_packed(folder)


def test_nan_is_not_written(tmp_path):
    sae = random_sae()
    sae.b_enc.data[0] = float("nan")
    with pytest.raises(ValueError, match="b_enc holds numbers that are not finite"):
        save_packed(sae, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_gets_the_list():
    with pytest.raises(ValueError, match=r"no shipped dictionary 'A-8192'; choose from A-512, A-4096"):
        load_dictionary("A-8192")


@pytest.mark.parametrize("name", DICTIONARIES)
def test_what_is_shipped_fits_its_name_and_is_frozen(name):
    sae = load_dictionary(name)
    assert not any(parameter.requires_grad for parameter in sae.parameters())
    if name == "A-nested":
        assert (sae.architecture, sae.d_in, sae.d_sae) == ("jumprelu", 512, 4096)
    else:
        d_sae, k = (4096, 8) if name.endswith("sparse") else (int(name.rpartition("-")[2]), 16)
        assert (sae.architecture, sae.d_in, sae.d_sae, sae.k) == ("topk", 512, d_sae, k)
