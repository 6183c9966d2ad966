"""The feature graph: features are its nodes, and two that overlap are joined.

Elhage et al. 2022, "Toy Models of Superposition", section "The Geometry of Superposition": the graph falls apart into
small clusters, each in a few dimensions of its own, and these are the shapes (pairs, pentagons and so on).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from mechint_course.toy.geometry import feature_dimensionality


@dataclass(frozen=True)
class Cluster:
    """Features that are joined, over one or several edges."""

    features: Int[Tensor, "size"]
    """Their numbers, lowest first."""
    overlap: Float[Tensor, "size size"]
    """W_i . W_j for every two of them; the squared lengths stand on the diagonal."""
    dimensionality: Float[Tensor, "size"]
    """D_i of each, in the whole model."""
    place: Float[Tensor, "size 2"]
    """Their directions in the plane that holds most of the cluster, for drawing."""

    @property
    def dimensions(self) -> float:
        """How many dimensions the cluster takes up: the sum of its D_i."""
        return float(self.dimensionality.sum())


def feature_clusters(
    W: Float[Tensor, "n_hidden n_features"], *, min_overlap: float = 0.3, min_squared_norm: float = 0.3
) -> list[Cluster]:
    """The clusters of the feature graph, largest first, then by their lowest feature.

    Nodes are the features with a squared length of at least `min_squared_norm`; i and j are joined where |W_i . W_j| is
    at least `min_overlap`. A feature that overlaps with no other is a cluster of one.

    >>> W = torch.tensor([[1.0, 0.0, -1.0, 0.1], [0.0, 1.0, 0.0, 0.0]])
    >>> [(cluster.features.tolist(), round(cluster.dimensions, 3)) for cluster in feature_clusters(W)]
    [([0, 2], 0.995), ([1], 1.0)]
    """
    there = (W.square().sum(0) >= min_squared_norm).nonzero()[:, 0]
    if not len(there):
        return []
    overlap = W[:, there].T @ W[:, there]
    joined = (overlap.abs() >= min_overlap).fill_diagonal_(False)
    count, label = connected_components(joined.numpy(), directed=False)
    label, shares = torch.from_numpy(label), feature_dimensionality(W)
    found = []
    for k in range(count):
        members = (label == k).nonzero()[:, 0]
        features = there[members]
        found.append(
            Cluster(features, overlap[members][:, members], shares[features], _plane(W[:, features]))
        )
    return sorted(found, key=lambda cluster: (-len(cluster.features), int(cluster.features[0])))


def _plane(W: Float[Tensor, "n_hidden size"]) -> Float[Tensor, "size 2"]:
    """The directions within the two axes along which they spread most (about the origin, as directions do)."""
    axes, _, _ = torch.linalg.svd(W, full_matrices=False)
    place = W.T @ axes[:, :2]
    return torch.nn.functional.pad(place, (0, 2 - place.shape[1]))
