"""The sparse products against their dense twins, gradients included."""

import pytest
import torch

from mechint_course.sae.sparse import collect, combine, project


def dense(weights, indices, n):
    return torch.zeros(len(indices), n, dtype=weights.dtype).scatter_add(1, indices, weights)


@pytest.fixture
def parts():
    generator = torch.Generator().manual_seed(3)
    batch, d, n, k = 5, 4, 7, 3
    rows = torch.randn(batch, d, generator=generator, dtype=torch.float64)
    table = torch.randn(n, d, generator=generator, dtype=torch.float64)
    weights = torch.randn(batch, k, generator=generator, dtype=torch.float64)
    indices = torch.stack([torch.randperm(n, generator=generator)[:k] for _ in range(batch)])
    return rows, table, weights, indices


def test_combine_equals_its_dense_twin(parts):
    _, table, weights, indices = parts
    torch.testing.assert_close(combine(weights, table, indices), dense(weights, indices, len(table)) @ table)


def test_project_equals_its_dense_twin(parts):
    rows, table, _, indices = parts
    torch.testing.assert_close(project(rows, table, indices), (rows @ table.T).gather(1, indices))


def test_collect_equals_its_dense_twin_and_leaves_unused_slots_zero(parts):
    rows, _, weights, indices = parts
    found = collect(weights, rows, indices, 9)
    torch.testing.assert_close(found, dense(weights, indices, 9).T @ rows)
    assert (found[7:] == 0).all()


def test_gradients_pass_gradcheck(parts):
    rows, table, weights, indices = (
        part.requires_grad_() if part.is_floating_point() else part for part in parts
    )
    assert torch.autograd.gradcheck(lambda w, t: combine(w, t, indices), (weights, table))
    assert torch.autograd.gradcheck(lambda r, t: project(r, t, indices), (rows, table))


def test_gradients_equal_those_of_the_dense_twins(parts):
    rows, table, weights, indices = parts
    cotangent = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    for ours, twin, at in (
        (lambda w, t: combine(w, t, indices), lambda w, t: dense(w, indices, 7) @ t, (weights, table)),
        (lambda r, t: project(r, t, indices) @ cotangent[:3], lambda r, t: (r @ t.T).gather(1, indices) @ cotangent[:3], (rows, table)),
    ):  # fmt: skip
        leaves = [part.clone().requires_grad_() for part in at]
        expected = torch.autograd.grad(twin(*leaves), leaves, cotangent)
        for found, wanted in zip(
            torch.autograd.grad(ours(*leaves), leaves, cotangent), expected, strict=True
        ):
            torch.testing.assert_close(found, wanted)


def test_a_latent_named_twice_in_a_row_counts_twice():
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert combine(torch.tensor([[1.0, 10.0]]), table, torch.tensor([[1, 1]])).tolist() == [[33.0, 44.0]]


def test_rows_of_different_lengths_equal_their_dense_twins_and_pass_gradcheck(parts):
    rows, table, _, _ = parts
    starts, indices = torch.tensor([0, 2, 2, 6, 7, 8]), torch.tensor([6, 1, 0, 3, 4, 6, 2, 2])
    weights = torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    of = torch.tensor([0, 0, 2, 2, 2, 2, 3, 4])
    matrix = torch.zeros(5, 7, dtype=torch.float64).index_put((of, indices), weights)
    torch.testing.assert_close(combine(weights, table, indices, starts), matrix @ table)
    torch.testing.assert_close(project(rows, table, indices, starts), (rows @ table.T)[of, indices])
    torch.testing.assert_close(collect(weights, rows, indices, 7, starts), matrix.T @ rows)
    leaves = [part.requires_grad_() for part in (weights, table, rows)]
    assert torch.autograd.gradcheck(lambda w, t: combine(w, t, indices, starts), leaves[:2])
    assert torch.autograd.gradcheck(lambda r, t: project(r, t, indices, starts), (leaves[2], leaves[1]))
