"""A training on disk, half done: one safetensors file with tensors and, in its header, everything else as JSON.

Nothing is pickled; a file is replaced in one step; one that belongs to another training is refused.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from mechint_course.resources import replace_file


def write(path: Path, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Puts tensors and state into one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_file(path, to_bytes(whole, metadata={"state": json.dumps(state)}))


def read(path: Path, recipe: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write` wrote. Raises ValueError where the file is damaged or its recipe is another one."""
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {}).get("state", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is damaged or cut short ({error}): remove it to start the training again."
        ) from error
    if not isinstance(state, dict) or "recipe" not in state:
        raise ValueError(
            f"{path} is no checkpoint of a dictionary: name another file, or remove it to start again."
        )
    for name in sorted({*recipe, *state["recipe"]}):
        if recipe.get(name) != state["recipe"].get(name):
            raise ValueError(
                f"{path} was made with {name} = {state['recipe'].get(name)!r}, but this training has {recipe.get(name)!r}: "
                "go on with the old value, or remove the file to start again."
            )
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(
                f"{path}: {name} holds numbers that are not finite: remove the file to start again."
            )
    return tensors, state
