"""The phase change: quadrature against drawn samples and closed forms, branches against trained models."""

import pytest
import torch

from mechint_course.toy import (
    FATES,
    Grid,
    ToyModel,
    branch_minima,
    evaluate,
    exact_loss,
    feature_batch,
    phase_grid,
    stream,
    train,
)


def test_quadrature_matches_drawn_samples():
    generator = torch.Generator().manual_seed(0)
    density = torch.tensor([0.9, 0.4, 0.1])
    model = ToyModel(2, 1, n_instances=3, feature_probability=density[:, None], importance=[1.0, 0.6])
    with torch.no_grad():
        model.W.copy_(torch.randn(3, 1, 2, generator=generator))
        model.b_final.copy_(0.2 * torch.randn(3, 2, generator=generator))
        x = feature_batch(model.feature_probability, 200_000, generator=stream(0, "test"))
        by_sums = exact_loss(model.W[:, 0], model.b_final, torch.full((3,), 0.6), density, n_points=100)
        torch.testing.assert_close(by_sums, model.loss(x), rtol=0.02, atol=1e-4)


def test_quadrature_gives_the_closed_form_of_the_pair():
    p, extra = torch.tensor([1.0, 0.3, 0.05]), torch.tensor([1.0, 0.2, 5.0])
    pair = exact_loss(torch.tensor([[1.0, -1.0]]).expand(3, 2), torch.zeros(3, 2), extra, p, n_points=200)
    torch.testing.assert_close(pair, (1 + extra) * p**2 / 6, rtol=1e-3, atol=0)


def test_the_best_pair_is_never_worse_than_the_given_one_and_beats_ignoring_where_the_closed_form_does_not():
    grid = Grid(torch.tensor([0.62, 0.3, 0.05]), torch.tensor([0.3, 1.0, 3.0]))
    branches = branch_minima(grid)
    given = (1 + grid.importance) * grid.density[:, None] ** 2 / 6
    there = branches.both.isfinite()
    assert bool(there[1:].all()) and bool((branches.both <= given * 1.001)[there].all())
    ignoring, best, closed = branches.ignore_extra[0, 1], branches.both[0, 1], given[0, 1]
    assert best < ignoring < closed


def test_trained_models_end_where_the_best_branch_is():
    """A coarse map; Elhage et al., "Superposition as a Phase Change"."""
    grid = Grid(torch.tensor([1.0, 0.4, 0.1]), torch.tensor([0.2, 1.0, 5.0]))
    theory = branch_minima(grid)
    density, importance = grid.settings(2, 8)
    model = ToyModel(2, 1, n_instances=72, feature_probability=density, importance=importance)
    train(model, steps=800, batch_size=128, learning_rate=0.02, progress=False)
    best = evaluate(model, n_samples=4096).view(3, 3, 8).argmin(dim=2)
    W = model.W.detach()[:, 0].view(3, 3, 8, 2)
    lengths = torch.stack([W[i, j, best[i, j]].abs() for i in range(3) for j in range(3)]).view(3, 3, 2)
    found = torch.where(lengths[..., 1] < 0.5, 0, torch.where(lengths[..., 0] < 0.5, 2, 1))
    clear = theory.clear()
    assert int(clear.sum()) >= 6
    assert bool((found == theory.winner())[clear].all())
    assert {FATES[int(k)] for k in theory.winner().flatten()} == set(FATES)


def test_the_grid_runs_from_dense_to_sparse_and_restarts_stand_side_by_side():
    grid = phase_grid(3)
    density, importance = grid.settings(3, 2)
    assert density.shape == (18, 1) and importance.shape == (18, 3)
    assert density[:7, 0].tolist() == pytest.approx([1] * 6 + [0.1])
    assert importance[:4, 2].tolist() == pytest.approx([0.1, 0.1, 1, 1])
    assert importance[:, :2].unique().tolist() == [1]
    with pytest.raises(ValueError, match="size must be at least 2, but it is 1"):
        phase_grid(1)
