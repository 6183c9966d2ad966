"""Pearson correlation between all activations of two models over the same tokens, a batch at a time.

    r[i, j] = sum_t (x_ti - mean_i)(y_tj - mean_j) / sqrt(sum_t (x_ti - mean_i)^2  sum_t (y_tj - mean_j)^2)

Bricken et al. 2023 (Towards Monosemanticity, "Universality") compare features of two models by this number: across
models there is no other common space. Sums are kept in double precision; nothing but them is kept, so memory is
bounded by the result. Where activations are mostly zero, only what is not zero is multiplied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

SPARSE_BELOW = 0.05
"""A side whose first batch is on less often than this is multiplied sparsely."""

_CONSTANT = 1e-12
"""A column whose variance is a smaller share of its mean square than this is constant: the rest is rounding."""
_ROWS_AT_ONCE = 256

Matrix: TypeAlias = np.ndarray | sparse.csr_array
Activations: TypeAlias = Float[Tensor, "_ _"] | sparse.csr_array
"""Activations on some tokens, [n_tokens, n]: a tensor, or `sparse_rows`."""


def sparse_rows(
    values: Float[Tensor, "n_tokens k"], indices: Int[Tensor, "n_tokens k"], n_columns: int
) -> sparse.csr_array:
    """The matrix [n_tokens, n_columns] that has `values` at `indices` of each row: top-k latents without their zeros.

    Raises ValueError where there is not an index for each value.

    >>> sparse_rows(torch.tensor([[2.0], [3.0]]), torch.tensor([[1], [0]]), 3).toarray()
    array([[0., 2., 0.],
           [3., 0., 0.]])
    """
    if values.shape != indices.shape:
        raise ValueError(
            f"expected an index a value, found {tuple(indices.shape)} and {tuple(values.shape)}."
        )
    starts = np.arange(0, values.numel() + 1, values.shape[1])
    data = values.detach().cpu().double().flatten().numpy()
    # `copy`: dropping the zeros below works in place, and would otherwise move the caller's own indices.
    parts = (data, indices.cpu().flatten().numpy(), starts)
    rows = sparse.csr_array(parts, shape=(len(values), n_columns), copy=True)
    rows.eliminate_zeros()
    return rows


@dataclass
class _Side:
    """The sums of one model's activations, each less `shift`, which keeps large means from drowning small spreads."""

    sparse: bool
    shift: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    fired: np.ndarray

    @classmethod
    def from_first(cls, batch: Activations) -> "_Side":
        n = batch.shape[1]
        is_sparse = int(_count(batch).sum()) < SPARSE_BELOW * batch.shape[0] * n
        # The first row as the shift makes a constant column exactly zero; a sparse side must stay sparse.
        shift = np.zeros(n) if is_sparse else _dense(batch[:1])[0].copy()
        return cls(is_sparse, shift, np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64))

    def prepared(self, batch: Activations) -> Matrix:
        return as_rows(batch) if self.sparse else _dense(batch) - self.shift

    def spread(self, n: int) -> np.ndarray:
        """sqrt(sum of squared deviations), 0 for constant columns."""
        deviations = self.squares - self.total**2 / n
        deviations[deviations <= _CONSTANT * self.squares] = 0.0
        return np.sqrt(deviations)


