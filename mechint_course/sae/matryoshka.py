"""The Matryoshka dictionary: small dictionaries nested in one large one.

The first m1 latents must reconstruct x alone, the first m2 > m1 alone, and so on up to all d_sae. So the early latents
have to be general, and a parent feature cannot leave its work to its children (absorption), which come later.
Which latents are on is decided once, for all prefixes, as in BatchTopK.

    loss = mean over prefixes m of |x - (latents of the first m) @ W_dec[:m] - b_dec|^2

Source: Bussmann et al. 2025, Learning Multi-Level Features with Matryoshka Sparse Autoencoders, section 3. The paper
sums over prefixes; the mean keeps the learning rate's meaning. On disk it is a JumpReLU dictionary, as in SAELens.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.sae.auxk import WEIGHT
from mechint_course.sae.batchtopk import BatchTopKSAE, Entries
from mechint_course.sae.sparse import combine


class MatryoshkaSAE(BatchTopKSAE):
    """Nested BatchTopK dictionaries.

    >>> MatryoshkaSAE(d_in=4, d_sae=8, k=2, prefixes=(2, 4), seed=0).prefixes
    (2, 4, 8)
    """

    architecture = "matryoshka_batchtopk"

    def __init__(
        self,
        d_in: int,
        d_sae: int,
        k: float,
        prefixes: Sequence[int],
        *,
        seed: int,
        aux_weight: float = WEIGHT,
        momentum: float = 0.99,
    ) -> None:
        """`prefixes` are the sizes of the nested dictionaries, growing; d_sae itself is added where it is missing.

        Raises ValueError where they do not grow, or do not lie between 1 and d_sae.
        """
        super().__init__(d_in, d_sae, k, seed=seed, aux_weight=aux_weight, momentum=momentum)
        sizes = (*prefixes, *(() if d_sae in prefixes else (d_sae,)))
        if sorted(set(sizes)) != list(sizes) or sizes[0] < 1 or sizes[-1] != d_sae:
            raise ValueError(
                f"prefixes must grow and lie between 1 and d_sae = {d_sae}, but they are {tuple(prefixes)}: "
                f"give for example ({max(1, d_sae // 8)}, {max(2, d_sae // 2)})."
            )
        self.prefixes = sizes

    def _errors(
        self, x: Float[Tensor, "batch d_in"], values: Float[Tensor, " entries"], entries: Entries
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "batch d_in"]]:
        error, total, before = x - self.b_dec, x.new_zeros(()), 0
        for size in self.prefixes:
            here = (entries.indices >= before) & (entries.indices < size)
            edges = torch.nn.functional.pad(here.cumsum(0), (1, 0))[entries.starts]
            error = error - combine(values[here], self.W_dec, entries.indices[here], edges)
            total = total + error.square().sum(-1).mean()
            before = size
        return total / len(self.prefixes), error

    def settings(self) -> dict[str, Any]:
        """Those of BatchTopK, and the prefixes."""
        return super().settings() | {"prefixes": list(self.prefixes)}
