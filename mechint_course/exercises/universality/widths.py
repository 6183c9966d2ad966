"""Chapter 4, sections 8 and 9: features that are found in dictionaries of every width, and the price of agreement."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.values import Value

guess_width = prediction(
    id="universality.guess_width",
    title="Prediction: whatever the width",
    options=("under 5 %", "5 to 25 %", "over 25 %"),
    core=False,
)

guess_curve = prediction(
    id="universality.guess_curve",
    title="Prediction: more latents on, more agreement?",
    options=("agreement rises with L0", "agreement falls with L0", "no difference"),
    core=False,
)


@exercise(
    id="universality.whatever_the_width",
    title="Found whatever the width",
    points=2,
    minutes=6,
    difficulty=1,
    core=False,
    hints=(
        "For one matrix: which features (rows) have some entry above the threshold? A feature counts if that is so in every "
        "matrix.",
        "(matrix > threshold).any(dim=1) is the answer for one matrix. The matrices have as many rows each, and different "
        "numbers of columns, so go through them one after the other.",
        "found = torch.ones(len(correlations[0]), dtype=torch.bool); for matrix in correlations: found &= "
        "matrix.max(dim=1).values > threshold; return found.",
    ),
)
def whatever_the_width(ask: Ask) -> None:
    "Yes or no for each feature, against a look at every entry."
    ask.compare(
        _cases(ask),
        expected=_entry_by_entry,
        known=_MISTAKES,
        look="one feature: its largest entry in each matrix, and whether all of these are above the threshold.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "correlations": [torch.tensor([[0.75, 0.1], [0.25, 0.5], [0.5, 0.1]]), torch.tensor([[0.6], [0.7], [0.5]])],
        "threshold": 0.5,
    }  # fmt: skip
    for _ in range(14):
        n, *widths = ask.sizes(ask.random.choice((3, 4)), low=3, high=9)
        n += 6
        threshold = ask.random.choice((0.25, 0.5, 0.75))
        matrices = []
        for width in widths:
            matrix = (2 * torch.rand(n, width, generator=ask.generator) - 1) * threshold * 0.9
            hit = torch.rand(n, generator=ask.generator) < 0.65
            # Found everywhere; found nowhere; strongly negative everywhere; no more than the threshold.
            hit[0], hit[1], hit[2], hit[3] = True, False, False, False
            place = torch.randint(width, (n,), generator=ask.generator)
            strength = threshold + 0.02 + 0.2 * torch.rand(n, generator=ask.generator)
            matrix[torch.arange(n)[hit], place[hit]] = strength[hit]
            matrix[2, place[2]], matrix[3, place[3]] = -threshold - 0.1, threshold
            matrices.append(matrix)
        order = torch.randperm(n, generator=ask.generator)
        yield {"correlations": [matrix[order] for matrix in matrices], "threshold": threshold}


def _entry_by_entry(correlations: list[Tensor], threshold: float) -> Tensor:
    return torch.tensor(
        [
            all(any(r > threshold for r in matrix[i].tolist()) for matrix in correlations)
            for i in range(len(correlations[0]))
        ]
    )


def _best(correlations: list[Tensor]) -> Tensor:
    """[n_matrices, n]"""
    return torch.stack([matrix.amax(1) for matrix in correlations])


_MISTAKES = (
    Known("any-width", "One dictionary is enough for you. A feature counts if every one of them has a twin for it: all, not any.",
          lambda correlations, threshold: (_best(correlations) > threshold).any(0)),
    Known("mean-of-widths", "You average over the dictionaries, so one very good match makes up for a missing one. Each has to pass.",
          lambda correlations, threshold: _best(correlations).mean(0) > threshold),
    Known("at-least", "Above means above: a match that equals the threshold does not count (>, not >=).",
          lambda correlations, threshold: (_best(correlations) >= threshold).all(0)),
    Known("absolute", "You look at sizes, so a strong negative correlation counts. It makes no twin.",
          lambda correlations, threshold: torch.stack([m.abs().amax(1) for m in correlations]).gt(threshold).all(0)),
    Known("every-entry", "You ask that every entry of the row is above the threshold. One twin in each dictionary is enough.",
          lambda correlations, threshold: torch.stack([m.amin(1) for m in correlations]).gt(threshold).all(0)),
    Known("last-width-only", "You look at the last dictionary alone.",
          lambda correlations, threshold: correlations[-1].amax(1) > threshold),
    Known("first-width-only", "You look at the first dictionary alone.",
          lambda correlations, threshold: correlations[0].amax(1) > threshold),
    Known("turned-round", "These are the features that are *not* found everywhere.",
          lambda correlations, threshold: ~(_best(correlations) > threshold).all(0)),
    Known("found-nowhere", "These are the features that no dictionary has a twin for.",
          lambda correlations, threshold: ~(_best(correlations) > threshold).any(0)),
    Known("counted", "You return in how many dictionaries each feature is found. True or False is asked for.",
          lambda correlations, threshold: (_best(correlations) > threshold).sum(0)),
    Known("one-number", "You return how many features there are. True or False for each is asked for.",
          lambda correlations, threshold: (_best(correlations) > threshold).all(0).sum()),
    Known("columns", "You look down the columns: those are the other model's features. Each row is a feature.",
          lambda correlations, threshold: correlations[0].amax(0) > threshold),
)  # fmt: skip
