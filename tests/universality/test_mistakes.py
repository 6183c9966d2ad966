"""Every known mistake is a mistake, and no two of them with different names are the same one."""

import itertools

import pytest
import torch

from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.ask import Ask
from mechint_course.exercises.compare import Tolerance, difference, same
from mechint_course.exercises.judge import judge
from mechint_course.exercises.universality import agreement, two_models
from mechint_course.exercises.values import normal

WITHIN = Tolerance(1e-4, 1e-3)


def collected(exercise, seed):
    """The cases, the independent formula and the known mistakes that an exercise's check works with."""
    found = {}

    class Listening(Ask):
        def compare(self, cases, expected, known=(), **_):
            found.update(cases=list(cases), expected=expected, known=known)

    exercise.check(Listening(LocalAnswer(None), seed=seed))
    return found["cases"], found["expected"], found["known"]


@pytest.mark.parametrize(
    "exercise", [agreement.correlation, agreement.best_match, two_models.median_match], ids=lambda e: e.name
)
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


@pytest.mark.parametrize("guess", ["features agree more", "neurons agree more", "about the same"])
def test_every_prediction_earns_its_point(guess):
    verdict = judge("universality.guess_agreement", guess)
    assert verdict.passed and verdict.points == 1


@pytest.mark.parametrize(("guess", "slug"), [(None, "not-written"), ("features", "not-an-option")])
def test_no_prediction_earns_none(guess, slug):
    verdict = judge("universality.guess_agreement", guess)
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
