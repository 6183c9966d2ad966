"""Corpora kept by their manifest hash: written whole or not at all, and made again where a file is not what it should be."""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mechint_course.resources import cache_folder, replace_file

_KINDS = {"tokens": torch.int16, "document": torch.int32, "domain": torch.uint8}


def kept(manifest: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors kept under this hash, or what `make` gives, kept from now on.

    A file that was cut short, or is another program's, is made again and a line says so. Where nothing can be written
    (no space, a read-only folder), the corpus is used without being kept and a line says that.
    """
    file = cache_folder() / "corpus" / f"{manifest}.safetensors"
    if file.exists():
        found = _read(file, manifest)
        if isinstance(found, dict):
            return found
        print(f"The kept corpus {file} is {found}; making it again.")
    made = make()
    try:
        write_whole(made, file, {"manifest": manifest})
    except OSError as error:
        print(
            f"The corpus could not be kept in {file.parent} ({error.strerror or error}); it will be made again next time."
        )
    return made


def _read(file: Path, manifest: str) -> dict[str, Tensor] | str:
    """The tensors in a file, or what is wrong with it."""
    try:
        with safe_open(file, framework="pt") as opened:
            if (opened.metadata() or {}).get("manifest") != manifest:
                return "of another corpus"
            found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        return f"not readable ({error})"
    if {name: tensor.dtype for name, tensor in found.items()} != _KINDS:
        return "of another kind"
    rows = len(found["tokens"])
    if found["tokens"].dim() != 2 or any(
        tensor.shape != (rows,) for name, tensor in found.items() if name != "tokens"
    ):
        return "of other shapes"
    return found


def write_whole(tensors: dict[str, Tensor], file: Path, metadata: dict[str, str]) -> None:
    """Writes a safetensors file in one step, so that a reader meets the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, save(tensors, metadata))
