"""Chapter 1, section 6: the model without a ReLU, and what its loss can gain from another feature."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.toy.five_features import forward_cases


@exercise(
    id="toy.linear",
    title="The same without the ReLU",
    points=1,
    minutes=2,
    difficulty=1,
    core=True,
    hints=(
        "Squeeze and unfold as before. What is left of the ReLU model when nothing is cut off?",
        "x @ W.T squeezes, @ W unfolds. The bias stays.",
        "x @ W.T @ W + b_final",
    ),
)
def linear(ask: Ask) -> None:
    "Values and gradients against a sum written out feature by feature."

    def product(x: Tensor, W: Tensor) -> Tensor:
        return x.double() @ W.double().T @ W.double()

    ask.compare(
        forward_cases(ask),
        expected=_unfolded,
        known=(
            Known(
                "relu-kept",
                "Your output has no negative value: the ReLU is still there.",
                lambda x, W, b_final: torch.relu(product(x, W) + b_final),
            ),
            Known("bias-missing", "Your output ignores b_final.", lambda x, W, b_final: product(x, W)),
            Known(
                "bias-subtracted",
                "Your output subtracts b_final; the formula adds it.",
                lambda x, W, b_final: product(x, W) - b_final,
            ),
            Known(
                "hidden-returned",
                "You return the hidden vector; unfold it with W again.",
                lambda x, W, b_final: x @ W.T,
            ),
            Known(
                "bias-on-input",
                "You add b_final to the input. It belongs to the output.",
                lambda x, W, b_final: product(x + b_final, W),
            ),
            Known(
                "abs-taken",
                "You take the absolute value of the output; a linear model leaves negative values as they are.",
                lambda x, W, b_final: (product(x, W) + b_final).abs(),
            ),
        ),
        gradients=("W", "b_final"),
        look="your own `forward`, and what changes when the ReLU goes.",
    )


def _unfolded(x: Tensor, W: Tensor, b_final: Tensor) -> Tensor:
    """Hidden number h is the row h of W times the sample, added up; each adds its row, that many times, to the bias."""
    x, W = x.double(), W.double()
    hidden = (x[:, None, :] * W).sum(2)
    return b_final.double() + (hidden[:, :, None] * W).sum(1)


@exercise(
    id="toy.linear_loss",
    title="What a feature brings, and what it costs",
    points=3,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "All inner products of columns stand in W.T @ W: the squared lengths on its diagonal, the leaks beside it.",
        "benefit uses only the diagonal. For the interference, set the diagonal to zero (subtract torch.diag of it), "
        "square, weigh column j with the importance of j, and add everything up.",
        "leaks = overlaps - torch.diag(squared); the second answer is (leaks**2 @ importance).sum().",
    ),
)
def linear_loss(ask: Ask) -> None:
    "Both parts and their gradients against the double sum, term by term."

    def pieces(W: Tensor) -> tuple[Tensor, Tensor]:
        overlaps = W.double().T @ W.double()
        return overlaps.diagonal(), overlaps - torch.diag(overlaps.diagonal())

    def known(slug: str, sentence: str, formula) -> Known:  # type: ignore[no-untyped-def]
        return Known(slug, sentence, lambda W, importance: formula(*pieces(W), importance.double()))

    ask.compare(
        _loss_cases(ask),
        expected=_term_by_term,
        known=(
            known(
                "importance-missing",
                "You do not use the importance.",
                lambda d, o, w: (((1 - d) ** 2).sum(), (o**2).sum()),
            ),
            known(
                "interference-unweighted",
                "The interference ignores the importance of the feature that is disturbed.",
                lambda d, o, w: ((w * (1 - d) ** 2).sum(), (o**2).sum()),
            ),
            known(
                "itself-included",
                "Your interference includes each feature's overlap with itself. Only other features disturb.",
                lambda d, o, w: ((w * (1 - d) ** 2).sum(), ((o**2 + torch.diag(d**2)) @ w).sum()),
            ),
            known(
                "length-not-squared",
                "The benefit holds the squared length of W_i; you use the length.",
                lambda d, o, w: ((w * (1 - d.sqrt()) ** 2).sum(), (o**2 @ w).sum()),
            ),
            known(
                "bracket-not-squared",
                "The bracket of the benefit is not squared.",
                lambda d, o, w: ((w * (1 - d)).sum(), (o**2 @ w).sum()),
            ),
            known(
                "overlap-not-squared",
                "The overlaps of the interference are not squared, so leaks of opposite sign cancel.",
                lambda d, o, w: ((w * (1 - d) ** 2).sum(), (o @ w).sum()),
            ),
            known(
                "half-the-pairs",
                "You count each pair once. Each of the two disturbs the other, so both orders count.",
                lambda d, o, w: ((w * (1 - d) ** 2).sum(), (o.tril() ** 2 @ w).sum()),
            ),
            known(
                "half-the-pairs",
                "You count each pair once. Each of the two disturbs the other, so both orders count.",
                lambda d, o, w: ((w * (1 - d) ** 2).sum(), (o.triu() ** 2 @ w).sum()),
            ),
            known(
                "added-up",
                "You return the sum of the two parts; return both, the benefit first.",
                lambda d, o, w: (w * (1 - d) ** 2).sum() + (o**2 @ w).sum(),
            ),
            known(
                "order-swapped",
                "Your two parts are right, in the wrong order: the benefit first.",
                lambda d, o, w: ((o**2 @ w).sum(), (w * (1 - d) ** 2).sum()),
            ),
        ),
        gradients=("W",),
        look="two features in one dimension by hand, W = [[1, -1]] with the importances 1 and 0.5.",
    )


def _loss_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"W": torch.tensor([[1.0, -1.0]]), "importance": torch.tensor([1.0, 0.5])}
    yield {
        "W": torch.tensor([[1.0, 0.0, 0.5], [0.0, 0.5, 0.0]]),
        "importance": torch.tensor([1.0, 0.5, 0.25]),
    }
    for _ in range(15):
        n_hidden, n_features = ask.sizes(2, high=6)
        yield {
            "W": torch.randn(n_hidden, n_features, generator=ask.generator),
            "importance": 0.2 + torch.rand(n_features, generator=ask.generator),
        }


def _term_by_term(W: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """Every pair (i, j): itself on one side, the others on the other, weighed with the one that is disturbed."""
    columns, weights = W.double().T, importance.double()
    inner = (columns[:, None] * columns).sum(-1)
    itself = torch.eye(len(columns), dtype=torch.bool)
    benefit = torch.where(itself, weights * (1 - inner) ** 2, 0.0).sum()
    return benefit, torch.where(itself, 0.0, weights * inner**2).sum()
