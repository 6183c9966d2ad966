"""Files of the real SAELens: those kept beside this test, and in the release tier those of a SAELens that is installed.

For the release tier, name the Python of an environment that has sae-lens 6:

    MECHINT_COURSE_SAELENS=/path/to/python python -m mechint_course test -- -m release tests/sae/test_saelens.py
"""

import os
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mechint_course.sae import SAE, BatchTopKSAE, JumpReLUSAE, MatryoshkaSAE, StandardSAE, TopKSAE
from tests.sae.test_architectures import filled

GOLDEN = Path(__file__).parent / "golden"
KINDS = {
    "standard": StandardSAE,
    "standard-raw-input": StandardSAE,
    "topk": TopKSAE,
    "topk-rescaled": TopKSAE,
    "jumprelu": JumpReLUSAE,
    "batchtopk": JumpReLUSAE,
    "matryoshka": JumpReLUSAE,
}
FOLDED = {"standard-raw-input", "topk-rescaled"}
"""Dictionaries with a switch that ours do not have: it is folded into the weights, which are then others."""


@torch.no_grad()
def agrees(folder: Path) -> None:
    sae = SAE.load_from_disk(folder)
    assert type(sae) is KINDS[folder.name]
    expected = load_file(folder / "expected.safetensors")
    x = expected["x"]
    latents, rebuilt = sae.encode(x), sae.reconstruct(x)
    assert torch.equal(latents > 0, expected["latents"] > 0)
    assert 0 < (latents > 0).float().mean() < 1
    torch.testing.assert_close(latents, expected["latents"], atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(rebuilt, expected["reconstruction"], atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("name", list(KINDS))
def test_dictionaries_that_saelens_wrote_give_what_they_gave_there(name):
    agrees(GOLDEN / name)


@pytest.mark.parametrize("name", sorted(set(KINDS) - FOLDED))
def test_what_saelens_wrote_is_written_again_to_the_bit(name, tmp_path):
    SAE.load_from_disk(GOLDEN / name).save_model(tmp_path)
    ours, theirs = (load_file(folder / "sae_weights.safetensors") for folder in (tmp_path, GOLDEN / name))
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def saelens(*words: object) -> None:
    python = os.environ.get("MECHINT_COURSE_SAELENS")
    if not python:
        pytest.skip("un-skip by naming the Python of an environment with sae-lens in MECHINT_COURSE_SAELENS")
    run = subprocess.run(
        [python, GOLDEN / "make.py", *map(str, words)], capture_output=True, text=True, timeout=300,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


@pytest.mark.release
def test_this_saelens_writes_what_we_read(tmp_path):
    saelens("write", tmp_path)
    for name in KINDS:
        agrees(tmp_path / name)


@pytest.mark.release
@torch.no_grad()
def test_this_saelens_reads_what_we_write(tmp_path):
    d_in, d_sae = 24, 70
    makers = {
        "standard": StandardSAE(d_in, d_sae, seed=0),
        "topk": TopKSAE(d_in, d_sae, 5, seed=0),
        "jumprelu": JumpReLUSAE(d_in, d_sae, seed=0),
        "batchtopk": BatchTopKSAE(d_in, d_sae, 5, seed=0),
        "matryoshka": MatryoshkaSAE(d_in, d_sae, 5, (10, 40), seed=0),
    }
    x = torch.randn(200, d_in, generator=torch.Generator().manual_seed(0))
    for name, sae in makers.items():
        filled(sae)
        if isinstance(sae, BatchTopKSAE):
            sae.pick(sae.centred(x))
        sae.save_model(tmp_path / name)
    save_file({"x": x}, tmp_path / "inputs.safetensors")
    saelens("read", tmp_path)
    theirs = load_file(tmp_path / "read.safetensors")
    for name in makers:
        ours = SAE.load_from_disk(tmp_path / name)
        for key, value in ours.named_parameters():
            assert torch.equal(value, theirs[f"{name}.{key}"]), (name, key)
        error = float((ours.encode(x) - theirs[f"{name}.latents"]).abs().max())
        print(f"{name}: largest difference of a latent {error}")
        assert error == 0.0, name
        torch.testing.assert_close(
            ours.reconstruct(x), theirs[f"{name}.reconstruction"], atol=1e-5, rtol=1e-5
        )
