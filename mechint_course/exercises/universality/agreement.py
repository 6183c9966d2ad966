"""Chapter 4, section 1: how much two activations agree, and who is whose twin."""

from collections.abc import Callable, Iterator

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="universality.correlation",
    title="How much two features agree",
    points=2,
    minutes=10,
    difficulty=2,
    core=True,
    hints=(
        "Begin with one column of each model. Take its mean over the tokens away, so that it says when the feature "
        "is above its usual level. When do two such columns agree?",
        "With both matrices centred over the tokens (dim=0), centred_left.T @ centred_right holds every sum of "
        "products at once, shape [n_left, n_right]. Each entry then has to be divided by two lengths.",
        "The lengths are centred_left.norm(dim=0) and centred_right.norm(dim=0); their products are "
        "torch.outer(length_left, length_right). Where that is 0, a column never changed: use torch.where, or "
        "nan_to_num on the quotient, to put 0 there.",
    ),
)
def correlation(ask: Ask) -> None:
    "Every pair of columns against the formula written out token by token, in double precision."
    ask.compare(
        _correlation_cases(ask),
        expected=_pair_by_pair,
        known=_correlation_mistakes(),
        look="the two steps apart: centre each column over the tokens, then divide by both lengths. What is 0 / 0?",
        atol=1e-4,
        rtol=1e-3,
    )


def _correlation_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "left": torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]),
        "right": torch.tensor([[2.0], [4.0], [0.0]]),
    }
    for number in range(20):
        n_left, n_right, n_tokens = *ask.sizes(2, low=3, high=9), ask.random.choice((16, 32))
        shared = torch.randn(n_tokens, n_right, generator=ask.generator)
        left = torch.randn(n_tokens, n_left, generator=ask.generator)
        left = left + 2 * shared[:, torch.randint(n_right, (n_left,), generator=ask.generator)]
        right = shared + 0.5 * torch.randn(n_tokens, n_right, generator=ask.generator)
        left, right = left + _spread(ask, n_left), right + _spread(ask, n_right)
        if number % 2:  # as latents are: never negative, mostly zero
            left, right = (left - 1).relu(), (right - 1).relu()
        left, right = left * 10 ** _spread(ask, n_left), right * 10 ** _spread(ask, n_right)
        # A dead latent, and one that is always on. The mean of 16 or 32 twos is exactly 2 however it is computed,
        # so nobody fails by rounding.
        left[:, ask.random.randrange(n_left)] = 0.0 if number % 3 else 2.0
        right[:, ask.random.randrange(n_right)] = 2.0 if number % 3 else 0.0
        yield {"left": left, "right": right}


def _spread(ask: Ask, n: int) -> Tensor:
    """n numbers from -1 to 1."""
    return 2 * torch.rand(n, generator=ask.generator) - 1


def _pair_by_pair(left: Tensor, right: Tensor) -> Tensor:
    """r of each pair from its definition; 0 where one of the two never changes."""
    return torch.tensor([[_r(x, y) for y in right.T.tolist()] for x in left.T.tolist()], dtype=torch.float64)


def _r(x: list[float], y: list[float]) -> float:
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    if max(x) == min(x) or max(y) == min(y):
        return 0.0
    together = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return together / (sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y)) ** 0.5


