"""Reading the weights of a toy model: which features are there, and how they share the hidden space.

Elhage et al. 2022, "Toy Models of Superposition", sections "Demonstrating Superposition" and "The Geometry of
Superposition". Column i of W is W_i, the direction of feature i, and hat W_i is that direction at length 1.
All functions take `[... n_hidden n_features]`: one matrix, or many at once.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

Weights = Float[Tensor, "*instances n_hidden n_features"]


def feature_norms(W: Weights) -> Float[Tensor, "*instances n_features"]:
    """The length of each feature's direction: about 1 where it is represented, about 0 where it is not.

    >>> feature_norms(torch.tensor([[3.0, 0.0], [4.0, 0.0]]))
    tensor([5., 0.])
    """
    return _matrices(W).norm(dim=-2)


def cosines(W: Weights) -> Float[Tensor, "*instances n_features n_features"]:
    """The cosine of the angle between every two features; 0 where one of them is not represented at all.

    >>> cosines(torch.tensor([[2.0, 0.0, -3.0], [0.0, 1.0, 0.0]]))
    tensor([[ 1.,  0., -1.],
            [ 0.,  1.,  0.],
            [-1.,  0.,  1.]])
    """
    unit = _unit(W)
    return unit.mT @ unit


def interference(W: Weights) -> Float[Tensor, "*instances n_features"]:
    """How hard the other features pull on feature i's direction: the sum over j != i of (hat W_i . W_j)^2.

    The paper's measure of superposition: 0 where nothing overlaps, 1 or more where the others together can
    drive the direction as hard as the feature itself.

    >>> interference(torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]))
    tensor([1., 1., 0.])
    """
    squared = (_unit(W).mT @ W) ** 2
    return squared.sum(-1) - squared.diagonal(dim1=-2, dim2=-1)


def feature_dimensionality(W: Weights) -> Float[Tensor, "*instances n_features"]:
    """What fraction of a dimension each feature has to itself: D_i = |W_i|^2 / sum over j of (hat W_i .
    W_j)^2.

    1 for a feature alone, 1/2 for each of an antipodal pair, 2/5 in a pentagon, 0 where nothing is
    represented. The sum is hat W_i^T M hat W_i with the small matrix M = W W^T, so a hundred thousand features are
    no trouble.

    >>> feature_dimensionality(torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]))
    tensor([0.5000, 0.5000, 1.0000])
    """
    unit = _unit(W)
    shared = (unit * (W @ W.mT @ unit)).sum(-2)
    squared_norms = W.square().sum(-2)
    return torch.where(shared > 0, squared_norms / shared.clamp_min(torch.finfo(W.dtype).tiny), 0.0)


def dimensionality_of(vectors: Float[Tensor, "n_vectors n_hidden"]) -> Float[Tensor, "n_vectors"]:
    """What fraction of a dimension each row has to itself: of the hidden vectors of examples, say.

    >>> dimensionality_of(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]))
    tensor([0.5000, 0.5000, 1.0000, 0.0000])
    """
    return feature_dimensionality(vectors.T)


def dimensions_per_feature(W: Weights) -> Float[Tensor, "*instances"]:
    """D* = m / |W|_F^2: how many hidden dimensions there are for each feature that is represented.

    The squared Frobenius norm counts represented features, each of which has a squared length of about 1.
    Infinite where nothing is represented at all.

    >>> dimensions_per_feature(torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]))
    tensor(1.)
    """
    squares = _matrices(W).square().sum((-2, -1))
    return W.shape[-2] / squares


def n_represented(W: Weights, *, squared_norm: float = 0.5) -> Int[Tensor, "*instances"]:
    """How many features have a squared length above `squared_norm`.

    >>> n_represented(torch.tensor([[1.0, 0.1], [0.0, 0.0]]))
    tensor(1)
    """
    return (_matrices(W).square().sum(-2) > squared_norm).sum(-1)


def neighbour_angles(W: Float[Tensor, "2 n_features"], *, min_norm: float = 0.5) -> Float[Tensor, "n_kept"]:
    """The angles in degrees from each direction in the plane to the next one around the circle, smallest
    first.

    Features shorter than `min_norm` have no direction to speak of and are left out. The angles add up to
    360, and a regular polygon has equal ones: five times 72 for a pentagon, 90 and 270 for an orthogonal
    pair. Raises ValueError where the hidden space is not a plane.

    >>> neighbour_angles(torch.tensor([[1.0, 0.0, 0.1], [0.0, 1.0, 0.0]]))
    tensor([ 90., 270.])
    """
    if W.dim() != 2 or W.shape[0] != 2:
        raise ValueError(
            f"W must be [2, n_features], but its shape is {list(W.shape)}; "
            "angles around a circle need a plane."
        )
    kept = W[:, W.norm(dim=0) >= min_norm]
    bearing = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    if not len(bearing):
        return bearing
    gaps = torch.cat([bearing.diff(), bearing[:1] + 360 - bearing[-1:]])
    return gaps.sort().values


def is_regular_polygon(W: Float[Tensor, "2 n_features"], n_sides: int, *, tolerance: float = 5.0) -> bool:
    """Whether exactly `n_sides` features are represented, with equal angles (in degrees, within `tolerance`)
    between them.

    >>> is_regular_polygon(torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]]), 4)
    True
    """
    angles = neighbour_angles(W)
    return len(angles) == n_sides and bool((angles - 360 / n_sides).abs().max() <= tolerance)


def _matrices(W: Tensor) -> Tensor:
    if W.dim() < 2:
        raise ValueError(
            f"W must be [n_hidden, n_features] or a stack of these, but its shape is {list(W.shape)}."
        )
    return W


def _unit(W: Tensor) -> Tensor:
    norms = _matrices(W).norm(dim=-2, keepdim=True)
    return torch.where(norms > 0, W / norms.clamp_min(torch.finfo(W.dtype).tiny), 0.0)
