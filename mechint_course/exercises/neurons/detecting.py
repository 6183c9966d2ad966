"""Chapter 2, section 3: a neuron as a detector of a domain."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.values import Value


@exercise(
    id="neurons.f1",
    title="Right, and not too rarely",
    points=2,
    minutes=5,
    difficulty=1,
    core=True,
    hints=(
        "Three counts are enough: the yeses, the tokens of the domain, and the hits, which are both.",
        "hits = (fires & in_domain).sum(). Precision divides them by the yeses, recall by the tokens of the domain. "
        "What if one of these is 0?",
        "F1 is 2 * hits / (yeses + tokens of the domain). Divide by max(1, ...) each time and 0/0 becomes 0.",
    ),
)
def f1(ask: Ask) -> None:
    "Precision, recall and F1 against counting token by token, with detectors that never say yes."
    ask.compare(
        _yes_cases(ask),
        expected=counted,
        known=_F1_MISTAKES,
        look="by hand: four yeses, three of them right, of six tokens in the domain.",
    )


def _yes_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "fires": torch.tensor([1, 1, 1, 1, 0, 0, 0, 0], dtype=torch.bool),
        "in_domain": torch.tensor([1, 1, 1, 0, 1, 1, 1, 0], dtype=torch.bool),
    }
    one, two = torch.tensor([True, False, False]), torch.tensor([True, True, False])
    yield {"fires": one, "in_domain": two}  # a single yes, and it is right
    yield {"fires": two, "in_domain": one}
    for number in range(10):
        n_tokens = ask.random.randint(5, 30)
        fires = torch.rand(n_tokens, generator=ask.generator) < 0.4
        in_domain = torch.rand(n_tokens, generator=ask.generator) < 0.3
        fires[0] = in_domain[0] = fires[1] = in_domain[2] = in_domain[3] = True
        if number == 1:
            fires[:] = False
        if number == 2:
            in_domain[:] = False
        yield {"fires": fires, "in_domain": in_domain}


def counted(fires: Tensor, in_domain: Tensor) -> tuple[float, float, float]:
    """Token by token; F1 as the harmonic mean."""
    pairs = list(zip(fires.tolist(), in_domain.tolist(), strict=True))
    hits = sum(yes and truth for yes, truth in pairs)
    p = hits / sum(yes for yes, _ in pairs) if any(yes for yes, _ in pairs) else 0.0
    r = hits / sum(truth for _, truth in pairs) if any(truth for _, truth in pairs) else 0.0
    return p, r, 2 / (1 / p + 1 / r) if hits else 0.0


def _of(formula: Callable[[float, float, float], Value]) -> Callable[..., Value]:
    """A wrong formula on precision, recall and F1."""
    return lambda fires, in_domain: formula(*counted(fires, in_domain))


def accuracy(fires: Tensor, in_domain: Tensor) -> float:
    return float((fires == in_domain).float().mean())


def _undivided(fires: Tensor, in_domain: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    hits, yeses, truths = (fires & in_domain).sum(), fires.sum(), in_domain.sum()
    p, r = hits / yeses, hits / truths
    return p, r, 2 * p * r / (p + r)


def _safe_but_f1(fires: Tensor, in_domain: Tensor) -> tuple[float, float, float]:
    p, r, _ = counted(fires, in_domain)
    return p, r, 2 * p * r / (p + r) if p + r else float("nan")


def _f1_by_counts(fires: Tensor, in_domain: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    hits, yeses, truths = (fires & in_domain).sum(), fires.sum(), in_domain.sum()
    return hits / yeses, hits / truths, 2 * hits / (yeses + truths)


_F1_MISTAKES = (
    *(
        Known(
            "undefined-is-nan",
            "A detector that never says yes, or a domain without a token, gives 0/0 in your result; count it as 0.",
            formula,
        )
        for formula in (_undivided, _safe_but_f1, _f1_by_counts)
    ),
    Known(
        "swapped",
        "Your precision is the recall and your recall the precision.",
        _of(lambda p, r, f: (r, p, f)),
    ),
    Known(
        "f1-only",
        "You return F1 alone; three numbers are asked for: precision, recall and F1.",
        _of(lambda p, r, f: f),
    ),
    Known(
        "arithmetic-mean",
        "Your F1 is the plain mean of the two. The harmonic mean is asked for: it is low as soon as one of them is.",
        _of(lambda p, r, f: (p, r, (p + r) / 2)),
    ),
    Known(
        "product",
        "Your F1 is the product of the two; it is their harmonic mean.",
        _of(lambda p, r, f: (p, r, p * r)),
    ),
    Known(
        "not-doubled",
        "Your F1 is half of what it should be: it is 2 times the product over the sum.",
        _of(lambda p, r, f: (p, r, f / 2)),
    ),
    Known(
        "geometric-mean",
        "Your F1 is the geometric mean of the two; the harmonic one is asked for.",
        _of(lambda p, r, f: (p, r, (p * r) ** 0.5)),
    ),
    Known(
        "minimum",
        "Your F1 is the smaller of the two; their harmonic mean is asked for.",
        _of(lambda p, r, f: (p, r, min(p, r))),
    ),
    Known(
        "union",
        "Your F1 divides the hits by the tokens with a yes or in the domain; that is another score (Jaccard's).",
        _of(lambda p, r, f: (p, r, f / (2 - f))),
    ),
    Known(
        "accuracy",
        "Your first number is the accuracy, which also counts all the tokens rightly left alone, nearly all of a text.",
        lambda fires, in_domain: (accuracy(fires, in_domain), *counted(fires, in_domain)[1:]),
    ),
    Known(
        "accuracy",
        "Your last number is the accuracy, which also counts all the tokens rightly left alone, nearly all of a text.",
        lambda fires, in_domain: (*counted(fires, in_domain)[:2], accuracy(fires, in_domain)),
    ),
    Known(
        "in-percent",
        "Your scores are 100 times too large: return shares.",
        _of(lambda p, r, f: (100 * p, 100 * r, 100 * f)),
    ),
)