def _correlation_mistakes() -> tuple[Known, ...]:
    wrong: list[Known] = []

    def add(slug: str, sentence: str, formula: Callable[[Tensor, Tensor], Tensor]) -> None:
        """A mistake, made by a learner who minds constant columns and by one who does not."""
        wrong.append(
            Known(slug, sentence, lambda left, right: formula(left.double(), right.double()).nan_to_num(0.0))
        )
        wrong.append(Known(slug, sentence, lambda left, right: formula(left.double(), right.double())))

    wrong.append(
        Known(
            "constant-column",
            "Right, but for columns that never change: there your result is NaN (0 / 0). A feature that is never on "
            "agrees with nothing: its correlation should be 0, or one dead latent spoils every mean and maximum.",
            lambda left, right: _pearson(left.double(), right.double()),
        )
    )
    wrong.append(
        Known(
            "zero-columns-only",
            "Columns of zeros are safe, but a column that is always on at the same strength never changes either: "
            "its correlation should be 0 and yours is NaN.",
            lambda left, right: _pearson(left.double(), right.double()).where(
                ~((left == 0).all(0)[:, None] | (right == 0).all(0)), 0.0
            ),
        )
    )
    add(
        "not-centred",
        "This is the cosine of two columns: their means were not taken away. Two latents that are both on most of "
        "the time then look alike, whatever they respond to.",
        lambda left, right: (left.T @ right) / torch.outer(left.norm(dim=0), right.norm(dim=0)),
    )
    add(
        "lengths-not-centred",
        "The products are centred, but the lengths you divide by are those of the columns before centring.",
        lambda left, right: (
            (_centred(left).T @ _centred(right)) / torch.outer(left.norm(dim=0), right.norm(dim=0))
        ),
    )
    add(
        "centred-over-features",
        "You take away the mean of each token (dim=1). Each column has to lose its own mean, over the tokens (dim=0).",
        lambda left, right: (
            _unit(left - left.mean(1, keepdim=True)).T @ _unit(right - right.mean(1, keepdim=True))
        ),
    )
    add(
        "centred-as-a-whole",
        "You take away the mean of the whole matrix. Each column has to lose its own mean, over the tokens (dim=0).",
        lambda left, right: _unit(left - left.mean()).T @ _unit(right - right.mean()),
    )
    for correction in (0, 1):
        add(
            "covariance",
            "This is the covariance: it still depends on how strong the activations are. Divide by both spreads.",
            lambda left, right, c=correction: _centred(left).T @ _centred(right) / (len(left) - c),  # type: ignore[misc]
        )
        add(
            "not-averaged",
            "You sum the products of the standardised columns over the tokens, but do not divide by how many there are.",
            lambda left, right, c=correction: _pearson(left, right) * (len(left) - c),  # type: ignore[misc]
        )
    add("covariance", "These are sums of products: they still depend on how strong the activations are. Divide by "
        "both lengths.", lambda left, right: _centred(left).T @ _centred(right))  # fmt: skip
    for factor in (-1, 1):
        add(
            "n-mixed",
            "Your result is off by (n - 1) / n: a mean over n tokens meets a standard deviation over n - 1. "
            "Either is fine, if both are the same (correction=0).",
            lambda left, right, f=factor: _pearson(left, right) * (1 - 1 / len(left)) ** f,  # type: ignore[misc]
        )
    add(
        "not-rooted",
        "You divide by the variances. Divide by their square roots, or the units do not cancel.",
        lambda left, right: (
            (_centred(left).T @ _centred(right) / len(left))
            / torch.outer(left.var(0, correction=0), right.var(0, correction=0))
        ),
    )
    add("absolute", "Your result has lost its sign: a feature that is off when the other is on has a negative correlation.",
        lambda left, right: _pearson(left, right).abs())  # fmt: skip
    add("squared", "This is the square of the correlation.", lambda left, right: _pearson(left, right) ** 2)
    add("cut-at-zero", "Your result has no negative values, but two features can avoid each other.",
        lambda left, right: _pearson(left, right).clamp(min=0))  # fmt: skip
    add("transposed", "Transposed: rows are for the left model's features, columns for the right one's.",
        lambda left, right: _pearson(right, left))  # fmt: skip
    add("whole-matrix", "This holds every column with every column of both models. Keep the block of rows from the left "
        "model and columns from the right one.",
        lambda left, right: _pearson(*(2 * (torch.cat([left, right], 1),))))  # fmt: skip
    add("left-with-left", "This correlates the left model with itself. The columns should be the right model's.",
        lambda left, right: _pearson(left, left))  # fmt: skip
    add("pairs-only", "This holds one number a column: the first with the first, the second with the second. Every "
        "left column is to be compared with every right one.",
        lambda left, right: _pearson(left, right).diagonal())  # fmt: skip
    return tuple(wrong)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(0)


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=0)


