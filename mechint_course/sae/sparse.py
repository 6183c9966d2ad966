"""Arithmetic with a few latents of many: what a dictionary costs when only k of its d_sae latents are on.

Three products carry both directions of a top-k dictionary. With S the sparse [batch, d_sae] matrix that holds
`weights` at `indices`:

    combine(S, table)   = S @ table               the decoder; k rows read for each input instead of d_sae
    project(rows, ...)  = (rows @ table.T) at S   the encoder, only where it is asked for
    collect(S, rows)    = S.T @ rows              the gradient of a table

`indices` is [batch, k] where every input has k latents on. Where their numbers differ, it holds all of them in one
row, input after input, and `starts` [batch + 1] says where each input's begin (`sparse.csr_matrix` has the same form).
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
    rows: Float[Tensor, "batch d"],
    table: Float[Tensor, "n d"],
    indices: Int[Tensor, "*entries"],
    starts: Int[Tensor, " edges"] | None = None,
) -> Float[Tensor, "*entries"]:
    """Each row's dot product with the rows of `table` that `indices` names. Differentiable in rows and table.

    >>> rows, table = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 3.0]])
    >>> project(rows, table, torch.tensor([[2, 0]]))
    tensor([[6., 1.]])
    """
    return _Project.apply(rows, table, indices.reshape(-1), _edges(indices, starts)).reshape(indices.shape)


def combine(
    weights: Float[Tensor, "*entries"],
    table: Float[Tensor, "n d"],
    indices: Int[Tensor, "*entries"],
    starts: Int[Tensor, " edges"] | None = None,
) -> Float[Tensor, "batch d"]:
    """The weighted sum of the rows of `table` that `indices` names. Differentiable in weights and table.

    >>> table = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 3.0]])
    >>> combine(torch.tensor([[2.0, 10.0]]), table, torch.tensor([[2, 0]]))
    tensor([[10.,  6.]])

    One latent for the first input, none for the second, two for the third:

    >>> combine(torch.tensor([2.0, 1.0, 1.0]), table, torch.tensor([2, 0, 1]), torch.tensor([0, 1, 1, 3]))
    tensor([[0., 6.],
            [0., 0.],
            [6., 5.]])
    """
    return _Combine.apply(weights.reshape(-1), table, indices.reshape(-1), _edges(indices, starts))


def collect(
    weights: Float[Tensor, "*entries"],
    rows: Float[Tensor, "batch d"],
    indices: Int[Tensor, "*entries"],
    n: int,
    starts: Int[Tensor, " edges"] | None = None,
) -> Float[Tensor, "n d"]:
    """Adds weight x row into each of n slots: the transpose of `combine`.

    >>> collect(torch.tensor([[2.0], [3.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1], [1]]), 2)
    tensor([[0., 0.],
            [2., 3.]])
    """
    order, source, slots = _by_slot(indices.reshape(-1), _edges(indices, starts), n)
    return embedding_bag(
        source,
        rows.contiguous(),
        slots,
        mode="sum",
        per_sample_weights=weights.reshape(-1)[order],
        include_last_offset=True,
    )


def _edges(indices: Tensor, starts: Tensor | None) -> Tensor:
    if starts is not None:
        return starts
    batch, k = indices.shape
    return torch.arange(0, batch * k + 1, k, device=indices.device)


def _by_slot(indices: Tensor, starts: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Entries sorted by slot: where each stood, which input it came from, and where each slot's entries start."""
    total, batch = len(indices), len(starts) - 1
    if indices.device.type == "cpu":  # scipy's counting sort is far quicker than a comparison sort on a CPU
        kind = np.int32 if max(total, n) < 2**31 else np.int64
        entries = np.arange(total, dtype=np.int64)
        by_row = sparse.csr_matrix(
            (entries, indices.numpy().astype(kind), starts.numpy().astype(kind)), shape=(batch, n)
        )
        by_column = by_row.tocsc()
        order, source, slots = by_column.data, by_column.indices, by_column.indptr
        return torch.from_numpy(order), torch.from_numpy(source), torch.from_numpy(slots)
    found, positions = indices.sort(stable=True)
    slots = torch.searchsorted(found, torch.arange(n + 1, device=found.device))
    return positions, _rows_of(starts, total)[positions], slots


def _rows_of(starts: Tensor, total: int) -> Tensor:
    """Which input each of `total` entries belongs to."""
    batch = len(starts) - 1
    inputs = torch.arange(batch, device=starts.device)
    if batch and total % batch == 0 and bool((starts.diff() == total // batch).all()):
        return inputs.repeat_interleave(total // batch)  # far quicker where all have as many
    return inputs.repeat_interleave(starts.diff(), output_size=total)


def _dots(rows: Tensor, table: Tensor, indices: Tensor, starts: Tensor) -> Tensor:
    # The gradient of a weighted embedding bag in its weights is this product, and never gathers [entries, d].
    backward = torch.ops.aten._embedding_bag_per_sample_weights_backward
    return backward(
        rows.contiguous(), table.contiguous(), indices, starts[:-1], _rows_of(starts, len(indices)), _SUM, -1
    )


def _bags(weights: Tensor, table: Tensor, indices: Tensor, starts: Tensor) -> Tensor:
    return embedding_bag(
        indices, table.contiguous(), starts, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, table: Tensor, indices: Tensor, starts: Tensor) -> Tensor:
        ctx.save_for_backward(rows, table, indices, starts)
        return _dots(rows, table, indices, starts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        rows, table, indices, starts = ctx.saved_tensors
        grad = grad.contiguous()
        for_rows = _bags(grad, table, indices, starts) if ctx.needs_input_grad[0] else None
        for_table = collect(grad, rows, indices, len(table), starts) if ctx.needs_input_grad[1] else None
        return for_rows, for_table, None, None


class _Combine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, table: Tensor, indices: Tensor, starts: Tensor) -> Tensor:
        ctx.save_for_backward(weights, table, indices, starts)
        return _bags(weights, table, indices, starts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        weights, table, indices, starts = ctx.saved_tensors
        for_weights = _dots(grad, table, indices, starts) if ctx.needs_input_grad[0] else None
        for_table = collect(weights, grad, indices, len(table), starts) if ctx.needs_input_grad[1] else None
        return for_weights, for_table, None, None
