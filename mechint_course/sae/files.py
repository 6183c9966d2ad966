"""A dictionary on disk: SAELens' own two files, cfg.json and sae_weights.safetensors.

Everything read is distrusted: sizes and types are compared with cfg.json before a tensor is made, numbers must be
finite, and nothing is ever unpickled. Writing replaces a file only when the new one is complete.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from mechint_course.resources import replace_file
from mechint_course.sae.base import SAE
from mechint_course.sae.jumprelu import JumpReLUSAE
from mechint_course.sae.standard import StandardSAE
from mechint_course.sae.topk import TopKSAE

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
_ARCHITECTURES: dict[str, tuple[type[SAE], Callable[[int, int, Mapping[str, Any]], SAE]]] = {
    "topk": (TopKSAE, TopKSAE.from_config),
    "standard": (StandardSAE, lambda d_in, d_sae, _config: StandardSAE(d_in, d_sae, seed=0)),
    "jumprelu": (JumpReLUSAE, lambda d_in, d_sae, _config: JumpReLUSAE(d_in, d_sae, seed=0)),
}
"""What SAELens' inference files hold; BatchTopK and Matryoshka dictionaries are saved as "jumprelu", there as here."""
_FLOATS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_LARGEST_CONFIG = 1 << 20  # bytes
_LONGEST_HEADER = 1 << 20  # bytes; five tensors need a few hundred


