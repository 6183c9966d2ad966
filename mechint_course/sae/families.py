"""Toy data with parents and children, and what a dictionary makes of them: absorption.

A parent feature ("begins with an s") is there alone or with one of its children ("snake"), never the other way round.
A dictionary that may use few latents saves one where the child's latent points along child and parent at once: then the
parent's latent is silent just where its child is. Chanin et al. 2024, *A is for Absorption*, found this in language
models. Here the truth is known, so it can be counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mechint_course.sae.base import SAE
from mechint_course.sae.seeds import stream
from mechint_course.sae.truth import mcc


class FamilyBatch(NamedTuple):
    """Some inputs and the features behind them."""

    there: Bool[Tensor, "batch n_features"]
    """Parents first, then the children of the first parent, of the second, and so on."""
    x: Float[Tensor, "batch d_in"]


class Absorption(NamedTuple):
    """What became of the parents, over all inputs where one is there; shares from 0 to 1."""

    with_child: float
    """With a child: the share where the parent's latent is off and the child's is on."""
    alone: float
    """Without a child: the share where the parent's latent is off."""
    leaning: float
    """Mean cosine of a child's latent with the parent's true direction, to which it is orthogonal itself."""
    mcc: float
    """How well the directions match the true ones."""


@dataclass(frozen=True)
class Families:
    """Orthogonal unit directions: `n_parents`, each with `n_children`."""

    n_parents: int = 4
    n_children: int = 3
    d_in: int = 24
    parent_probability: float = 0.3
    child_probability: float = 0.75
    """That a parent that is there brings one of its children."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where the directions do not fit."""
        if self.n_features > self.d_in:
            raise ValueError(
                f"Expected room for {self.n_features} orthogonal directions, found d_in = {self.d_in}."
            )

    @property
    def n_features(self) -> int:
        """Parents and children.

        >>> Families(n_parents=4, n_children=3).n_features
        16
        """
        return self.n_parents * (1 + self.n_children)

    @property
    def directions(self) -> Float[Tensor, "n_features d_in"]:
        """The true ones, in the order of `FamilyBatch.there`."""
        random = torch.randn(self.d_in, self.d_in, generator=stream("families.directions", self.seed))
        return torch.linalg.qr(random).Q[: self.n_features]

    def draw(self, n: int, generator: torch.Generator) -> FamilyBatch:
        """n inputs; what is there has a strength near 1."""
        parents = torch.rand(n, self.n_parents, generator=generator) < self.parent_probability
        brings = parents & (torch.rand(n, self.n_parents, generator=generator) < self.child_probability)
        which = torch.randint(self.n_children, (n, self.n_parents), generator=generator)
        children = torch.nn.functional.one_hot(which, self.n_children).bool() & brings[:, :, None]
        there = torch.cat([parents, children.flatten(1)], dim=1)
        strength = (1 + 0.2 * torch.randn(there.shape, generator=generator)).clamp_min(0.2)
        return FamilyBatch(there, (there * strength) @ self.directions)

    def batches(self, batch_size: int) -> Iterator[Float[Tensor, "batch d_in"]]:
        """Endless inputs to train on."""
        generator = stream("families.data", self.seed)
        while True:
            yield self.draw(batch_size, generator).x

    @torch.no_grad()
    def absorption(self, sae: SAE, n: int = 8192) -> Absorption:
        """What `sae` does where parents are there, on inputs of its own. Each feature's latent is its match (`mcc`)."""
        there, x = self.draw(n, stream("families.test", self.seed))
        found = mcc(sae.W_dec, self.directions)
        on = (sae.encode(x)[:, found.matches.clamp_min(0)] > 0) & (found.matches >= 0)
        parent, child = self._pairs(there)
        parent_on, child_on = self._pairs(on)
        with_child = parent & child.any(2)
        absorbed = with_child & ~parent_on & (child & child_on).any(2)
        alone = parent & ~child.any(2)
        directions = torch.nn.functional.normalize(sae.W_dec[found.matches.clamp_min(0)], dim=1)
        of_parent = self.directions[: self.n_parents].repeat_interleave(self.n_children, dim=0)
        leaning = (directions[self.n_parents :] * of_parent).sum(1).mean()
        return Absorption(
            float(absorbed.sum() / with_child.sum().clamp_min(1)),
            float((alone & ~parent_on).sum() / alone.sum().clamp_min(1)),
            float(leaning),
            found.mcc,
        )

    def _pairs(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """[batch, n_parents] and [batch, n_parents, n_children]."""
        return features[:, : self.n_parents], features[:, self.n_parents :].unflatten(1, (self.n_parents, -1))
