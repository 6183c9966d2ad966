"""How a feature of a small dictionary comes apart in larger ones of the same layer.

Within one model all dictionaries live in one space, the layer's, so directions can be compared by their cosine: the
parent of a wide dictionary's latent is the narrow one's whose direction is nearest. Source: Bricken et al. 2023
(Towards Monosemanticity, "Feature splitting"), who follow features from 512 to 4,096 and 16,384 latents.
A nearest neighbour always exists: `at_least` says from which cosine on it counts as a parent.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

_ROWS_AT_ONCE = 2048


class Children(NamedTuple):
    """For each latent of a wide dictionary the latent of a narrow one that it comes from."""

    parent: Int[Tensor, " n_wide"]
    """The narrow dictionary's latent with the nearest direction; -1 where none is near enough."""
    cosine: Float[Tensor, " n_wide"]
    """Of the wide latent's direction with the nearest narrow one's, near enough or not."""

    def of(self, latent: int) -> Int[Tensor, " n_children"]:
        """The children of one narrow latent, the nearest first.

        >>> Children(torch.tensor([0, 1, 0]), torch.tensor([0.5, 0.75, 1.0])).of(0)
        tensor([2, 0])
        """
        own = torch.nonzero(self.parent == latent)[:, 0]
        return own[self.cosine[own].argsort(descending=True, stable=True)]


class Branch(NamedTuple):
    """One latent of a tree over dictionaries of growing size."""

    level: int
    """Which dictionary it belongs to: 0 is the narrowest."""
    latent: int
    """Its number there."""
    cosine: float
    """Of its direction with its parent's; 1 at the root."""
    children: tuple["Branch", ...]
    """In the next dictionary, the nearest first."""

    def words(self) -> str:
        """The branch as indented lines, `level/latent` with the cosine.

        >>> print(Branch(0, 7, 1.0, (Branch(1, 3, 0.5, ()),)).words())
        0/7
          1/3 (0.50)
        """
        cosine = f" ({self.cosine:.2f})" if self.level else ""
        lines = [f"{'  ' * self.level}{self.level}/{self.latent}{cosine}"]
        return "\n".join([*lines, *(child.words() for child in self.children)])


def children_of(
    narrow: Float[Tensor, "n_narrow d_narrow"], wide: Float[Tensor, "n_wide d_wide"], *, at_least: float = 0.0
) -> Children:
    """For each direction of the wide dictionary the nearest of the narrow one.

    Args:
        narrow: the directions (`W_dec`) of the dictionary with fewer latents, of any length.
        wide: those of the one with more, of the same layer of the same model.
        at_least: the cosine from which on the nearest is called a parent.

    Raises:
        ValueError: an empty dictionary, different sizes of the layer, or a direction of length 0 or with NaN.

    >>> narrow = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> wide = torch.tensor([[3.0, 4.0], [4.0, 3.0], [-1.0, 0.0]])
    >>> found = children_of(narrow, wide, at_least=0.5)
    >>> found.parent.tolist(), [round(c, 2) for c in found.cosine.tolist()]
    ([1, 0, -1], [0.8, 0.8, 0.0])
    """
    if narrow.shape[1] != wide.shape[1]:
        raise ValueError(
            f"Expected directions in one layer, found {narrow.shape[1]} and {wide.shape[1]} neurons: "
            "compare dictionaries of the same model."
        )
    parents, children = _unit(narrow, "narrow"), _unit(wide, "wide")
    best = [(part @ parents.T).max(dim=1) for part in children.split(_ROWS_AT_ONCE)]
    cosine = torch.cat([found.values for found in best])
    parent = torch.cat([found.indices for found in best])
    return Children(torch.where(cosine >= at_least, parent, -1), cosine)


def grown(
    directions: Sequence[Float[Tensor, "_ _"]], root: int, *, at_least: float = 0.0, most: int = 6
) -> Branch:
    """The tree below one latent of the first dictionary, over dictionaries of growing size.

    Args:
        directions: `W_dec` of each dictionary, the narrowest first.
        root: a latent of the first.
        at_least: the cosine from which on the nearest is called a parent.
        most: how many children of each latent are kept, the nearest ones.

    Raises:
        ValueError: no dictionary, no such latent, or as `children_of`.

    >>> grown([torch.eye(2), torch.tensor([[3.0, 4.0], [4.0, 3.0], [0.0, 1.0]])], root=1).words()
    '0/1\\n  1/2 (1.00)\\n  1/0 (0.80)'
    """
    if not directions or not 0 <= root < len(directions[0]):
        found = f"{root} of {len(directions[0])}" if directions else "no dictionary"
        raise ValueError(f"Expected a latent of the first dictionary, found {found}.")
    steps = [children_of(narrow, wide, at_least=at_least) for narrow, wide in pairwise(directions)]

    def branch(level: int, latent: int, cosine: float) -> Branch:
        if level == len(steps):
            return Branch(level, latent, cosine, ())
        step = steps[level]
        below = [
            branch(level + 1, child, float(step.cosine[child])) for child in step.of(latent)[:most].tolist()
        ]
        return Branch(level, latent, cosine, tuple(below))

    return branch(0, root, 1.0)


def _unit(directions: Tensor, name: str) -> Tensor:
    lengths = directions.detach().norm(dim=1, keepdim=True)
    if not len(directions) or not bool((torch.isfinite(lengths) & (lengths > 0)).all()):
        raise ValueError(
            f"Expected finite directions of a length above 0 in the {name} dictionary, found others or none."
        )
    return directions.detach() / lengths
