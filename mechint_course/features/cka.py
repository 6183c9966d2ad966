"""Linear centred kernel alignment: one number for two whole spaces of activations, blind to every rotation.

    CKA = |X'Y|^2 / (|X'X| |Y'Y|)        X, Y centred over the tokens, | | the Frobenius norm

It is 1 where one space is the other, rotated and scaled. So it says whether two models hold the same information in the
same proportions, and nothing about whether a feature of one is a feature of the other.
Source: Kornblith et al. 2019, Similarity of Neural Network Representations Revisited.
"""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mechint_course.features.correlation import Activations, StreamingCorrelation


class StreamingCKA:
    """Linear CKA between the activations of two models over any number of tokens; memory is bounded by the three products.

    >>> import torch
    >>> cka = StreamingCKA(2, 2)
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
    >>> cka.update(x, 5 * x.flip(1))
    >>> round(cka.result(), 6)
    1.0
    """

    def __init__(self, n_left: int, n_right: int) -> None:
        """Raises ValueError where a size is below 1."""
        self._across = StreamingCorrelation(n_left, n_right)
        self._left, self._right = (StreamingCorrelation(n, n) for n in (n_left, n_right))

    def update(self, left: Activations, right: Activations) -> None:
        """Takes activations of both models on the same tokens. Raises ValueError as `StreamingCorrelation` does."""
        self._across.update(left, right)
        self._left.update(left, left)
        self._right.update(right, right)

    @property
    def n_tokens(self) -> int:
        """Tokens seen so far."""
        return self._across.n_tokens

    def result(self) -> float:
        """0 to 1, and 0 where a side never changes. Raises ValueError before the first token."""
        across, left, right = (
            float(np.linalg.norm(stream.together())) for stream in (self._across, self._left, self._right)
        )
        return 0.0 if left * right == 0 else min(1.0, across**2 / (left * right))


def linear_cka(left: Float[Tensor, "n_tokens n_left"], right: Float[Tensor, "n_tokens n_right"]) -> float:
    """Linear CKA of activations that fit into memory.

    >>> import torch
    >>> linear_cka(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[-2.0], [-4.0], [-6.0]]))
    1.0
    """
    stream = StreamingCKA(left.shape[1], right.shape[1])
    stream.update(left, right)
    return stream.result()
