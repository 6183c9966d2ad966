"""Chapter 1, section 1: features that are seldom there."""

from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, exercise, prediction

guess_empty = prediction(
    id="toy.guess_empty",
    title="How many samples are empty?",
    options=(0.05, 0.25, 0.77, 0.99),
    core=True,
)

_ROWS, _COLUMNS = 6000, 7
_SIGMAS = 7.0
"""A right answer strays this far about once in 10^11 tries, so no seed fails it; the mistakes stray by 20 and more."""


@exercise(
    id="toy.sparse_batch",
    title="A batch of sparse features",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "Two questions are asked of every number in the batch: is the feature there, and how strong is it? "
        "The two answers must not depend on each other.",
        "Make one generator with torch.Generator().manual_seed(seed). torch.rand(n_samples, n_features, "
        "generator=generator) draws uniform numbers; comparing such a draw with feature_probability gives a mask that "
        "is True with that probability.",
        "present = torch.rand(n_samples, n_features, generator=generator) < feature_probability, then a second draw of "
        "the same shape for the strengths, and the product of the two. Without the second draw the strengths would "
        "all lie below feature_probability.",
    ),
)
def sparse_batch(ask: Ask) -> None:
    "Shape, range, reproducibility, density, uniform strengths, independence between features and between samples."
    _shape_and_range(ask)
    _seeds(ask)
    for p in (round(0.2 + 0.2 * ask.random.random(), 2), 0.8, 0.05):
        seed = ask.random.randrange(10**6)
        inputs = {"n_samples": _ROWS, "n_features": _COLUMNS, "feature_probability": p, "seed": seed}
        x = _draw(ask, _ROWS, _COLUMNS, p, seed)
        _independent_masks(ask, (x != 0).double(), inputs)
        _density(ask, x, p, inputs)
        _strengths(ask, x[x != 0], p, inputs)
    _always_active(ask)


def _draw(ask: Ask, n_samples: int, n_features: int, p: float, seed: int) -> Tensor:
    x = ask(n_samples=n_samples, n_features=n_features, feature_probability=p, seed=seed)
    inputs = {"n_samples": n_samples, "n_features": n_features, "feature_probability": p, "seed": seed}
    if not isinstance(x, Tensor):
        ask.fail(
            "wrong-type", "The batch must be a tensor.", inputs=inputs, look="what your function returns."
        )
    if list(x.shape) != [n_samples, n_features]:
        sentence = f"The batch has the shape {list(x.shape)}, but [n_samples, n_features] is expected."
        ask.fail(
            "wrong-shape",
            sentence,
            inputs=inputs,
            look="the sizes given to the random draws, and their order.",
        )
    x = x.double()
    if not bool(torch.isfinite(x).all()):
        ask.fail(
            "nan", "The batch holds NaN or infinity.", inputs=inputs, look="divisions, and logarithms of 0."
        )
    return x


def _shape_and_range(ask: Ask) -> None:
    for n_samples, n_features, p in ((1, 1, 0.5), (4, 3, 0.5), (200, 6, 0.4)):
        x = _draw(ask, n_samples, n_features, p, seed=n_samples)
        inputs = {
            "n_samples": n_samples,
            "n_features": n_features,
            "feature_probability": p,
            "seed": n_samples,
        }
        if bool((x < 0).any() | (x > 1).any()):
            ask.fail(
                "out-of-range",
                "Some values lie outside 0 to 1: a feature that is there is uniform between 0 and 1.",
                inputs=inputs,
                yours=float(x.min() if bool((x < 0).any()) else x.max()),
                expected="between 0 and 1",
                look="torch.rand draws between 0 and 1, torch.randn does not.",
            )


def _seeds(ask: Ask) -> None:
    seed = ask.random.randrange(10**6)
    inputs = {"n_samples": 50, "n_features": 6, "feature_probability": 0.5, "seed": seed}
    first, again, other = (_draw(ask, 50, 6, 0.5, s) for s in (seed, seed, seed + 1))
    if not torch.equal(first, again):
        ask.fail(
            "not-reproducible",
            "Two calls with the same seed gave different batches, so nobody could repeat your experiment.",
            inputs=inputs,
            look="every random draw needs generator=generator, with a generator seeded by `seed`.",
        )
    if torch.equal(first, other):
        ask.fail(
            "ignores-seed",
            "Different seeds gave the same batch: training would see the same samples at every step.",
            inputs=inputs,
            look="where `seed` enters your function.",
        )


def _density(ask: Ask, x: Tensor, p: float, inputs: dict[str, float]) -> None:
    share = float((x != 0).double().mean())
    if _near(share, p, p * (1 - p), x.numel()):
        return
    found: dict[str, Any] = {
        "inputs": inputs,
        "yours": f"{share:.3f} of the values are not zero",
        "expected": f"about {p}",
    }
    if share == 0:
        ask.fail("all-zero", "Every value is zero: no feature is ever there.", **found, look="the mask.")
    if share > 0.99:
        ask.fail(
            "never-zero",
            "No feature is ever absent: the mask is missing.",
            **found,
            look="feature_probability.",
        )
    if _near(share, 1 - p, p * (1 - p), x.numel()):
        ask.fail(
            "density-inverted",
            "Your features are absent as often as they should be present.",
            **found,
            look="the direction of your comparison: a uniform draw is below p with probability p.",
        )
    if _near(share, p * p, p * p * (1 - p * p), x.numel()):
        ask.fail(
            "density-squared",
            "Your features are masked twice.",
            **found,
            look="how often you apply the mask.",
        )
    ask.fail(
        "wrong-density",
        "Features are not present as often as feature_probability says.",
        **found,
        look="how the mask is made: each number of the batch asks by itself whether the feature is there.",
    )


