"""Arithmetic with a few latents of many: what a dictionary costs when only k of its d_sae latents are on.

Three products carry both directions of a top-k dictionary. With S the sparse [batch, d_sae] matrix that holds
`weights` at `indices`:

    combine(S, table)   = S @ table               the decoder; k rows read for each input instead of d_sae
    project(rows, ...)  = (rows @ table.T) at S   the encoder, only where it is asked for
    collect(S, rows)    = S.T @ rows              the gradient of a table

The gradients of `combine` and `project` are these same three products again, so nothing dense is ever made.
Their dense twins are three lines in the tests, which also run `torch.autograd.gradcheck`.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import embedding_bag

_SUM = 0  # the number of embedding_bag's mode "sum"


def project(
    rows: Float[Tensor, "batch d"], table: Float[Tensor, "n d"], indices: Int[Tensor, "batch k"]
) -> Float[Tensor, "batch k"]:
    """Each row's dot product with the k rows of `table` that `indices` names. Differentiable in rows and table.

    >>> rows, table = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 3.0]])
    >>> project(rows, table, torch.tensor([[2, 0]]))
    tensor([[6., 1.]])
    """
    return _Project.apply(rows, table, indices)


def combine(
    weights: Float[Tensor, "batch k"], table: Float[Tensor, "n d"], indices: Int[Tensor, "batch k"]
) -> Float[Tensor, "batch d"]:
    """The weighted sum of the k rows of `table` that `indices` names. Differentiable in weights and table.

    >>> table = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 3.0]])
    >>> combine(torch.tensor([[2.0, 10.0]]), table, torch.tensor([[2, 0]]))
    tensor([[10.,  6.]])
    """
    return _Combine.apply(weights, table, indices)


def collect(
    weights: Float[Tensor, "batch k"], rows: Float[Tensor, "batch d"], indices: Int[Tensor, "batch k"], n: int
) -> Float[Tensor, "n d"]:
    """Adds weight x row into each of n slots: the transpose of `combine`.

    >>> collect(torch.tensor([[2.0], [3.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1], [1]]), 2)
    tensor([[0., 0.],
            [2., 3.]])
    """
    order, source, starts = _by_slot(indices, n)
    return embedding_bag(
        source,
        rows.contiguous(),
        starts,
        mode="sum",
        per_sample_weights=weights.reshape(-1)[order],
        include_last_offset=True,
    )


def _by_slot(indices: Int[Tensor, "batch k"], n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Entries sorted by slot: where each stood, which input it came from, and where each slot's entries start."""
    batch, k = indices.shape
    if indices.device.type == "cpu":  # scipy's counting sort is far quicker than a comparison sort on a CPU
        kind = np.int32 if max(batch * k, n) < 2**31 else np.int64
        entries = np.arange(batch * k, dtype=np.int64)
        starts = np.arange(0, batch * k + 1, k, dtype=kind)
        by_row = sparse.csr_matrix(
            (entries, indices.reshape(-1).numpy().astype(kind), starts), shape=(batch, n)
        )
        by_column = by_row.tocsc()
        order, source, starts = by_column.data, by_column.indices, by_column.indptr
        return torch.from_numpy(order), torch.from_numpy(source), torch.from_numpy(starts)
    slots, positions = indices.reshape(-1).sort(stable=True)
    return positions, positions // k, torch.searchsorted(slots, torch.arange(n + 1, device=slots.device))


def _dots(rows: Tensor, table: Tensor, indices: Tensor) -> Tensor:
    batch, k = indices.shape
    flat = indices.reshape(-1)
    offsets = torch.arange(0, batch * k, k, device=flat.device, dtype=flat.dtype)
    bag_of = torch.arange(batch, device=flat.device, dtype=flat.dtype).repeat_interleave(k)
    # The gradient of a weighted embedding bag in its weights is this product, and never gathers [batch, k, d].
    backward = torch.ops.aten._embedding_bag_per_sample_weights_backward
    return backward(rows.contiguous(), table.contiguous(), flat, offsets, bag_of, _SUM, -1).reshape(batch, k)


def _bags(weights: Tensor, table: Tensor, indices: Tensor) -> Tensor:
    return embedding_bag(indices, table.contiguous(), per_sample_weights=weights, mode="sum")


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, table: Tensor, indices: Tensor) -> Tensor:
        ctx.save_for_backward(rows, table, indices)
        return _dots(rows, table, indices)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        rows, table, indices = ctx.saved_tensors
        grad = grad.contiguous()
        for_rows = _bags(grad, table, indices) if ctx.needs_input_grad[0] else None
        for_table = collect(grad, rows, indices, len(table)) if ctx.needs_input_grad[1] else None
        return for_rows, for_table, None


class _Combine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, table: Tensor, indices: Tensor) -> Tensor:
        ctx.save_for_backward(weights, table, indices)
        return _bags(weights, table, indices)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weights, table, indices = ctx.saved_tensors
        for_weights = _dots(grad, table, indices) if ctx.needs_input_grad[0] else None
        for_table = collect(weights, grad, indices, len(table)) if ctx.needs_input_grad[1] else None
        return for_weights, for_table, None
