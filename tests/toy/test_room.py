"""Room: directions, sparse samples, and the number of entries at which recovery breaks."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from mechint_course.toy import dimensions_needed, k_active, random_directions, recovery_limit


def comes_back(n_hidden: int, k: int, seed: int) -> bool:
    W, x = random_directions(n_hidden, 60, seed=seed).numpy(), k_active(1, 60, k, seed=seed)[0].numpy()
    return bool(np.allclose(linprog(np.ones(60), A_eq=W, b_eq=W @ x).x, x, atol=1e-4))


@pytest.mark.parametrize("n_hidden", [20, 36])
def test_recovery_breaks_where_theory_says(n_hidden):
    limit = recovery_limit(60, n_hidden)
    well_inside, well_outside = limit // 2, limit + (60 - limit) // 3
    assert sum(comes_back(n_hidden, well_inside, seed) for seed in range(12)) >= 11
    assert sum(comes_back(n_hidden, well_outside, seed) for seed in range(12)) <= 1


def test_dimensions_needed_matches_a_simulation_of_its_definition():
    """The squared distance of Gaussian vectors to the subgradients of the sum, scaled by the best common factor."""
    g = torch.randn(4000, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    active = torch.arange(50) < 5
    scales = torch.linspace(0, 4, 401, dtype=torch.float64)
    distance = [
        float(((g - t)[:, active] ** 2).sum(1).mean() + ((g - t)[:, ~active].clamp(min=0) ** 2).sum(1).mean())
        for t in scales
    ]
    assert dimensions_needed(50, 5) == pytest.approx(min(distance), rel=0.02)


def test_samples_have_exactly_so_many_features_and_seeds_decide():
    x = k_active(200, 9, 3, seed=1)
    assert set((x > 0).sum(1).tolist()) == {3} and float(x.max()) <= 1
    assert torch.equal(x, k_active(200, 9, 3, seed=1)) and not torch.equal(x, k_active(200, 9, 3, seed=2))
    assert float((x > 0).double().mean(0).sub(1 / 3).abs().max()) < 0.15


def test_more_active_features_than_features_is_said():
    for call in (lambda: k_active(3, 5, 6), lambda: dimensions_needed(5, 6)):
        with pytest.raises(ValueError, match="k must be at most n_features = 5, but it is 6"):
            call()
