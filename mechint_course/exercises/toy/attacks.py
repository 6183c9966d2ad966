"""Chapter 1, section 11: small pushes that do the most damage."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_attack = prediction(
    id="toy.guess_attack",
    title="Who is easier to attack",
    options=(
        "sharing makes it safer",
        "no difference",
        "damage grows with the features per dimension",
        "damage grows with the number of dimensions",
    ),
    core=False,
)


@exercise(
    id="toy.attack",
    title="The best push for each output",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "Output i is (row i of W^T W) times x, before the bias. In which direction does a sum of products grow fastest?",
        "In the direction of its coefficients: row i of W.T @ W, scaled to the length that is asked for. Rows of zeros stay "
        "zeros.",
        "rows = W.T @ W; size * rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)",
    ),
)
def attack(ask: Ask) -> None:
    "Every direction against one computed from the overlaps in loops."
    ask.compare(
        _directions(ask),
        expected=_pushes,
        known=(
            Known(
                "not-scaled",
                "Your pushes have the lengths of the rows of W^T W. Each must have the length `size`.",
                lambda W, size: size * (W.double().T @ W.double()),
            ),
            Known(
                "size-ignored",
                "Your pushes have length 1; asked is the length `size`.",
                lambda W, size: _pushes(W, 1.0),
            ),
            Known(
                "one-feature-only",
                "You push each feature itself. Its neighbours drive its output too: all of row i of W^T W takes part.",
                lambda W, size: size * torch.diag((W.double().norm(dim=0) > 0).double()),
            ),
            Known(
                "scaled-together",
                "You divide by the norm of the whole matrix. Each row has to have the length `size`.",
                lambda W, size: size * (W.double().T @ W.double()) / (W.double().T @ W.double()).norm(),
            ),
            Known(
                "scaled-by-the-other",
                "You scale columns of W^T W where the rows should have the length `size`.",
                lambda W, size: _pushes(W, size).T,
            ),
            Known(
                "sign-turned",
                "Your pushes go the other way: they make the output smaller, and the ReLU cuts that off.",
                lambda W, size: -_pushes(W, size),
            ),
            Known(
                "hidden-directions",
                "You return directions in the hidden space. The push is added to the input, so it has one number for each "
                "feature.",
                lambda W, size: _hidden(W, size),
            ),
            Known(
                "largest-entry-scaled",
                "You scale the largest entry to `size`. The length, the root of the sum of squares, must be `size`.",
                lambda W, size: _by(W, size, lambda row: max(map(abs, row))),
            ),
            Known(
                "sum-scaled",
                "You scale the sum of absolute values to `size`. The length, the root of the sum of squares, must be `size`.",
                lambda W, size: _by(W, size, lambda row: sum(map(abs, row))),
            ),
            Known(
                "zero-divided",
                "A row of zeros gives NaN: 0 divided by 0. Where nothing can be pushed, return zeros.",
                lambda W, size: torch.where(W.double().norm(dim=0)[:, None] > 0, _pushes(W, size), torch.nan),
            ),
        ),
        look="an opposite pair by hand: W = [[1, -1]], size 1. Row 0 of W^T W is [1, -1], so the push is [0.71, -0.71].",
    )


@exercise(
    id="toy.vulnerability",
    title="The damage of the worst push",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        "For each push: add it to every sample, let the model answer, and compare with the samples as they were.",
        "The loss adds up over features and is averaged over samples, as before. Take the largest over the pushes, and "
        "subtract the loss without a push.",
        "def mean_loss(push): return (x - torch.relu((x + push) @ W.T @ W + b_final)).square().sum(dim=1).mean(). Return "
        "max(mean_loss(push) for push in pushes) - mean_loss(0).",
    ),
)
def vulnerability(ask: Ask) -> None:
    "The damage, push by push, against the overlaps of all directions in double precision."
    ask.compare(
        _samples(ask),
        expected=_damage,
        known=(
            Known(
                "target-pushed",
                "You compare with the pushed samples. The right answer is still the sample as it was.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, moved_target=True),
            ),
            Known(
                "not-subtracted",
                "You return the loss under the worst push. Subtract the loss without a push.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, clean=0.0),
            ),
            Known(
                "mean-push",
                "You average over the pushes; the attacker takes the worst.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, pick="mean"),
            ),
            Known(
                "worst-for-each-sample",
                "You choose the worst push for each sample by itself. One push must serve for all samples.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, pick="each"),
            ),
            Known(
                "mildest-push",
                "You take the push that does the least damage.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, pick="min"),
            ),
            Known(
                "bias-missing",
                "Your model answers without b_final.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, torch.zeros_like(b_final)),
            ),
            Known(
                "relu-missing",
                "Your model answers without the ReLU.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final, relu=False),
            ),
            Known(
                "averaged-over-features",
                "You average the squared errors over the features. They are added up; only samples are averaged over.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final) / x.shape[1],
            ),
            Known(
                "summed-over-samples",
                "You add up over the samples; average over them.",
                lambda x, pushes, W, b_final: _damage(x, pushes, W, b_final) * len(x),
            ),
            Known(
                "ratio",
                "You divide the two losses; asked is their difference.",
                lambda x, pushes, W, b_final: (
                    1 + _damage(x, pushes, W, b_final) / _loss(x, torch.zeros(1), W, b_final).mean()
                ),
            ),
            Known(
                "push-subtracted",
                "You subtract the pushes from the samples.",
                lambda x, pushes, W, b_final: _damage(x, -pushes, W, b_final),
            ),
        ),
        look="W = [[1, -1]], b_final = [0, 0], one sample [0, 0] and the single push [0.6, -0.8]: hidden 1.4, output "
        "[1.4, 0], so the damage is 1.96.",
    )


def _directions(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {"W": torch.tensor([[1.0, -1.0]]), "size": 1.0}
    yield {"W": torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0]]), "size": 0.5}
    for k in range(18):
        n_hidden, n_features = sorted(ask.sizes(2))
        W = torch.randn(n_hidden, n_features, generator=ask.generator)
        if k % 3 == 0:
            W[:, ask.random.randrange(n_features)] = 0.0
        yield {"W": W, "size": round(0.2 + 2 * ask.random.random(), 2)}


def _by(W: Tensor, size: float, length) -> Tensor:  # type: ignore[no-untyped-def]
    """Row i: the overlaps of W_i with all columns, scaled so that `length(row)` is `size`."""
    columns = W.double().T.tolist()
    found = []
    for one in columns:
        row = [sum(a * b for a, b in zip(one, other, strict=True)) for other in columns]
        found.append([size * value / length(row) if length(row) else 0.0 for value in row])
    return torch.tensor(found, dtype=torch.float64)


def _pushes(W: Tensor, size: float) -> Tensor:
    return _by(W, size, lambda row: sum(value * value for value in row) ** 0.5)


def _hidden(W: Tensor, size: float) -> Tensor:
    return (size * W / W.norm(dim=0).clamp(min=1e-9)).T


def _samples(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[0.0, 0.0]]),
        "pushes": torch.tensor([[0.6, -0.8]]),
        "W": torch.tensor([[1.0, -1.0]]),
        "b_final": torch.tensor([0.0, 0.0]),
    }
    for _ in range(18):
        n_hidden, n_samples, n_pushes, n_features = ask.sizes(4)
        x = torch.rand(n_samples, n_features, generator=ask.generator)
        case = {
            "x": x * (torch.rand(n_samples, n_features, generator=ask.generator) < 0.5),
            "pushes": torch.randn(n_pushes, n_features, generator=ask.generator),
            "W": torch.randn(n_hidden, n_features, generator=ask.generator),
            "b_final": torch.randn(n_features, generator=ask.generator),
        }
        # Two losses that are nearly equal leave float32 no digits of their difference.
        drawn = (case["x"], case["pushes"], case["W"], case["b_final"])
        if _damage(*drawn).abs() > 0.05 * _damage(*drawn, clean=0.0):
            yield case


def _loss(
    x: Tensor,
    push: Tensor,
    W: Tensor,
    b_final: Tensor,
    moved_target: bool = False,
    relu: bool = True,
) -> Tensor:
    """The loss of each sample, by the overlaps of all directions."""
    x, W, b_final = x.double(), W.double(), b_final.double()
    overlaps = torch.einsum("hi,hj->ij", W, W)
    out = torch.einsum("ij,bj->bi", overlaps, x + push) + b_final
    target = x + push if moved_target else x
    return ((target - (out.clamp(min=0) if relu else out)) ** 2).sum(1)


def _damage(
    x: Tensor,
    pushes: Tensor,
    W: Tensor,
    b_final: Tensor,
    *,
    pick: str = "max",
    clean: float = 1.0,
    **how: bool,
) -> Tensor:
    losses = torch.stack([_loss(x, push.double(), W, b_final, **how) for push in pushes])
    choose = {"max": losses.mean(1).max(), "mean": losses.mean(), "min": losses.mean(1).min()}
    worst = losses.max(dim=0).values.mean() if pick == "each" else choose[pick]
    still = _loss(x, torch.zeros(x.shape[1], dtype=torch.float64), W, b_final, relu=how.get("relu", True))
    return worst - clean * still.mean()
