"""Chapter 3, section 11: places from a unit's whole range."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import layer
from mechint_course.exercises.values import Value

guess_rating = prediction(
    id="sae.guess_rating",
    title="Prediction: your own ratings",
    options=("latents far higher", "latents somewhat higher", "no difference", "neurons higher"),
    core=False,
)


@exercise(
    id="sae.interval_of",
    title="From weak to strong, in equal steps",
    points=2,
    minutes=8,
    difficulty=1,
    core=False,
    hints=(
        "The largest activation, divided by n, is the width of an interval. Which interval is a value in?",
        "values / values.max() * n lies between 0 and n; its whole part is the interval, but for the maximum itself.",
        "number = (values / values.max() * n).long().clamp_max(n - 1); the answer is torch.where(values > 0, number, -1).",
    ),
)
def interval_of(ask: Ask) -> None:
    "The interval of each value by comparing it with every edge; on real neurons too."
    ask.compare(
        _interval_cases(ask),
        expected=_by_edges,
        known=_INTERVAL_MISTAKES,
        look="values 0, 1, 3 and 4 with n = 4: the maximum 4 belongs to the last interval, 3.",
    )


def _interval_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"values": torch.tensor([0.0, 0.5, 4.0, 3.5, 1.5]), "n": 4}
    for number in range(7):
        n, size = sorted(ask.sizes(2, low=3, high=25))
        values = torch.rand(size, generator=ask.generator) ** 2 * 7
        values[torch.rand(size, generator=ask.generator) < 0.4] = 0
        values[number % size] = 8.0
        yield _off_edges(values, min(n, 12))
    x = layer()
    for _ in range(2):
        neuron = int(torch.randint(x.shape[2], (1,), generator=ask.generator))
        values = x[:6, :50, neuron].flatten().clone()
        values[0] = x[:, :, neuron].max() + 0.1
        yield _off_edges(values, 11)


def _off_edges(values: Tensor, n: int) -> dict[str, Value]:
    """Nothing lies so near to an edge that rounding decides, but for the maximum."""
    place = values / values.max() * n
    near = ((place - place.round()).abs() < 1e-3) & (place > 1e-6) & (values < values.max())
    values = torch.where(near, values + 0.3 * values.max() / n, values)
    return {"values": values, "n": n}


def _by_edges(values: Tensor, n: int) -> Tensor:
    top = max(values.tolist())
    return torch.tensor(
        [-1 if v <= 0 else min(n - 1, sum(v >= top * i / n for i in range(1, n))) for v in values.tolist()]
    )


def _whole(values: Tensor, n: int) -> Tensor:
    return (values / values.max() * n).long()


_INTERVAL_MISTAKES = (
    Known(
        "maximum-beyond",
        "The largest value gets an interval of its own, number n; it belongs to the last one, n - 1.",
        lambda values, n: torch.where(values > 0, _whole(values, n), -1),
    ),
    Known(
        "off-not-minus-one",
        "Places where the unit is off are in no interval: give them -1.",
        lambda values, n: _whole(values, n).clamp_max(n - 1),
    ),
    Known(
        "counted-from-one",
        "You count intervals from 1; count from 0.",
        lambda values, n: torch.where(values > 0, _whole(values, n).clamp_max(n - 1) + 1, -1),
    ),
    Known(
        "quantiles",
        "Your intervals hold equally many places; intervals of equal width are asked for.",
        lambda values, n: torch.where(
            values > 0, (values.argsort().argsort() * n // len(values)).clamp_max(n - 1), -1
        ),
    ),
    Known(
        "from-the-minimum",
        "Your intervals begin at the smallest value above 0; they begin at 0.",
        lambda values, n: torch.where(
            values > 0,
            ((values - (low := values[values > 0].min())) / (values.max() - low) * n).long().clamp_max(n - 1),
            -1,
        ),
    ),
    Known(
        "rounded",
        "You round to the nearest edge; take the interval that a value lies in, the whole part.",
        lambda values, n: torch.where(
            values > 0, (values / values.max() * n).round().long().clamp_max(n - 1), -1
        ),
    ),
    Known(
        "one-too-few",
        "You divide the range into n - 1 steps; n are asked for.",
        lambda values, n: torch.where(values > 0, (values / values.max() * (n - 1)).long(), -1),
    ),
    Known(
        "strongest-first",
        "You number the intervals from strong to weak; 0 is the weakest.",
        lambda values, n: torch.where(values > 0, n - 1 - _whole(values, n).clamp_max(n - 1), -1),
    ),
    Known(
        "not-divided-by-maximum",
        "You do not divide by the largest value, so the intervals have width 1 / n whatever the unit's range is.",
        lambda values, n: torch.where(values > 0, (values * n).long().clamp_max(n - 1), -1),
    ),
)
