"""A dictionary in a quarter of the space: 8 bits a weight, with one scale for each latent and direction.

Each latent's encoder column and decoder row is stored as whole numbers from -127 to 127 and one scale: the largest
weight over 127. So a weight is off by at most half a scale. Loading gives an ordinary dictionary in float32, which
`save_model` writes as SAELens' own files. This is how the course ships its dictionaries; what the rounding costs
stands on their cards. Biases and thresholds, a few thousand numbers, stay as they are.
"""

import json
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import save as to_bytes
from torch import Tensor

from mechint_course.resources import replace_file
from mechint_course.sae.base import SAE
from mechint_course.sae.files import CONFIG, kind_of, read_config, read_tensors, shapes, unfilled

PACKED = "packed.safetensors"
_ROUNDED = ("W_enc", "W_dec")
_LEVELS = 127


def pack(
    rows: Float[Tensor, "n d"],
) -> tuple[Tensor, Float[Tensor, " n"]]:
    """Whole numbers [n, d] from -127 to 127, and one scale a row: their product is `rows`, rounded.

    >>> whole, scale = pack(torch.tensor([[1.0, -2.54], [0.0, 0.0]]))
    >>> whole.tolist(), [round(value, 4) for value in scale.tolist()]
    ([[50, -127], [0, 0]], [0.02, 0.0])
    """
    scale = rows.abs().amax(dim=1) / _LEVELS
    whole = (rows / scale.clamp_min(torch.finfo(rows.dtype).tiny).unsqueeze(1)).round()
    return whole.to(torch.int8), scale


def save_packed(sae: SAE, folder: Path) -> None:
    """Writes cfg.json and packed.safetensors, each whole or not at all. Raises ValueError where a weight is not finite.

    As with `save_model`, BatchTopK and Matryoshka dictionaries become JumpReLU ones. About a quarter of SAELens' own file:

    >>> import tempfile
    >>> from mechint_course.sae import TopKSAE
    >>> sae = TopKSAE(d_in=64, d_sae=256, k=4, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_packed(sae, Path(folder))
    ...     sae.save_model(folder)
    ...     sizes = [Path(folder, name).stat().st_size for name in (PACKED, "sae_weights.safetensors")]
    >>> round(sizes[0] / sizes[1], 2)
    0.28
    """
    sae = sae.inference()
    names = [name for name in shapes(type(sae), sae.d_in, sae.d_sae) if name not in _ROUNDED]
    tensors: dict[str, Tensor] = {name: getattr(sae, name).detach() for name in names}
    for name, rows in (("W_enc", sae.W_enc.T), ("W_dec", sae.W_dec)):
        tensors[name], tensors[f"{name}_scale"] = pack(rows.detach())
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(
                f"{name} holds numbers that are not finite, so nothing was written: train with a lower learning rate."
            )
    config = {"architecture": sae.architecture, "d_in": sae.d_in, "d_sae": sae.d_sae, **sae.own_config()}
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(
        folder / PACKED,
        to_bytes({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}),
    )
    replace_file(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())


def load_packed(folder: Path) -> SAE:
    """What `save_packed` wrote, in float32. Raises ValueError, naming the file, where anything is not as it should be.

    >>> import tempfile
    >>> from mechint_course.sae import TopKSAE
    >>> sae = TopKSAE(d_in=2, d_sae=3, k=1, seed=0)
    >>> _ = sae.W_dec.data.copy_(torch.tensor([[1.27, 0.018], [0.0, 1.0], [0.6, -0.8]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_packed(sae, Path(folder))
    ...     again = load_packed(Path(folder))
    >>> again.W_dec[0].detach()  # the scale of this row is 1.27 / 127 = 0.01
    tensor([1.2700, 0.0200])
    """
    config = read_config(folder / CONFIG)
    d_in, d_sae = config["d_in"], config["d_sae"]
    packed = shapes(kind_of(config), d_in, d_sae) | {"W_enc": (d_sae, d_in)}
    packed |= {f"{name}_scale": (d_sae,) for name in _ROUNDED}
    read = read_tensors(folder / PACKED, packed, whole_numbers=_ROUNDED)
    sae = unfilled(config, folder / CONFIG)
    for name in _ROUNDED:
        read[name] = read[name] * read.pop(f"{name}_scale").unsqueeze(1)
    read["W_enc"] = read["W_enc"].T
    with torch.no_grad():
        for name, tensor in read.items():
            getattr(sae, name).copy_(tensor)
    return sae
