"""The geometry strip: one model of 400 equal features in 30 dimensions for each of many densities, as small data.

Elhage et al. 2022, "Toy Models of Superposition", section "The Geometry of Superposition". `mechint-course train
toy-strip` makes it (see make_strip.py); `load_strip` reads the one that is shipped, or another.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mechint_course.resources import data_folder
from mechint_course.toy.geometry import dimensions_per_feature

FILE = "strip.safetensors"
N_FEATURES, N_HIDDEN = 400, 30
DENSITIES = tuple(float(f"{10 ** (-k / 12):.4g}") for k in (*range(13), *range(14, 25, 2)))
"""From 1 to 0.01: twelve to a decade down to 0.1, where much happens, then six."""
_DIMS = {"density": 1, "W": 3, "b_final": 2, "loss": 1}


@dataclass(frozen=True)
class Strip:
    """One trained model for each density, densest first."""

    density: Float[Tensor, "n_densities"]
    W: Float[Tensor, "n_densities n_hidden n_features"]
    b_final: Float[Tensor, "n_densities n_features"]
    loss: Float[Tensor, "n_densities"]
    """On fresh samples, all features added up."""

    @property
    def dimensions_per_feature(self) -> Float[Tensor, "n_densities"]:
        """D* = m / |W|_F^2: how many dimensions there are for each feature that is represented."""
        return dimensions_per_feature(self.W)


def load_strip(path: Path | None = None) -> Strip:
    """The shipped strip, or the one in the file `path`, in float32.

    Raises ValueError, naming the file, what was expected and what was found, for one that is damaged or foreign.

    >>> strip = load_strip()
    >>> strip.W.shape[1:], float(strip.density[0])
    (torch.Size([30, 400]), 1.0)
    """
    path = path or data_folder() / "toy" / FILE
    if not path.is_file():
        raise ValueError(
            f"{path} must be the file of a strip, but it is not there; make it with train toy-strip."
        )
    tensors = {}
    try:
        with safe_open(path, framework="pt") as file:
            shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
            _shapes_fit(path, shapes)
            tensors = {name: file.get_tensor(name).float() for name in _DIMS}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or cut short ({error}); copy it or make it again.") from None
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(
                f"{path} must hold finite numbers, but {name} holds NaN or infinity; make it again."
            )
    return Strip(**tensors)


def _shapes_fit(path: Path, shapes: dict[str, list[int]]) -> None:
    fits = {name: len(shape) for name, shape in shapes.items()} == _DIMS
    if fits:
        rows, _, n_features = shapes["W"]
        fits = shapes["density"] == shapes["loss"] == [rows] and shapes["b_final"] == [rows, n_features]
    if not fits:
        raise ValueError(
            f"{path} must hold density and loss [n_densities], W [n_densities, n_hidden, n_features] and b_final "
            f"[n_densities, n_features], but it holds {shapes}; name the file that train toy-strip wrote."
        )
