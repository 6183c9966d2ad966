"""Geometry against definitions written out in loops, and against shapes whose numbers are known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mechint_course.toy import (
    cosines,
    dimensionality_of,
    feature_dimensionality,
    feature_norms,
    interference,
    is_regular_polygon,
    n_represented,
    neighbour_angles,
)


def polygon(n, start=0.3, length=1.0):
    bearing = start + torch.arange(n) * 2 * math.pi / n
    return length * torch.stack([bearing.cos(), bearing.sin()])


TETRAHEDRON = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])


def square_antiprism():
    """Two squares, one turned by 45 degrees, at the heights where each vertex has dimensionality 3/8."""
    angle = torch.tensor([0.0, 2, 4, 6, 1, 3, 5, 7]) * math.pi / 4
    height = torch.tensor([1.0] * 4 + [-1.0] * 4) / 2**0.5
    return torch.stack([angle.cos(), angle.sin(), height])


def slow_interference(W):
    n = W.shape[1]
    unit = [W[:, i] / W[:, i].norm() for i in range(n)]
    return torch.stack(
        [sum(((unit[i] @ W[:, j]) ** 2 for j in range(n) if j != i), torch.tensor(0.0)) for i in range(n)]
    )


@given(n_hidden=st.integers(1, 4), n_features=st.integers(1, 7), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_norms_cosines_interference_and_dimensionality_match_their_definitions(n_hidden, n_features, seed):
    W = torch.randn(n_hidden, n_features, generator=torch.Generator().manual_seed(seed))
    squares = torch.tensor([sum(v * v for v in W[:, i].tolist()) for i in range(n_features)])
    torch.testing.assert_close(feature_norms(W), squares.sqrt())
    torch.testing.assert_close(interference(W), slow_interference(W), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(feature_dimensionality(W), squares / (squares + slow_interference(W)))
    for i in range(n_features):
        for j in range(n_features):
            expected = torch.nn.functional.cosine_similarity(W[:, i], W[:, j], dim=0)
            torch.testing.assert_close(cosines(W)[i, j], expected, atol=1e-5, rtol=1e-4)


@given(n_hidden=st.integers(1, 4), n_features=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_dimensionalities_never_add_up_to_more_than_the_rank(n_hidden, n_features, seed):
    W = torch.randn(n_hidden, n_features, generator=torch.Generator().manual_seed(seed))
    assert float(feature_dimensionality(W).sum()) <= min(n_hidden, n_features) + 1e-4


@pytest.mark.parametrize(
    ("W", "value"),
    [
        (torch.eye(3), 1.0),
        (torch.tensor([[1.0, -1.0]]), 1 / 2),
        (polygon(3), 2 / 3),
        (polygon(5), 2 / 5),
        (TETRAHEDRON, 3 / 4),
        (square_antiprism(), 3 / 8),
    ],
    ids=["alone", "antipodal pair", "triangle", "pentagon", "tetrahedron", "square antiprism"],
)
def test_the_papers_sticky_values(W, value):
    torch.testing.assert_close(feature_dimensionality(W), torch.full((W.shape[1],), value))


def test_a_feature_that_is_not_represented_has_no_dimension_and_no_nan():
    W = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert feature_dimensionality(W).tolist() == [1.0, 0.0]
    assert interference(W).tolist() == [0.0, 0.0]
    assert cosines(W)[1].tolist() == [0.0, 0.0]


def test_dimensionality_of_rows_one_pair_at_a_time():
    """Long and short vectors, many more than dimensions, and one that is zero."""
    vectors = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    vectors *= torch.logspace(-9, 2, 40)[torch.randperm(40, generator=torch.Generator().manual_seed(1)), None]
    vectors[7] = 0
    expected = []
    for v in vectors.double():
        shared = sum(float(v @ w / v.norm()) ** 2 for w in vectors.double()) if v.any() else 1.0
        expected.append(float(v @ v) / shared)
    torch.testing.assert_close(dimensionality_of(vectors), torch.tensor(expected), rtol=1e-4, atol=0.0)


def test_many_matrices_at_once_give_what_each_gives_alone():
    W = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    for measure in (feature_norms, interference, feature_dimensionality, cosines, n_represented):
        torch.testing.assert_close(measure(W)[1, 2], measure(W[1, 2]))


def test_angles_of_polygons_and_leftovers():
    for n in range(2, 8):
        assert neighbour_angles(polygon(n)).tolist() == pytest.approx([360 / n] * n, abs=1e-3)
        assert is_regular_polygon(polygon(n), n)
        assert not is_regular_polygon(polygon(n), n + 1)
    assert neighbour_angles(polygon(1)).tolist() == [360]
    assert neighbour_angles(torch.zeros(2, 5)).tolist() == []
    assert neighbour_angles(polygon(5, length=0.4)).tolist() == []


def test_a_bent_pentagon_is_not_regular():
    W = polygon(5)
    W[:, 0] = torch.tensor([math.cos(0.3 + 0.2), math.sin(0.3 + 0.2)])
    assert not is_regular_polygon(W, 5)
