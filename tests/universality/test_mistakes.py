"""Every known mistake is a mistake, and no two of them with different names are the same one."""

import contextlib
import itertools

import pytest
import torch

from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.ask import Ask
from mechint_course.exercises.compare import Tolerance, difference, same
from mechint_course.exercises.judge import judge
from mechint_course.exercises.mistakes import Mistake
from mechint_course.exercises.model import Exercise
from mechint_course.exercises.universality import (
    agreement,
    by_token,
    exclusives,
    from_sums,
    luck,
    moments,
    reading,
    real,
    saying,
    two_models,
    whole_space,
    widths,
)
from mechint_course.exercises.values import normal

WITHIN = Tolerance(1e-4, 1e-3)


def collected(exercise, seed):
    """The cases, the independent formula and the known mistakes that an exercise's check works with."""
    found = {}

    class Listening(Ask):
        def compare(self, cases, expected, known=(), **_):
            found.update(cases=list(cases), expected=expected, known=known)

    with contextlib.suppress(Mistake):  # some checks go on asking, and there is no answer
        exercise.check(Listening(LocalAnswer(None), seed=seed))
    return found["cases"], found["expected"], found["known"]


OWN = [
    exercise
    for module in (
        agreement, by_token, exclusives, from_sums, luck, moments, reading, saying, two_models, whole_space, widths,
    )
    for exercise in vars(module).values()
    if isinstance(exercise, Exercise)
]  # fmt: skip
CODING = [exercise for exercise in OWN if exercise.kind == "function"]
PREDICTIONS = [exercise for exercise in OWN if exercise.kind == "prediction"]


@pytest.mark.parametrize("exercise", CODING, ids=lambda e: e.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_known_mistakes_are_wrong_and_told_apart(exercise, seed):
    cases, expected, known = collected(exercise, seed)
    right = [normal(expected(**case)) for case in cases]
    outputs = {}
    for number, mistake in enumerate(known):
        given = []
        for case in cases:
            try:
                given.append(normal(mistake.formula(**case)))
            except (IndexError, RuntimeError, ValueError):
                given.append("cannot be computed here")
        assert not all(map(lambda pair: same(*pair, WITHIN), zip(given, right, strict=True))), mistake.slug
        outputs[number] = mistake.slug, given
    for (slug, one), (other, two) in itertools.combinations(outputs.values(), 2):
        if slug != other:
            equal = all(difference(a, b, WITHIN) is None for a, b in zip(one, two, strict=True))
            assert not equal, f"{slug} and {other} are the same mistake"


@pytest.mark.parametrize("exercise", PREDICTIONS, ids=lambda e: e.name)
def test_every_prediction_earns_its_point_and_nothing_else_does(exercise):
    assert len(exercise.options) == 3
    for guess in exercise.options:
        verdict = judge(exercise.id, guess)
        assert verdict.passed and verdict.points == 1
    for guess, slug in ((None, "not-written"), ("features", "not-an-option")):
        verdict = judge(exercise.id, guess)
        assert not verdict.passed and verdict.points == 0 and verdict.mistake == slug


def test_the_mistake_is_told_with_the_case_worked_out_by_hand():
    verdict = judge("universality.correlation", lambda left, right: left.T @ right)
    assert not verdict.passed
    verdict = judge("universality.best_match", lambda correlation: correlation.max(dim=1))
    assert verdict.mistake == "swapped" and "[2, 2]" in verdict.message


def test_columns_that_never_change_are_in_every_kind_of_case():
    for seed in range(5):
        cases, expected, _ = collected(agreement.correlation, seed)
        constant = [
            (case[side].amax(0) == case[side].amin(0)) for case in cases[1:] for side in ("left", "right")
        ]
        assert all(found.any() for found in constant)
        assert all(torch.isfinite(expected(**case)).all() for case in cases)


def test_sums_that_rounding_spoils_are_the_hard_part_of_from_moments():
    """A float32 library function on the rounded sums is wrong, and exact fractions are right."""
    for state in from_sums._rounded(Ask(LocalAnswer(None))):
        right = from_sums._exactly(state)
        assert (right[:2] == 0).all() and (right[:, :2] == 0).all() and (right[2:, 2:] != 0).all()
    for state in from_sums._rare(Ask(LocalAnswer(None))):
        right = from_sums._exactly(state)
        assert right[0, 1] > 0.999 and right[1, 0] > 0.999 and right[0, 0].abs() < 1e-6


def test_real_activations_are_those_of_both_models():
    """The material of five checks: latents of A and B on the same places, and neither is the other."""
    a, b = (real.latents_read(name) for name in "AB")
    assert a.shape == b.shape == (real.tokens_read().numel(), 4096)
    assert 4 < float((a > 0).sum(1).float().mean()) <= 8 and not torch.equal(a, b)
    spent, fired = real.spent_by_domain("B")
    assert torch.allclose(spent.sum(1), b.sum(0), rtol=1e-4) and torch.equal(fired, (b > 0).sum(0))
