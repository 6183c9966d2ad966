"""The phase change: what becomes of one more feature, as its importance and the density of all features change.

Elhage et al. 2022, "Toy Models of Superposition", section "Superposition as a Phase Change". Two features in one
dimension have three candidate solutions: ignore the extra feature, ignore the first one, or put both on opposite sides.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.toy.checking import whole_number

FATES = ("not learned", "superposed", "own dimension")
"""What can become of the extra feature."""


class Grid(NamedTuple):
    """Every combination of density and importance, density in the rows.

    >>> grid = Grid(density=torch.tensor([1.0, 0.1]), importance=torch.tensor([0.5, 2.0]))
    >>> density, importance = grid.settings(n_features=2, n_restarts=1)
    >>> torch.cat([density, importance], dim=1)  # density, importance of the first feature, and of the extra one
    tensor([[1.0000, 1.0000, 0.5000],
            [1.0000, 1.0000, 2.0000],
            [0.1000, 1.0000, 0.5000],
            [0.1000, 1.0000, 2.0000]])
    """

    density: Float[Tensor, "n_densities"]
    """From 1 down to 0.01, evenly spaced as logarithms."""
    importance: Float[Tensor, "n_importances"]
    """Of the extra feature, from 0.1 to 10, evenly spaced as logarithms; the others have importance 1."""

    def settings(
        self, n_features: int, n_restarts: int
    ) -> tuple[Float[Tensor, "n_models 1"], Float[Tensor, "n_models n_features"]]:
        """Density and importances of every model of the grid, restarts innermost."""
        shape = (len(self.density), len(self.importance), n_restarts)
        density = self.density[:, None, None].expand(shape).reshape(-1, 1)
        extra = self.importance[None, :, None].expand(shape).reshape(-1, 1)
        return density, torch.cat([torch.ones(len(extra), n_features - 1), extra], dim=1)


def phase_grid(size: int) -> Grid:
    """The grid of the paper's phase diagrams with `size` steps along each side.

    >>> [round(float(d), 2) for d in phase_grid(3).density], [round(float(i), 1) for i in phase_grid(3).importance]
    ([1.0, 0.1, 0.01], [0.1, 1.0, 10.0])
    """
    whole_number("size", size, at_least=2)
    return Grid(torch.logspace(0, -2, size), torch.logspace(-1, 1, size))


def exact_loss(
    W: Float[Tensor, "n_models 2"],
    b: Float[Tensor, "n_models 2"],
    importance: Float[Tensor, "n_models"],
    density: Float[Tensor, "n_models"],
    *,
    n_points: int = 24,
) -> Float[Tensor, "n_models"]:
    """The expected loss of models with two features and one hidden dimension, by the midpoint rule.

    None, one or both of the features are there; each case is averaged over a grid of `n_points` strengths a feature.
    The squared errors of both are added up, the second one's times `importance`.

    By hand, for p = 0.1 and equal importance: a model of zeros loses 2 p/3, and a pair on opposite sides loses only
    where both features are there, 2 p^2/6.

    >>> W = torch.tensor([[0.0, 0.0], [1.0, -1.0]])
    >>> loss = exact_loss(W, torch.zeros(2, 2), torch.ones(2), torch.full((2,), 0.1))
    >>> [round(value, 3) for value in loss.tolist()]
    [0.067, 0.003]
    """
    u = (torch.arange(n_points, device=W.device) + 0.5) / n_points
    total = torch.zeros_like(importance)
    for here_1 in (False, True):
        for here_2 in (False, True):
            x1 = u[:, None] if here_1 else torch.zeros(1, 1, device=W.device)
            x2 = u[None, :] if here_2 else torch.zeros(1, 1, device=W.device)
            h = W[:, :1, None] * x1 + W[:, 1:, None] * x2
            first = (x1 - torch.relu(W[:, :1, None] * h + b[:, :1, None])) ** 2
            second = (x2 - torch.relu(W[:, 1:, None] * h + b[:, 1:, None])) ** 2
            chance = (density if here_1 else 1 - density) * (density if here_2 else 1 - density)
            total = total + chance * (first.mean((1, 2)) + importance * second.mean((1, 2)))
    return total


class Branches(NamedTuple):
    """The lowest loss on each branch, and where it lies; `[n_densities n_importances]`.

    One cell by hand: putting both features on opposite sides costs least, but the second best is only 5 % worse.

    >>> one = Branches(torch.tensor([[0.4]]), torch.tensor([[0.21]]), torch.tensor([[0.2]]), torch.zeros(1, 1, 2))
    >>> FATES[one.winner().item()], one.clear(margin=0.1).item(), one.clear(margin=0.01).item()
    ('superposed', False, True)
    """

    ignore_extra: Float[Tensor, "n_densities n_importances"]
    ignore_first: Float[Tensor, "n_densities n_importances"]
    both: Float[Tensor, "n_densities n_importances"]
    """Both features on opposite sides of the one dimension; infinite where that branch has no minimum of its own."""
    W: Float[Tensor, "n_densities n_importances 2"]
    """Where the descent on the branch `both` ended."""

    def losses(self) -> Float[Tensor, "n_densities n_importances 3"]:
        """All three, last dimension in the order of `FATES`."""
        return torch.stack([self.ignore_extra, self.both, self.ignore_first], dim=-1)

    def winner(self) -> Int[Tensor, "n_densities n_importances"]:
        """Which of `FATES` the extra feature meets on the branch of lowest loss."""
        return self.losses().argmin(dim=-1)

    def clear(self, *, margin: float = 0.1) -> Bool[Tensor, "n_densities n_importances"]:
        """Where the second best branch is worse than the best one by `margin` of its loss or more."""
        best, second = self.losses().sort(dim=-1).values[..., :2].unbind(-1)
        return second >= (1 + margin) * best


def branch_minima(grid: Grid, *, steps: int = 400, n_points: int = 24) -> Branches:
    """The minimum of each branch over the whole grid, by quadrature and gradient descent on all cells at once.

    The two branches that ignore a feature have their minimum in closed form: the one that is kept is passed through,
    the other's output is its mean, and what is left is its variance p/3 - p^2/4.

    A coarse grid with few steps. In dense data there is room for the more important feature only; in sparse data
    the extra one shares the dimension, at both importances.

    >>> grid = Grid(density=torch.tensor([1.0, 0.1]), importance=torch.tensor([0.5, 2.0]))
    >>> winner = branch_minima(grid, steps=100, n_points=8).winner()
    >>> [[FATES[fate] for fate in row] for row in winner.tolist()]
    [['not learned', 'own dimension'], ['superposed', 'superposed']]
    """
    density, importance = grid.settings(2, 1)
    p, extra = density[:, 0], importance[:, 1]
    # Not symmetric, or two features that count the same would stay on the ridge between two mirrored minima.
    W = torch.tensor([1.1, -0.8]).repeat(len(p), 1).requires_grad_()
    b = torch.full((len(p), 2), -0.05).requires_grad_()
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    # Dividing by the density and the importances gives every cell steps of the same size; minima stay where they are.
    weight = 1 / (p * (1 + extra))
    for _ in range(steps):
        optimiser.zero_grad()
        (weight * exact_loss(W, b, extra, p, n_points=n_points)).sum().backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        both = exact_loss(W, b, extra, p, n_points=n_points)
        # Where one of the two directions has shrunk away, the descent has left this branch for one that ignores it.
        both[W.abs().min(dim=1).values < 0.5] = torch.inf
    shape = (len(grid.density), len(grid.importance))
    variance = p / 3 - p**2 / 4
    return Branches(
        (extra * variance).view(shape), variance.view(shape), both.view(shape), W.detach().view(*shape, 2)
    )
