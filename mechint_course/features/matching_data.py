"""The full matching of the course's dictionaries as small data: for each latent its best match and what it is worth.

`mechint-course train matching` makes it (see train_matching.py); `load_matching` reads what is shipped.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mechint_course.resources import data_folder

CARD, SWEEP = "card.json", "sweep.json"


@dataclass(frozen=True)
class Matching:
    """One model's units, each with its best match among another's, over many tokens."""

    partner: Int[Tensor, " n_left"]
    """The number of the best match."""
    correlation: Float[Tensor, " n_left"]
    """With it."""
    null: Float[Tensor, " n_left"]
    """With the best match on shuffled tokens."""
    token_only: Float[Tensor, " n_left"]
    """Of the token-only part with the best match of token-only parts."""
    residual: Float[Tensor, " n_left"]
    """Of what the token does not explain, with the best match of residuals."""
    explained: Float[Tensor, " n_left"]
    """The share of the left unit's variance that the current token explains."""
    density: Float[Tensor, " n_left"]
    """On which share of the tokens the left unit is on."""


def file_of(folder: Path, left: str, right: str) -> Path:
    """Where the matching of these two is kept."""
    return folder / f"{left}_{right}.safetensors"


def load_matching(left: str, right: str, folder: Path | None = None) -> Matching:
    """The matching of `left`'s units ("A-sparse", "A-neurons") with `right`'s, shipped or in a folder of yours.

    Raises ValueError, naming the file, where there is none or it is damaged.

    Latents of two models, trained apart, have better twins than their neurons have; on shuffled tokens nothing has:

    >>> for kind in ("neurons", "sparse"):
    ...     found = load_matching(f"A-{kind}", f"B-{kind}")
    ...     len(found.partner), round(float(found.correlation.median()), 1), round(float(found.null.median()), 1)
    (512, 0.3, 0.0)
    (4096, 0.7, 0.0)
    """
    file = file_of(folder or data_folder() / "universality", left, right)
    if not file.is_file():
        raise ValueError(f"{file} must be a matching, but it is not there; make it with train matching.")
    try:
        with safe_open(file, framework="pt") as opened:
            found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except SafetensorError as error:
        raise ValueError(f"{file} is damaged or cut short ({error}); copy it or make it again.") from None
    wanted = {field.name for field in fields(Matching)}
    if set(found) != wanted or len({tensor.shape for tensor in found.values()}) != 1:
        raise ValueError(f"{file} must hold {', '.join(sorted(wanted))}, one value a unit; make it again.")
    values = {name: value.long() if name == "partner" else value.float() for name, value in found.items()}
    if not all(bool(torch.isfinite(value).all()) for value in values.values()):
        raise ValueError(f"{file} must hold finite numbers; make it again.")
    return Matching(**values)


def load_card(folder: Path | None = None) -> dict[str, Any]:
    """What was matched, over which tokens, and the medians: the card beside the data; without pairs where there is none.

    Raises ValueError, naming the file, where it is damaged.

    >>> pair = load_card()["pairs"]["A-neurons_B-neurons"]
    >>> pair["n_left"], round(pair["correlation"], 1), round(pair["null"], 1)
    (512, 0.3, 0.0)
    """
    file = (folder or data_folder() / "universality") / CARD
    return _read(file, "pairs") if file.is_file() else {"pairs": {}, "dictionaries": {}}


def load_sweep(folder: Path | None = None) -> list[dict[str, Any]]:
    """Pairs of dictionaries from sparse to dense: `l0`, `recovered`, `median`, `null` and more of each; empty where there is none.

    Raises ValueError, naming the file, where it is damaged.

    >>> sparsest, *_, densest = load_sweep()
    >>> sparsest["l0"], round(sparsest["median"], 1)  # latents on at a token; the median best correlation
    (4.0, 0.7)
    >>> densest["l0"], round(densest["median"], 1)
    (32.0, 0.5)
    """
    file = (folder or data_folder() / "universality") / SWEEP
    return sorted(_read(file, "points")["points"], key=lambda point: point["l0"]) if file.is_file() else []


def _read(file: Path, key: str) -> dict[str, Any]:
    """The JSON in `file`, which must be an object that has this key."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:  # no JSON, or no UTF-8
        raise ValueError(f"{file} is damaged or cut short ({error}); copy it or make it again.") from None
    if not isinstance(found, dict) or key not in found:
        raise ValueError(f'{file} must be a JSON object with "{key}"; copy it or make it again.')
    return found
