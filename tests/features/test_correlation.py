"""Streaming correlation against numpy in double precision, and what it must survive."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mechint_course.features.correlation import StreamingCorrelation, sparse_rows


def by_numpy(left, right):
    """np.corrcoef in float64, its NaN for constant columns set to 0."""
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.corrcoef(left.T, right.T)
    return np.nan_to_num(whole[: left.shape[1], left.shape[1] :], nan=0.0)


def streamed(left, right, size):
    stream = StreamingCorrelation(left.shape[1], right.shape[1])
    for start in range(0, left.shape[0], size):
        stream.update(left[start : start + size], right[start : start + size])
    return stream


def rare(n, width, density, seed):
    """Activations that are mostly zero, non-negative as latents are."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, width, generator=generator) * (torch.rand(n, width, generator=generator) < density)


@settings(max_examples=30, deadline=None)
@given(
    densities=st.tuples(st.sampled_from([0.01, 0.04, 0.3, 1.0]), st.sampled_from([0.01, 0.3, 1.0])),
    size=st.integers(1, 90),
    seed=st.integers(0, 2**16),
)
def test_equals_numpy_for_every_mixture_of_sparse_and_dense_and_every_batch_size(densities, size, seed):
    left, right = rare(170, 7, densities[0], seed), rare(170, 5, densities[1], seed + 1)
    right[:, 0] += 3 * left[:, 0]
    stream = streamed(left, right, size)
    np.testing.assert_allclose(stream.result().numpy(), by_numpy(left, right), atol=1e-6)
    assert torch.equal(stream.fired_left, (left != 0).sum(0)) and torch.equal(
        stream.fired_right, (right != 0).sum(0)
    )
    assert stream.n_tokens == 170


@pytest.mark.parametrize("mean", [0.0, 1e2, 1e5])
def test_large_means_do_not_drown_small_spreads(mean):
    generator = torch.Generator().manual_seed(1)
    left = torch.randn(4000, 4, generator=generator, dtype=torch.float64) + mean
    right = torch.randn(4000, 3, generator=generator, dtype=torch.float64) - mean
    right[:, 1] = left[:, 2] + 0.1 * right[:, 1]
    np.testing.assert_allclose(streamed(left, right, 512).result().numpy(), by_numpy(left, right), atol=1e-6)


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3, 1e6])
@pytest.mark.parametrize("density", [0.001, 1.0])
def test_a_column_that_never_changes_correlates_zero_and_never_nan(constant, density):
    left, right = rare(3000, 40, density, 2), rare(3000, 30, density, 3)
    left[:, 5] = constant
    result = streamed(left, right, 700).result()
    assert torch.isfinite(result).all() and (result[5] == 0).all()


def test_a_latent_that_fires_once_in_a_million():
    n, places = 1_000_000, (17, 999_999)
    stream = StreamingCorrelation(3, 2)
    for start in range(0, n, 100_000):
        left, right = torch.zeros(100_000, 3), torch.zeros(100_000, 2)
        for k, place in enumerate(places):
            if start <= place < start + 100_000:
                left[place - start, k], right[place - start, k] = 0.25, 9.0
        stream.update(left, right)
    # Two single firings on different tokens: by hand, -1 / (n - 1).
    wanted = torch.tensor([[1.0, -1 / (n - 1)], [-1 / (n - 1), 1.0], [0.0, 0.0]])
    torch.testing.assert_close(stream.result(), wanted, atol=1e-9, rtol=1e-6)
    assert stream.fired_left.tolist() == [1, 1, 0]


def test_sparse_rows_stand_for_the_dense_matrix():
    generator = torch.Generator().manual_seed(4)
    indices = torch.rand(50, 30, generator=generator).topk(3).indices
    values = torch.rand(50, 3, generator=generator)
    values[0, 0] = 0.0
    dense = torch.zeros(50, 30).scatter(1, indices, values)
    before = values.clone(), indices.clone()
    rows = sparse_rows(values, indices, 30)
    assert torch.equal(values, before[0]) and torch.equal(indices, before[1]), (
        "the caller's tensors stay as they were"
    )
    np.testing.assert_array_equal(rows.toarray(), dense.double().numpy())
    neurons = torch.randn(50, 6, generator=generator)
    mixed, plain = streamed(rows, neurons, 20), streamed(dense, neurons, 20)
    np.testing.assert_allclose(mixed.result().numpy(), by_numpy(dense, neurons), atol=1e-6)
    torch.testing.assert_close(mixed.result(), plain.result())
    assert torch.equal(mixed.fired_left, (dense != 0).sum(0))


def test_a_side_that_begins_silent_and_gets_dense_stays_right():
    left = torch.cat([torch.zeros(20, 6), torch.randn(80, 6, generator=torch.Generator().manual_seed(5)) + 4])
    right = rare(100, 5, 0.5, 6)
    np.testing.assert_allclose(streamed(left, right, 20).result().numpy(), by_numpy(left, right), atol=1e-6)


def test_nothing_is_kept_but_sums():
    stream = streamed(rare(5000, 11, 0.02, 7), rare(5000, 13, 0.9, 8), 100)
    kept = [stream._products, *(array for side in stream._sides() for array in vars(side).values())]
    assert sum(array.size for array in kept if isinstance(array, np.ndarray)) <= 11 * 13 + 4 * (11 + 13)


def test_one_token_and_no_token():
    stream = StreamingCorrelation(2, 2)
    with pytest.raises(ValueError, match="call update"):
        stream.result()
    stream.update(torch.zeros(0, 2), torch.zeros(0, 2))
    with pytest.raises(ValueError, match="call update"):
        _ = stream.fired_left
    stream.update(torch.rand(1, 2), torch.rand(1, 2))
    assert torch.equal(stream.result(), torch.zeros(2, 2))


def test_a_bad_batch_is_refused_and_leaves_the_sums_as_they_were():
    stream = StreamingCorrelation(2, 3)
    left, right = rare(10, 2, 1.0, 9), rare(10, 3, 1.0, 10)
    stream.update(left, right)
    before = stream.result()
    broken = left.clone()
    broken[4, 1] = float("nan")
    for bad, sentence in (
        ((broken, right), "finite"),
        ((left, right[:, :2]), "expected"),
        ((left[:5], right), "same tokens"),
        ((left[0], right), "(?i)expected"),
    ):
        with pytest.raises(Exception, match=sentence):
            stream.update(*bad)
    torch.testing.assert_close(stream.result(), before, atol=0, rtol=0)


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        StreamingCorrelation(0, 3)
    with pytest.raises(Exception, match=r"index|Type"):
        sparse_rows(torch.rand(2, 3), torch.zeros(2, 2, dtype=torch.long), 4)
