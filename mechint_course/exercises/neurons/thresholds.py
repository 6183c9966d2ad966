"""Chapter 2, section 3: from which activation on a neuron says yes."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.neurons.detecting import accuracy
from mechint_course.exercises.neurons.real import held_out, layer


@exercise(
    id="neurons.best_threshold",
    title="Where does it say yes?",
    points=3,
    minutes=9,
    difficulty=2,
    core=True,
    hints=(
        "Only the activations that occur can matter. Try each of them as the threshold and keep the one with the largest F1.",
        "For a threshold t: fires = activation >= t, then hits, yeses and F1 as in the exercise before. "
        "activation.unique() are the thresholds to try.",
        "All at once: sort the activations, strongest first; hits is in_domain in that order, cumsum(0); yeses are 1, 2, 3, "
        "...; F1 is 2 * hits / (yeses + in_domain.sum()), and the answer is the sorted activation at its argmax.",
    ),
)
def best_threshold(ask: Ask) -> None:
    "The best threshold against trying every one, where one is clearly the best; on real activations too."
    ask.compare(
        _threshold_cases(ask),
        expected=_tried,
        known=_THRESHOLD_MISTAKES,
        look="five tokens on paper, the strongest first: hits, yeses and F1 after each.",
    )


def _threshold_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "activation": torch.tensor([0.0, 3.0, 1.0, 2.0, 0.5]),
        "in_domain": torch.tensor([False, True, False, True, False]),
    }
    found = 0
    while found < 6:
        n_tokens = ask.random.randint(9, 20)
        in_domain = torch.rand(n_tokens, generator=ask.generator) < 0.4
        values = torch.randn(n_tokens, generator=ask.generator) + 0.8 * in_domain
        activation = (values * 10).round().relu() / 10  # equal values occur, and must fall on one side
        if _clear(activation, in_domain):
            found += 1
            yield {"activation": activation, "in_domain": in_domain}
    text, found = held_out(), 0
    while found < 2:
        rows = torch.randperm(len(text.tokens), generator=ask.generator)[:9]
        activation = layer()[rows, :20, ask.random.randrange(layer().shape[2])].flatten()
        in_domain = (text.domain[rows] == text.domain[rows[0]]).repeat_interleave(20)
        if _clear(activation, in_domain):
            found += 1
            yield {"activation": activation, "in_domain": in_domain}


def _table(activation: Tensor, in_domain: Tensor) -> dict[float, tuple[float, float, float]]:
    """Threshold -> precision, recall, F1 of "at least"; all thresholds against all tokens."""
    thresholds = activation.unique()
    yes = activation >= thresholds[:, None]
    hits, yeses, tokens = (yes & in_domain).sum(1).double(), yes.sum(1), max(1, int(in_domain.sum()))
    found = zip(
        (hits / yeses).tolist(), (hits / tokens).tolist(), (2 * hits / (yeses + tokens)).tolist(), strict=True
    )
    return dict(zip(thresholds.tolist(), found, strict=True))


def _clear(activation: Tensor, in_domain: Tensor) -> bool:
    """Whether one threshold is the best by more than rounding, and is neither the lowest nor the highest."""
    table = _table(activation, in_domain)
    order = sorted(table, key=lambda t: table[t][2])
    return (
        len(order) > 3
        and table[order[-1]][2] > table[order[-2]][2] + 1e-4
        and min(table) < order[-1] < max(table)
        and bool(in_domain.any())
    )


def _tried(activation: Tensor, in_domain: Tensor) -> float:
    table = _table(activation, in_domain)
    return max(table, key=lambda t: table[t][2])


def _largest(score: Callable[[tuple[float, float, float]], float]) -> Callable[..., float]:
    """The threshold with the largest score of another kind; of equal ones the lowest, or the highest."""

    def find(activation: Tensor, in_domain: Tensor) -> float:
        table = _table(activation, in_domain)
        return max(table, key=lambda t: score(table[t]))

    return find


def _most_precise(activation: Tensor, in_domain: Tensor) -> float:
    table = _table(activation, in_domain)
    return max(table, key=lambda t: (table[t][0], t))


def _most_accurate(activation: Tensor, in_domain: Tensor) -> float:
    found = {t: accuracy(activation >= t, in_domain) for t in activation.unique().tolist()}
    return max(found, key=lambda t: found[t])


def _neighbour(step: int) -> Callable[..., float]:
    def find(activation: Tensor, in_domain: Tensor) -> float:
        values = activation.unique().tolist()
        return values[values.index(_tried(activation, in_domain)) + step]

    return find


def _split_ties(activation: Tensor, in_domain: Tensor) -> float:
    """Sorted with cumulative sums, one token at a time: equal activations are torn apart."""
    ordered, order = activation.sort(descending=True)
    hits = in_domain[order].cumsum(0)
    return float(ordered[(2 * hits / (torch.arange(1, len(ordered) + 1) + in_domain.sum())).argmax()])


_THRESHOLD_MISTAKES = (
    Known(
        "score-returned",
        "You return the best F1; the threshold that reaches it is asked for.",
        lambda activation, in_domain: _table(activation, in_domain)[_tried(activation, in_domain)][2],
    ),
    Known(
        "index-returned",
        "You return a place in a list; the activation that stands there is asked for.",
        lambda activation, in_domain: activation.unique().tolist().index(_tried(activation, in_domain)),
    ),
    Known(
        "index-returned",
        "You return a place in a list; the activation that stands there is asked for.",
        lambda activation, in_domain: int((activation == _tried(activation, in_domain)).nonzero()[0, 0]),
    ),
    Known(
        "strictly-above",
        "Your threshold is one value too low: the detector says yes where the activation is at least the threshold, "
        "not only above it.",
        _neighbour(-1),
    ),
    Known(
        "between-two-values",
        "Your threshold lies between two activations; give the lower end of those that get a yes.",
        lambda activation, in_domain: (
            (_tried(activation, in_domain) + _neighbour(-1)(activation, in_domain)) / 2
        ),
    ),
    Known(
        "most-precise",
        "You take the threshold with the highest precision, at which nearly all of the domain is missed. F1 decides.",
        _most_precise,
    ),
    Known(
        "most-precise",
        "You take the threshold with the highest precision, at which nearly all of the domain is missed. F1 decides.",
        _largest(lambda scores: scores[0]),
    ),
    Known(
        "most-recall",
        "You take the threshold with the highest recall, at which it says yes to everything. F1 decides.",
        _largest(lambda scores: scores[1]),
    ),
    Known(
        "most-accurate",
        "You take the threshold with the highest accuracy; F1 decides.",
        _most_accurate,
    ),
    Known(
        "arithmetic-mean",
        "You take the threshold with the largest plain mean of precision and recall; F1 is their harmonic mean.",
        _largest(lambda scores: scores[0] + scores[1]),
    ),
    Known(
        "equals-torn",
        "Tokens with the same activation get a yes together or not at all; your counts tear them apart.",
        _split_ties,
    ),
    Known(
        "weakest-of-the-domain",
        "You return the weakest activation in the domain.",
        lambda activation, in_domain: activation[in_domain].min(),
    ),
    Known(
        "strongest-outside",
        "You return the strongest activation outside the domain.",
        lambda activation, in_domain: activation[~in_domain].max(),
    ),
    Known(
        "mean",
        "You return the mean of the activations in the domain; try the thresholds out.",
        lambda activation, in_domain: activation[in_domain].mean(),
    ),
    Known(
        "worst",
        "You take the threshold with the smallest F1.",
        _largest(lambda scores: -scores[2]),
    ),
)
