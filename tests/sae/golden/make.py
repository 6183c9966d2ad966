"""Writes a folder of small dictionaries with the real SAELens, and what it makes of some inputs; reads ours.

    python make.py write FOLDER      writes them
    python make.py read FOLDER       runs every dictionary in FOLDER on its inputs.safetensors, into read.safetensors

in an environment with sae-lens 6 (which needs transformer-lens<4, so not in ours). For every architecture: cfg.json and
sae_weights.safetensors as SAELens writes them, and beside them expected.safetensors with inputs `x`,
`latents = encode(x)` and `reconstruction = decode(latents)`.
The folders beside this file were written so, with sae-lens 6.54.12 and torch 2.13.0.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

SIZES = {"d_in": 6, "d_sae": 10}


def makers() -> dict[str, Callable[[], Any]]:
    import sae_lens as lens

    nested = {"k": 2, "matryoshka_widths": [4, 10]}
    return {
        "standard": lambda: lens.StandardSAE(lens.StandardSAEConfig(**SIZES)),
        "standard-raw-input": lambda: lens.StandardSAE(
            lens.StandardSAEConfig(**SIZES, apply_b_dec_to_input=False)
        ),
        "topk": lambda: lens.TopKSAE(lens.TopKSAEConfig(**SIZES, k=3)),
        "topk-rescaled": lambda: lens.TopKSAE(
            lens.TopKSAEConfig(**SIZES, k=3, rescale_acts_by_decoder_norm=True)
        ),
        "jumprelu": lambda: lens.JumpReLUSAE(lens.JumpReLUSAEConfig(**SIZES)),
        "batchtopk": lambda: lens.BatchTopKTrainingSAE(lens.BatchTopKTrainingSAEConfig(**SIZES, k=2)),
        "matryoshka": lambda: lens.MatryoshkaBatchTopKTrainingSAE(
            lens.MatryoshkaBatchTopKTrainingSAEConfig(**SIZES, **nested)
        ),
    }


@torch.no_grad()
def write(out: Path) -> None:
    from sae_lens import SAE

    for number, (name, make) in enumerate(makers().items()):
        generator = torch.Generator().manual_seed(number)
        sae, folder = make(), out / name
        for parameter, value in sae.named_parameters():
            value.copy_(torch.randn(value.shape, generator=generator))
            if parameter == "threshold":
                value.abs_()
        if hasattr(sae, "save_inference_model"):  # trained in one form, saved in another
            sae.topk_threshold = torch.tensor(0.7, dtype=torch.double)
            sae.save_inference_model(folder)
            sae = SAE.load_from_disk(folder)
        else:
            sae.save_model(folder)
        x = torch.randn(12, SIZES["d_in"], generator=generator)
        latents = sae.encode(x)
        expected = {"x": x, "latents": latents, "reconstruction": sae.decode(latents)}
        save_file(
            {key: value.contiguous() for key, value in expected.items()}, folder / "expected.safetensors"
        )


@torch.no_grad()
def read(out: Path) -> None:
    from sae_lens import SAE

    x = load_file(out / "inputs.safetensors")["x"]
    found = {}
    for folder in sorted(path.parent for path in out.glob("*/cfg.json")):
        sae = SAE.load_from_disk(folder)
        latents = sae.encode(x)
        found |= {f"{folder.name}.latents": latents, f"{folder.name}.reconstruction": sae.decode(latents)}
        found |= {
            f"{folder.name}.{name}": value.detach().contiguous() for name, value in sae.named_parameters()
        }
    save_file(found, out / "read.safetensors")


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]))