def save(sae: SAE, folder: Path) -> None:
    """Writes both files, each whole or not at all. Raises ValueError where a weight is not finite.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(TopKSAE(d_in=2, d_sae=3, k=1, seed=0), Path(folder))
    ...     config = json.loads(Path(folder, "cfg.json").read_text("utf-8"))
    >>> [config[name] for name in ("architecture", "d_in", "d_sae", "k")]
    ['topk', 2, 3, 1]
    """
    sae = sae.inference()
    tensors = {
        name: getattr(sae, name).detach().cpu().float().contiguous()
        for name in shapes(type(sae), sae.d_in, sae.d_sae)
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(
                f"{name} holds numbers that are not finite, so nothing was written: train with a lower learning rate."
            )
    config = {
        "d_in": sae.d_in,
        "d_sae": sae.d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "architecture": sae.architecture,
        **sae.own_config(),
        # SAELens reads files of version 6 and above as they are, and rewrites others.
        "metadata": {"sae_lens_version": "6.54.12", "sae_lens_training_version": "6.54.12"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / WEIGHTS, to_bytes(tensors))
    replace_file(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())


def load(folder: Path) -> SAE:
    """Reads a dictionary, in float32. Raises ValueError, naming the file, where anything is not as it should be.

    >>> import tempfile
    >>> sae = StandardSAE(d_in=2, d_sae=3, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(sae, Path(folder))
    ...     again = load(Path(folder))
    >>> torch.equal(sae.W_enc, again.W_enc), again.l1_coefficient  # what only training needs is not in the files
    (True, 0.0)
    """
    config = read_config(folder / CONFIG)
    # The file first: sizes in cfg.json cost nothing to write, and memory to believe.
    tensors = read_tensors(folder / WEIGHTS, shapes(kind_of(config), config["d_in"], config["d_sae"]))
    sae = unfilled(config, folder / CONFIG)
    if isinstance(sae, TopKSAE) and config.get("rescale_acts_by_decoder_norm"):
        # Selecting by h * |row| and decoding by row / |row| is a dictionary without that switch and with these weights.
        lengths = tensors["W_dec"].norm(dim=1)
        if (lengths == 0).any():
            raise ValueError(
                f"{folder / WEIGHTS}: a row of W_dec has length 0, which rescaling by its length cannot bear."
            )
        tensors["W_enc"], tensors["b_enc"] = tensors["W_enc"] * lengths, tensors["b_enc"] * lengths
        tensors["W_dec"] = tensors["W_dec"] / lengths.unsqueeze(1)
    if not config["apply_b_dec_to_input"]:
        # x @ W + b is (x - b_dec) @ W + (b + b_dec @ W).
        tensors["b_enc"] = tensors["b_enc"] + tensors["b_dec"] @ tensors["W_enc"]
    with torch.no_grad():
        for name, tensor in tensors.items():
            getattr(sae, name).copy_(tensor)
    return sae


def kind_of(config: Mapping[str, Any]) -> type[SAE]:
    """The class of the dictionary that a checked cfg.json describes."""
    return _ARCHITECTURES[config["architecture"]][0]


def unfilled(config: Mapping[str, Any], path: Path) -> SAE:
    """The dictionary that a checked cfg.json describes, before it has its weights.

    Raises ValueError naming `path`, where the config was read, if a field of the architecture's own is wrong.
    """
    try:
        return _ARCHITECTURES[config["architecture"]][1](config["d_in"], config["d_sae"], config)
    except ValueError as error:
        raise ValueError(f"{path}: {error}. Save the dictionary again.") from error


def shapes(kind: type[SAE], d_in: int, d_sae: int) -> dict[str, tuple[int, ...]]:
    """The tensors of a dictionary's file, by name."""
    own = {name: (d_sae,) for name in kind.own_tensors}
    return {"W_enc": (d_in, d_sae), "W_dec": (d_sae, d_in), "b_enc": (d_sae,), "b_dec": (d_in,), **own}


def read_config(path: Path) -> dict[str, Any]:
    """The checked fields of a dictionary's cfg.json. Raises ValueError naming the file and what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"{path} is missing: a dictionary is a folder that holds {CONFIG} and {WEIGHTS}.")
    if path.stat().st_size > _LARGEST_CONFIG:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes where a few hundred are expected: this is no {CONFIG}."
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}): save the dictionary again.") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} holds a {type(config).__name__} where an object with fields is expected.")
    config.setdefault("apply_b_dec_to_input", True)
    wrong = _what_is_wrong(config)
    if wrong:
        raise ValueError(f"{path}: {wrong}.")
    return config


def _what_is_wrong(config: Mapping[str, Any]) -> str | None:
    for name in ("d_in", "d_sae"):
        size = config.get(name)
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size < 2**31:
            return f"{name!r} must be a positive whole number, found {size!r}"
    if config.get("architecture") not in list(_ARCHITECTURES):  # a list: what was read need not be hashable
        known = ", ".join(repr(name) for name in _ARCHITECTURES)
        return f"'architecture' must be one of {known}, found {config.get('architecture')!r}"
    for name in ("normalize_activations", "reshape_activations"):
        if config.get(name, "none") not in ("none", None):
            return f"{name!r} is {config[name]!r}, which needs a step that is not in the file; fold it into the weights first ('none')"
    for name in ("apply_b_dec_to_input", "rescale_acts_by_decoder_norm"):
        if not isinstance(config.get(name, False), bool):
            return f"{name!r} must be true or false, found {config[name]!r}"
    if config.get("dtype", "float32") not in _FLOATS.values():
        return f"'dtype' must be one of {', '.join(_FLOATS.values())}, found {config['dtype']!r}"
    return None


def read_tensors(
    path: Path, shapes: Mapping[str, tuple[int, ...]], *, whole_numbers: Collection[str] = ()
) -> dict[str, Tensor]:
    """The named tensors of a safetensors file, in float32; ValueError where they are not exactly these, finite and whole.

    Those named in `whole_numbers` are 8-bit integers in the file, all others floating-point numbers.
    """
    if not path.is_file():
        raise ValueError(f"{path} is missing: a dictionary is a folder that holds {CONFIG} and {WEIGHTS}.")
    largest = 8 + _LONGEST_HEADER + 8 * sum(math.prod(shape) for shape in shapes.values())
    if path.stat().st_size > largest:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes, more than its sizes in {CONFIG} can fill ({largest:,})."
        )
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
            for name, shape in shapes.items():
                if name not in found:
                    raise ValueError(
                        f"{path} lacks {name}; it holds {', '.join(sorted(found)) or 'nothing'}."
                    )
                if tuple(found[name].get_shape()) != shape:
                    raise ValueError(
                        f"{path}: {name} has shape {tuple(found[name].get_shape())}, expected {shape}."
                    )
                types = ("I8",) if name in whole_numbers else tuple(_FLOATS)
                if found[name].get_dtype() not in types:
                    raise ValueError(
                        f"{path}: {name} is of type {found[name].get_dtype()}, expected one of {', '.join(types)}."
                    )
            unknown = sorted(set(found) - set(shapes))
            if unknown:
                raise ValueError(
                    f"{path} also holds {', '.join(unknown)}, which this architecture does not have."
                )
            tensors = {name: file.get_tensor(name).float() for name in shapes}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or cut short ({error}): save or copy it again.") from error
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{path}: {name} holds numbers that are not finite (NaN or infinity).")
    return tensors
