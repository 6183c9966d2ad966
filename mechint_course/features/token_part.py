"""How much of an agreement the current token explains: activations split into E[f | token] and the rest.

Two models that read the same tokens agree on every feature that is no more than a token, whatever they learned. So an
activation is written as the mean over all places with the same token, plus what is left over there, and each part is
correlated across the models by itself. Within a token the means are exact, so the two parts never mix:

    cov(f, g) = cov(E[f | token], E[g | token]) + cov(f - E[f | token], g - E[g | token])

The means are taken over the very tokens that are read. A token seen once explains itself in full, so the text must be
much longer than the vocabulary.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.correlation import Activations, StreamingCorrelation, normalised

_ROUNDING = 1e-10
"""A part whose sum of squares is a smaller share of the whole is rounding, and counts as constant."""


class TokenSplit:
    """Correlation of the activations of two models, of their token-only parts, and of what is left over.

    Memory is bounded by the result and the vocabulary. A part that never changes correlates 0.

    >>> split = TokenSplit(1, 1, d_vocab=2)
    >>> x, y = torch.tensor([[0.0], [2.0], [4.0], [6.0]]), torch.tensor([[0.0], [14.0], [20.0], [18.0]])
    >>> split.update(x, y, torch.tensor([0, 0, 1, 1]))
    >>> f"{split.token_only().item():.2f}, {split.residual().item():.2f}"
    '1.00, 0.60'
    """

    def __init__(self, n_left: int, n_right: int, d_vocab: int) -> None:
        """Raises ValueError where a size is below 1."""
        if d_vocab < 1:
            raise ValueError(f"expected a vocabulary of at least one token, found {d_vocab}.")
        self.stream = StreamingCorrelation(n_left, n_right)
        """The activations as they are."""
        self.d_vocab = d_vocab
        self._count = np.zeros(d_vocab)
        self._sums = np.zeros((d_vocab, n_left)), np.zeros((d_vocab, n_right))

    def update(self, left: Activations, right: Activations, tokens: Int[Tensor, " n_tokens"]) -> None:
        """Takes activations of both models on the same tokens, and which tokens those are.

        Raises ValueError where shapes do not fit, a token is outside the vocabulary, or a value is not finite.
        """
        if tokens.shape != (left.shape[0],):
            raise ValueError(
                f"expected a token for each of {left.shape[0]} activations, found {tuple(tokens.shape)}."
            )
        if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < self.d_vocab:
            raise ValueError(f"expected tokens from 0 to {self.d_vocab - 1}, found {int(tokens.max())}.")
        self.stream.update(left, right)
        n = len(tokens)
        place = sparse.csr_array((np.ones(n), (tokens.numpy(), np.arange(n))), shape=(self.d_vocab, n))
        for sums, batch in zip(self._sums, (left, right), strict=True):
            if isinstance(batch, Tensor):
                sums += place @ batch.detach().cpu().double().numpy()
            else:
                met = (place @ batch).tocoo()
                sums[met.row, met.col] += met.data
        self._count += np.bincount(tokens.numpy(), minlength=self.d_vocab)

    def raw(self) -> Float[Tensor, "n_left n_right"]:
        """The correlations of the activations themselves."""
        return self.stream.result()

    def token_only(self) -> Float[Tensor, "n_left n_right"]:
        """The correlations of E[f | token] across the models: what a table of tokens would give."""
        left, right = self._means()
        spreads = self._spread(left, 0), self._spread(right, 1)
        return normalised(lambda rows: left[:, rows].T @ right, *spreads)

    def residual(self) -> Float[Tensor, "n_left n_right"]:
        """The correlations of f - E[f | token] across the models: agreement that no table of tokens can give."""
        left, right = self._means()
        spreads = self._left_over(left, 0), self._left_over(right, 1)
        together = self.stream.together()
        rest: Callable[[slice], np.ndarray] = lambda rows: together[rows] - left[:, rows].T @ right  # noqa: E731
        return normalised(rest, *spreads)

    def explained(self) -> tuple[Float[Tensor, " n_left"], Float[Tensor, " n_right"]]:
        """For each activation the share of its variance that the current token explains, 0 where it never changes."""
        shares = []
        for side, means in enumerate(self._means()):
            spread = self.stream.spreads()[side]
            share = np.divide(
                self._spread(means, side) ** 2, spread**2, out=np.zeros_like(spread), where=spread > 0
            )
            shares.append(torch.from_numpy(np.clip(share, 0, 1)).float())
        return shares[0], shares[1]

    def _means(self) -> tuple[np.ndarray, np.ndarray]:
        """For each token seen, sqrt(count) (its mean - the mean of all): products of these are sums over places."""
        seen = self._count > 0
        count = self._count[seen][:, None]
        both = []
        for sums, shift in zip(self._sums, self.stream.shifts(), strict=True):
            means = sums[seen] / count - shift
            both.append(np.sqrt(count) * (means - (count * means).sum(0) / count.sum()))
        return both[0], both[1]

    def _spread(self, means: np.ndarray, side: int) -> np.ndarray:
        squares, whole = (means**2).sum(0), self.stream.spreads()[side] ** 2
        squares[squares <= _ROUNDING * whole] = 0.0
        return np.sqrt(squares)

    def _left_over(self, means: np.ndarray, side: int) -> np.ndarray:
        whole = self.stream.spreads()[side] ** 2
        squares = whole - (means**2).sum(0)
        squares[squares <= _ROUNDING * whole] = 0.0
        return np.sqrt(squares)
