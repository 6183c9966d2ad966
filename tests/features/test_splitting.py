"""Children across widths, against one cosine after the other."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from mechint_course.features.splitting import children_of, grown


def directions(*sizes: int, d_in: int = 7) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [3 * torch.randn(size, d_in, generator=generator) for size in sizes]


def test_each_child_has_the_parent_with_the_largest_cosine() -> None:
    narrow, wide = directions(5, 3000)  # more than one part
    found = children_of(narrow, wide, at_least=0.4)
    for child in range(0, 3000, 7):
        cosines = [float(cosine_similarity(wide[child], parent, dim=0)) for parent in narrow]
        assert found.cosine[child] == pytest.approx(max(cosines), abs=1e-5)
        assert found.parent[child] == (cosines.index(max(cosines)) if max(cosines) >= 0.4 else -1)


def test_every_child_belongs_to_one_parent_and_comes_nearest_first() -> None:
    narrow, wide = directions(4, 60)
    found = children_of(narrow, wide)
    kept = [child for parent in range(4) for child in found.of(parent).tolist()]
    assert sorted(kept) == torch.nonzero(found.parent >= 0)[:, 0].tolist()
    assert (found.parent >= 0).equal(found.cosine >= 0)
    for parent in range(4):
        assert found.cosine[found.of(parent)].diff().le(0).all()


def test_a_tree_keeps_the_nearest_children_of_each_latent() -> None:
    widths = directions(3, 20, 90)
    tree = grown(widths, root=2, most=4)
    first, second = children_of(widths[0], widths[1]), children_of(widths[1], widths[2])
    assert [child.latent for child in tree.children] == first.of(2)[:4].tolist()
    for child in tree.children:
        assert [leaf.latent for leaf in child.children] == second.of(child.latent)[:4].tolist()
        assert all(leaf.level == 2 and not leaf.children for leaf in child.children)


@pytest.mark.parametrize(
    ("narrow", "wide", "says"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), "3 and 4 neurons"),
        (torch.ones(2, 3), torch.zeros(2, 3), "wide dictionary"),
        (torch.full((2, 3), torch.nan), torch.ones(2, 3), "narrow dictionary"),
        (torch.ones(0, 3), torch.ones(2, 3), "narrow dictionary"),
    ],
)
def test_bad_directions_are_named(narrow: torch.Tensor, wide: torch.Tensor, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        children_of(narrow, wide)


@pytest.mark.parametrize(("widths", "root"), [([], 0), ([torch.ones(2, 3)], 2), ([torch.ones(2, 3)], -1)])
def test_a_tree_needs_a_root(widths: list[torch.Tensor], root: int) -> None:
    with pytest.raises(ValueError, match="Expected a latent of the first dictionary"):
        grown(widths, root)