def _strengths(ask: Ask, values: Tensor, p: float, inputs: dict[str, float]) -> None:
    """The values that are not zero against the uniform distribution (Kolmogorov and Smirnov's largest distance)."""
    ordered = values.sort().values
    ideal = (torch.arange(len(ordered), dtype=torch.float64) + 0.5) / len(ordered)
    if float((ordered - ideal).abs().max()) * len(ordered) ** 0.5 < 3.5:
        return
    low, high, mean = float(ordered[0]), float(ordered[-1]), float(values.mean())
    found: dict[str, Any] = {
        "inputs": inputs,
        "yours": f"from {low:.2f} to {high:.2f}, mean {mean:.2f}",
        "expected": "from 0 to 1, mean 0.5, evenly spread",
    }
    if low == high:
        ask.fail(
            "all-the-same",
            "Every feature that is there has the same strength: the mask is right, the magnitudes are missing.",
            **found,
            look="a second random draw for how strong each feature is.",
        )
    if high <= p + 1e-6 or low >= 1 - p - 1e-6:
        ask.fail(
            "one-draw",
            "One random draw serves as mask and as strength, so the strengths cover only a part of 0 to 1: "
            "the comparison that made the mask has cut the rest off.",
            **found,
            look="a second draw for the strengths (or stretch what is left of the first one to 0..1 again).",
        )
    ask.fail(
        "not-uniform",
        "The strengths of the features that are there are not spread evenly between 0 and 1.",
        **found,
        look="the draw for the strengths: torch.rand, and nothing that bends it afterwards.",
    )


def _independent_masks(ask: Ask, present: Tensor, inputs: dict[str, float]) -> None:
    """Independent features make the number of features in a sample binomial, and treat all features alike.

    Judged at the share that the batch has, whatever it should be: a mask shared by a whole sample or a whole batch
    also spoils the share by chance, and the cause is worth more than the symptom.
    """
    share = float(present.mean())
    variance = share * (1 - share)
    if not variance:
        return
    by_row = float(present.sum(1).var()) / (_COLUMNS * variance)
    by_column = float((present.mean(0) - share).abs().max()) / (variance / _ROWS) ** 0.5
    counts: dict[str, Any] = {
        "inputs": inputs,
        "yours": f"the number of features in a sample has the variance {by_row * _COLUMNS * variance:.2f}",
        "expected": f"about {_COLUMNS * variance:.2f}",
    }
    if by_row > 3:
        ask.fail(
            "same-mask",
            "All features of a sample come and go together: one random number decides for the whole sample.",
            **counts,
            look="the shape of the draw that makes the mask.",
        )
    if by_column > 2 * _SIGMAS:
        ask.fail(
            "same-samples",
            "Some features are there in too many samples and others in too few: one random number decides for a "
            "feature in the whole batch.",
            inputs=inputs,
            look="the shape of the draw that makes the mask.",
        )
    if by_row < 0.6:
        ask.fail(
            "fixed-count",
            "Every sample has nearly the same number of features. Independent features vary: some samples have few, "
            "some have many.",
            **counts,
            look="let each number of the batch decide by itself.",
        )


def _always_active(ask: Ask) -> None:
    """Probability 1 shows the strengths alone: are they drawn for each feature of each sample?"""
    seed = ask.random.randrange(10**6)
    x = _draw(ask, _ROWS, _COLUMNS, 1.0, seed)
    inputs = {"n_samples": _ROWS, "n_features": _COLUMNS, "feature_probability": 1.0, "seed": seed}
    if float((x != 0).double().mean()) < 0.999:
        ask.fail(
            "wrong-density",
            "With probability 1 every feature is there, but some of yours are zero.",
            inputs=inputs,
        )
    columns = torch.corrcoef(x.T).fill_diagonal_(0).abs()
    if not float(columns.max()) < _SIGMAS / _ROWS**0.5:
        ask.fail(
            "same-strength",
            "The strengths of the features in a sample are not independent of each other.",
            inputs=inputs,
            yours=f"correlation {float(columns.max()):.2f} between two features",
            expected="about 0",
            look="the shape of the draw that makes the strengths.",
        )
    if bool((x[0] == x[1]).all()):
        ask.fail(
            "same-samples",
            "Two samples of one batch are identical: their strengths were drawn once for the whole batch.",
            inputs=inputs,
            look="the shape of the draw that makes the strengths.",
        )


def _near(share: float, p: float, variance: float, count: int) -> bool:
    return abs(share - p) <= _SIGMAS * (variance / count) ** 0.5