def _pearson(left: Tensor, right: Tensor) -> Tensor:
    """Pearson's r with the NaN of constant columns."""
    return _unit(_centred(left)).T @ _unit(_centred(right))


@exercise(
    id="universality.best_match",
    title="Who is whose twin",
    points=1,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "Look at one row of the matrix: it compares one feature of the left model with all of the right one. Where "
        "in the row is its twin?",
        "The largest entry of each row, and where it stands: .max(dim=1) gives both at once. Mind which is which.",
        "best = correlation.max(dim=1); the answer is best.indices first, then best.values.",
    ),
)
def best_match(ask: Ask) -> None:
    "Partner and correlation of every row, found by looking at each entry."
    ask.compare(
        _match_cases(ask),
        expected=_row_by_row,
        known=(
            Known("swapped", "Both are there, in the wrong order: the partner comes first, then the correlation.",
                  lambda correlation: _row_by_row(correlation)[::-1]),
            Known("wrong-direction", "You look down the columns: that finds a twin in the left model for each right "
                  "feature. Each left feature (each row) is to get one.",
                  lambda correlation: _row_by_row(correlation.T)),
            Known("wrong-direction", "You look down the columns, and the order is swapped too: each row is to get its "
                  "partner first, then the correlation.", lambda correlation: _row_by_row(correlation.T)[::-1]),
            Known("absolute", "You look for the largest size, so a strong negative correlation wins. A feature that is "
                  "off whenever the other is on is no twin: take the largest value.", _largest_size),
            Known("absolute", "You look for the largest size, so a strong negative correlation wins. A feature that is "
                  "off whenever the other is on is no twin: take the largest value.",
                  lambda correlation: _row_by_row(correlation.abs())),
            Known("smallest", "This is the smallest entry of each row; the twin has the largest.",
                  lambda correlation: tuple(reversed(correlation.min(dim=1)))),
            Known("flattened", "This is one pair, the best of the whole matrix. Every row is to get its own: say dim=1.",
                  lambda correlation: (correlation.argmax(), correlation.max())),
            Known("partner-only", "You return the partners alone; return the pair (partner, value).",
                  lambda correlation: _row_by_row(correlation)[0]),
            Known("value-only", "You return the correlations alone; return the pair (partner, value).",
                  lambda correlation: _row_by_row(correlation)[1]),
            Known("one-to-one", "You use every right feature at most once. That is another, stricter question: here two "
                  "left features may share a twin.", _hungarian),
            Known("same-number", "You pair features of the same number. Numbers mean nothing across models: twins can "
                  "stand anywhere.", lambda correlation: (torch.arange(len(correlation)), correlation.diagonal())),
        ),
        look="one row by eye: which entry is the largest, and in which column does it stand?",
    )  # fmt: skip


def _match_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    # Two rows share a twin, and the largest size of the first is negative.
    yield {"correlation": torch.tensor([[0.2, -0.9, 0.4], [0.1, 0.3, 0.5]])}
    yield {"correlation": torch.tensor([[-0.5, -0.25], [-0.125, -0.75], [-1.0, 0.0]])}
    for _ in range(20):
        n_left, n_right = sorted(ask.sizes(2, low=2, high=9))
        yield {"correlation": 2 * torch.rand(n_left, n_right, generator=ask.generator) - 1}


def _row_by_row(correlation: Tensor) -> tuple[Tensor, Tensor]:
    partner, value = [], []
    for row in correlation.tolist():
        largest = sorted(range(len(row)), key=lambda j: row[j])[-1]
        partner.append(largest)
        value.append(row[largest])
    return torch.tensor(partner), torch.tensor(value)


def _largest_size(correlation: Tensor) -> tuple[Tensor, Tensor]:
    partner = correlation.abs().argmax(dim=1)
    return partner, correlation[torch.arange(len(correlation)), partner]


def _hungarian(correlation: Tensor) -> tuple[Tensor, Tensor]:
    rows, columns = linear_sum_assignment(correlation.numpy(), maximize=True)
    return torch.from_numpy(columns), correlation[rows, columns]