class StreamingCorrelation:
    """Correlation between n_left and n_right activations over any number of tokens.

    A column that never changes, for example a latent that never fires, correlates 0 with everything: never NaN.

    >>> stream = StreamingCorrelation(2, 1)
    >>> stream.update(torch.tensor([[1.0, 5.0], [2.0, 5.0]]), torch.tensor([[2.0], [4.0]]))
    >>> stream.update(torch.tensor([[3.0, 5.0]]), torch.tensor([[0.0]]))
    >>> stream.result()
    tensor([[-0.5000],
            [ 0.0000]])
    """

    def __init__(self, n_left: int, n_right: int) -> None:
        """Raises ValueError where a size is below 1."""
        if n_left < 1 or n_right < 1:
            raise ValueError(f"expected at least one activation on each side, found {n_left} and {n_right}.")
        self.n_left, self.n_right = n_left, n_right
        self.n_tokens = 0
        """Tokens seen so far."""
        self._left: _Side | None = None
        self._right: _Side | None = None
        self._products = np.zeros((n_left, n_right))

    def update(self, left: Activations, right: Activations) -> None:
        """Takes activations of both models on the same tokens, [n_tokens, n_left] and [n_tokens, n_right].

        Raises:
            ValueError: the shapes do not fit, or a value is not finite.
        """
        self._check(left, right)
        if left.shape[0] == 0:
            return
        first = self._left or _Side.from_first(left), self._right or _Side.from_first(right)
        x, y = first[0].prepared(left), first[1].prepared(right)
        squares = [_squares(matrix) for matrix in (x, y)]
        if not all(np.isfinite(side).all() for side in squares):
            raise ValueError(
                "expected finite activations, found NaN or infinity: look at the model they come from."
            )
        self._left, self._right = first
        for side, matrix, square, batch in zip(first, (x, y), squares, (left, right), strict=True):
            side.total += matrix.sum(axis=0)
            side.squares += square
            side.fired += _count(batch)
        _add_product(self._products, x, y)
        self.n_tokens += left.shape[0]

    def result(self) -> Float[Tensor, "n_left n_right"]:
        """The correlations so far, -1 to 1. Raises ValueError before the first token."""
        left, right = self._sides()
        return normalised(
            lambda rows: self._products[rows] - np.outer(left.total[rows], right.total / self.n_tokens),
            *self.spreads(),
        )

    def together(self) -> np.ndarray:
        """sum_t (x_ti - mean_i)(y_tj - mean_j) for every pair, [n_left, n_right]: n_tokens times the covariance."""
        left, right = self._sides()
        return self._products - np.outer(left.total, right.total / self.n_tokens)

    def spreads(self) -> tuple[np.ndarray, np.ndarray]:
        """sqrt(sum_t (x_ti - mean_i)^2) of every column of both sides, 0 for one that never changes."""
        left, right = self._sides()
        return left.spread(self.n_tokens), right.spread(self.n_tokens)

    def shifts(self) -> tuple[np.ndarray, np.ndarray]:
        """What was taken off each side's activations before they were summed."""
        left, right = self._sides()
        return left.shift, right.shift

    @property
    def fired_left(self) -> Int[Tensor, " n_left"]:
        """On how many tokens each activation of the left model was not zero."""
        return torch.from_numpy(self._sides()[0].fired.copy())

    @property
    def fired_right(self) -> Int[Tensor, " n_right"]:
        """On how many tokens each activation of the right model was not zero."""
        return torch.from_numpy(self._sides()[1].fired.copy())

    def _sides(self) -> tuple[_Side, _Side]:
        if self._left is None or self._right is None:
            raise ValueError(
                "expected some tokens first, found none: call update before you ask for the result."
            )
        return self._left, self._right

    def _check(self, left: Activations, right: Activations) -> None:
        found, wanted = (tuple(left.shape), tuple(right.shape)), (self.n_left, self.n_right)
        if len(left.shape) != 2 or len(right.shape) != 2 or (left.shape[1], right.shape[1]) != wanted:
            raise ValueError(f"expected [n_tokens, {wanted[0]}] and [n_tokens, {wanted[1]}], found {found}.")
        if left.shape[0] != right.shape[0]:
            raise ValueError(
                f"expected the same tokens in both, found {left.shape[0]} and {right.shape[0]} of them."
            )


def normalised(
    together: Callable[[slice], np.ndarray], spread_left: np.ndarray, spread_right: np.ndarray
) -> Float[Tensor, "n_left n_right"]:
    """Sums of products over the spreads of both, some rows at a time; 0 where a spread is 0."""
    result = torch.empty(len(spread_left), len(spread_right))
    for start in range(0, len(spread_left), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        scale = np.outer(spread_left[rows], spread_right)
        r = np.divide(together(rows), scale, out=np.zeros_like(scale), where=scale > 0)
        result[rows] = torch.from_numpy(np.clip(r, -1.0, 1.0))
    return result


def _dense(batch: Activations) -> np.ndarray:
    return batch.detach().cpu().double().numpy() if isinstance(batch, Tensor) else batch.toarray()


def as_rows(batch: Activations) -> sparse.csr_array:
    """Activations as a sparse matrix [n_tokens, n], in float64; one that is sparse already is given back as it is.

    >>> rows = as_rows(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 4.0]]))
    >>> rows.data.tolist(), rows.indices.tolist()  # what is not 0, and its columns
    ([2.0, 3.0, 4.0], [1, 0, 2])
    >>> rows.indptr.tolist()  # where each token's values begin: token 1 has none
    [0, 1, 1, 3]
    """
    if not isinstance(batch, Tensor):
        return batch
    batch = batch.detach().cpu()
    rows, columns = batch.nonzero(as_tuple=True)
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows.numpy(), minlength=len(batch)))))
    parts = (batch[rows, columns].double().numpy(), columns.numpy(), starts)
    return sparse.csr_array(parts, shape=tuple(batch.shape))


def _squares(matrix: Matrix) -> np.ndarray:
    """Sum of squares of each column."""
    if isinstance(matrix, np.ndarray):
        return np.einsum("ti,ti->i", matrix, matrix)
    return np.bincount(matrix.indices, weights=matrix.data**2, minlength=matrix.shape[1])


def _count(batch: Activations) -> np.ndarray:
    """On how many tokens each column is not zero."""
    if isinstance(batch, Tensor):
        return batch.count_nonzero(dim=0).cpu().numpy()
    return np.bincount(batch.indices[batch.data != 0], minlength=batch.shape[1])


def _add_product(total: np.ndarray, x: Matrix, y: Matrix) -> None:
    """total += x.T @ y, touching only the pairs that meet where both are sparse."""
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        total += x.T @ y
        return
    met = (x.T @ y).tocoo()
    total[met.row, met.col] += met.data
