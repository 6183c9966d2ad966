"""How far a median over matched pairs could be off: documents drawn again, while the text streams by.

Tokens of one document are not independent, so documents are drawn whole. Each resample gives every document a weight
from a Poisson distribution of mean 1, which is drawing with replacement for many documents and needs no second pass
(Hanley and MacGibbon 2006, Creating non-parametric bootstrap samples using Poisson frequencies). Who is whose partner
stays as it was found.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import sparse
from torch import Tensor

from mechint_course.features.correlation import Activations, as_rows


class DocumentBootstrap:
    """The correlation of fixed pairs on resampled documents.

    >>> pairs = DocumentBootstrap(torch.tensor([0]), n_documents=3, n_resamples=5)
    >>> x = torch.tensor([[1.0], [2.0], [4.0]])
    >>> pairs.update(x, 2 * x, torch.tensor([0, 1, 2]))
    >>> pairs.correlations().shape
    torch.Size([5, 1])
    """

    def __init__(
        self, partner: Int[Tensor, " n_left"], n_documents: int, *, n_resamples: int = 200, seed: int = 0
    ) -> None:
        """`partner[i]` is the right feature that left feature i is compared with. Raises ValueError for sizes below 1."""
        if n_documents < 1 or n_resamples < 1 or not len(partner):
            raise ValueError(
                f"expected pairs, documents and resamples, found {len(partner)}, {n_documents} and {n_resamples}."
            )
        self._partner = partner.numpy()
        self._weights = (
            np.random.default_rng(seed).poisson(1.0, (n_resamples, n_documents)).astype(np.float64)
        )
        self._n = np.zeros((n_resamples, 1))
        self._sums = np.zeros((5, n_resamples, len(partner)))
        """Of x, y, x^2, y^2 and xy."""

    def update(self, left: Activations, right: Activations, document: Int[Tensor, " n_tokens"]) -> None:
        """Takes activations of both models on the same tokens, and the number of each token's document."""
        if not left.shape[0] == right.shape[0] == len(document):
            raise ValueError(
                f"expected the same tokens in all, found {left.shape[0]}, {right.shape[0]} and {len(document)} of them."
            )
        seen, place = np.unique(document.numpy(), return_inverse=True)
        n = len(place)
        whose = sparse.csr_array((np.ones(n), (place, np.arange(n))), shape=(len(seen), n))
        weights = self._weights[:, seen]
        self._n += weights @ np.bincount(place)[:, None]
        x, y = as_rows(left), as_rows(right)[:, self._partner]
        for total, part in zip(self._sums, (x, y, x.multiply(x), y.multiply(y), x.multiply(y)), strict=True):
            total += ((whose @ sparse.csr_array(part)).T @ weights.T).T

    def correlations(self) -> Float[Tensor, "n_resamples n_left"]:
        """The correlation of every pair in each resample; 0 where one of the two never changes."""
        x, y, xx, yy, xy = self._sums
        n = self._n.clip(min=1)
        spread = np.sqrt((xx - x**2 / n).clip(min=0) * (yy - y**2 / n).clip(min=0))
        whole = np.sqrt(xx * yy)
        r = np.divide(xy - x * y / n, spread, out=np.zeros_like(spread), where=spread > 1e-10 * whole)
        return torch.from_numpy(np.clip(r, -1, 1)).float()

    def median_interval(
        self, counted: Bool[Tensor, " n_left"], *, level: float = 0.95
    ) -> tuple[float, float]:
        """The interval that holds the middle `level` of the medians over the counted pairs."""
        if not counted.any() or not 0 < level < 1:
            raise ValueError(
                f"expected a counted pair and a level between 0 and 1, found {int(counted.sum())} and {level}."
            )
        medians = self.correlations()[:, counted].quantile(0.5, dim=1)
        low, high = medians.quantile(torch.tensor([(1 - level) / 2, (1 + level) / 2])).tolist()
        return low, high
