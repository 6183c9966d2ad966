"""A dictionary against labels: which few latents, taken together, say the same as a label.

A feature may be split over several latents, so a single one's recall falls as dictionaries grow. The union of a few,
on wherever one of them is on, is the honest comparison. Units are chosen on one half and scored on the other.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy import sparse
from torch import Tensor


class LatentUnion(NamedTuple):
    """Some latents, and how well being on for one of them agrees with the label, on inputs not used to choose them."""

    latents: tuple[int, ...]
    """In the order in which they were chosen."""
    precision: float
    """Of the inputs where the union is on, the share with the label; 0 where it is on for none."""
    recall: float
    """Of the inputs with the label, the share where the union is on."""
    f1: float
    """2 x precision x recall / (precision + recall); 0 where both are."""


def best_unions(
    on: Bool[Tensor, "n_inputs d_sae"] | sparse.csr_array,
    label: Bool[Tensor, " n_inputs"],
    choosing: Bool[Tensor, " n_inputs"],
    *,
    k: int,
) -> list[LatentUnion]:
    """The best union of one latent, of two, and so on up to k.

    Each takes the union before it and adds the latent that makes F1 on the inputs in `choosing` largest (greedily:
    all unions of five of four thousand are too many). Where no latent makes it larger, the list ends. `on` is where
    each latent is on, dense or sparse; for neurons, where each is above a threshold of its own.

    Raises ValueError where the sizes differ, k is not positive, or a half holds no input with the label.

    >>> import torch
    >>> on = torch.tensor([[1, 0, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]] * 2).bool()
    >>> label = torch.tensor([True, True, False, False] * 2)
    >>> for union in best_unions(on, label, torch.arange(8) < 4, k=2):
    ...     print(union.latents, round(union.precision, 2), union.recall, round(union.f1, 2))
    (2,) 0.67 1.0 0.8
    """
    n_inputs = on.shape[0]
    if len(label) != n_inputs or len(choosing) != n_inputs or k < 1:
        raise ValueError(
            f"Expected a label and a half for each of {n_inputs} inputs and k of 1 or more, "
            f"found {len(label)}, {len(choosing)} and k = {k}."
        )
    half, true = choosing.cpu().numpy(), label.cpu().numpy()
    if not true[half].any() or not true[~half].any():
        raise ValueError(
            "Both halves must hold an input with the label: without one there is nothing to find or to score."
        )
    rows = on if isinstance(on, sparse.csr_array) else sparse.csr_array(on.cpu().numpy())
    rows = (rows != 0).astype(np.float32)
    chosen_from, scored_on = rows[half].tocsc(), rows[~half].tocsc()
    covered, covers = np.zeros(half.sum(), dtype=bool), np.zeros((~half).sum(), dtype=bool)
    latents: tuple[int, ...] = ()
    reached = 0.0
    found: list[LatentUnion] = []
    while len(found) < k:
        hits = chosen_from.T @ (true[half] & ~covered).astype(np.float64) + (covered & true[half]).sum()
        marked = chosen_from.T @ (~covered).astype(np.float64) + covered.sum()
        f1 = 2 * hits / (marked + true[half].sum())
        best = int(f1.argmax())
        if f1[best] <= reached:
            break
        reached, latents = float(f1[best]), (*latents, best)
        covered |= _column(chosen_from, best)
        covers |= _column(scored_on, best)
        found.append(_scored(latents, covers, true[~half]))
    return found


def _column(columns: sparse.csc_array, number: int) -> np.ndarray:
    out = np.zeros(columns.shape[0], dtype=bool)
    out[columns.indices[columns.indptr[number] : columns.indptr[number + 1]]] = True
    return out


def _scored(latents: tuple[int, ...], on: np.ndarray, true: np.ndarray) -> LatentUnion:
    hits = float((on & true).sum())
    return LatentUnion(
        latents, hits / max(on.sum(), 1), hits / true.sum(), 2 * hits / (float(on.sum()) + float(true.sum()))
    )
