"""Chapter 1, section 1: a sparse vector comes back from fewer numbers than it has entries."""

from collections.abc import Iterator
from itertools import combinations

import torch
from scipy.optimize import linprog
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="toy.recover",
    title="Getting the sparse vector back",
    points=3,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "Two things are known about x besides W x = h: no entry is negative, and most are 0. A small sum stands for the "
        "second.",
        "optimize.linprog(c, A_eq=..., b_eq=..., bounds=...) minimises c @ x under A_eq @ x == b_eq. Which c makes c @ x "
        "the sum of x? Which bounds keep every entry at 0 or above?",
        "answer = optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy(), bounds=(0, None)), and "
        "torch.tensor(answer.x) is what to return.",
    ),
)
def recover(ask: Ask) -> None:
    "The solution against the best of all corner solutions, tried one by one (a linear programme's optimum is a corner)."
    ask.compare(
        _recovery_cases(ask),
        expected=_best_corner,
        known=(
            Known(
                "least-squares",
                "You return the solution of smallest length, which spreads x over all features. Sparse asks for the "
                "smallest sum.",
                lambda h, W: torch.linalg.pinv(W) @ h,
            ),
            Known(
                "least-squares",
                "You take the solution of smallest length and cut its negative entries off: it is not sparse, and no "
                "longer explains h.",
                lambda h, W: (torch.linalg.pinv(W) @ h).clamp(min=0),
            ),
            Known(
                "plain-readout",
                "You read each feature by projecting h on its direction. That is x plus all the leaks; solve for x.",
                lambda h, W: W.T @ h,
            ),
            Known(
                "plain-readout",
                "You read each feature by projecting h on its direction and cut negative values off. The positive "
                "leaks remain; solve for x.",
                lambda h, W: (W.T @ h).clamp(min=0),
            ),
            Known(
                "negative-allowed",
                "You minimise the sum of absolute values and allow negative entries. Features are never negative: "
                "knowing that makes recovery easier.",
                lambda h, W: _signed(h, W),
            ),
            Known(
                "any-solution",
                "Your vector explains h and has no negative entry, but there is one with a smaller sum: minimise "
                "the sum, the coefficients of the objective are all 1.",
                lambda h, W: torch.tensor(
                    linprog(torch.zeros(W.shape[1]), A_eq=W, b_eq=h).x, dtype=torch.float64
                ),
            ),
        ),
        look="W @ yours (is it h?), the smallest entry of yours (is it 0 or above?) and the sum.",
        atol=1e-4,
    )


def _recovery_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    W = torch.tensor([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]], dtype=torch.float64)
    yield {"h": torch.tensor([0.6, 0.8], dtype=torch.float64), "W": W}
    yield {"h": torch.tensor([1.0, 0.25], dtype=torch.float64), "W": W}
    yield {"h": torch.zeros(2, dtype=torch.float64), "W": W}
    for i in range(16):
        n_hidden, n_features = 3, ask.random.randint(5, 7)
        W = torch.randn(n_hidden, n_features, generator=ask.generator, dtype=torch.float64)
        if i % 2:
            W[0] = W[0].abs() + 0.3  # no sum of positive entries is zero here
        W = W / W.norm(dim=0)
        x = 0.2 + 2.5 * torch.rand(n_features, generator=ask.generator, dtype=torch.float64)
        keep = torch.randperm(n_features, generator=ask.generator)[: 1 + i % n_features]
        yield {"h": W[:, keep] @ x[keep], "W": W}


def _best_corner(h: Tensor, W: Tensor) -> Tensor:
    """The non-negative solution of smallest sum among those that use as many features as there are numbers in h."""
    n_hidden, n_features = W.shape
    corners = torch.tensor(list(combinations(range(n_features), n_hidden)))
    parts = W[:, corners].movedim(0, 1)  # one square matrix for each choice of features
    solvable = torch.linalg.det(parts).abs() > 1e-9
    values = torch.linalg.solve(parts[solvable], h.expand(int(solvable.sum()), n_hidden))
    sums = torch.where(values.amin(1) > -1e-9, values.sum(1), float("inf"))
    best = torch.zeros(n_features, dtype=torch.float64)
    best[corners[solvable][sums.argmin()]] = values[sums.argmin()].clamp(min=0)
    return best


def _signed(h: Tensor, W: Tensor) -> Tensor:
    split = linprog(torch.ones(2 * W.shape[1]), A_eq=torch.cat([W, -W], 1), b_eq=h).x
    return torch.tensor(split[: W.shape[1]] - split[W.shape[1] :], dtype=torch.float64)
