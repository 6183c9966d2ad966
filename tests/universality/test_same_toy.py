"""Section 1: the same toy trained twice. What the prose says about rotations is so, and the checks tell mistakes apart."""

import itertools

import pytest
import torch

from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.ask import Ask
from mechint_course.exercises.compare import Tolerance, difference, same
from mechint_course.exercises.mistakes import Mistake
from mechint_course.exercises.universality import same_toy
from mechint_course.exercises.values import normal
from mechint_course.toy import AnticorrelatedSets, ToyModel, feature_batch, stream, train

WITHIN = Tolerance(1e-3, 1e-3)


def collected(exercise, seed):
    """The cases, the independent formula and the known mistakes that a check works with."""
    found = {}

    class Listening(Ask):
        def compare(self, cases, expected, known=(), **_):
            found.update(cases=list(cases), expected=expected, known=known)

    exercise.check(Listening(LocalAnswer(None), seed=seed))
    return found["cases"], found["expected"], found["known"]


@pytest.mark.parametrize("exercise", [same_toy.cosines, same_toy.rotation], ids=lambda e: e.name)
def test_known_mistakes_are_wrong_and_told_apart(exercise):
    cases, expected, known = collected(exercise, seed=0)
    right = [normal(expected(**case)) for case in cases]
    given = {}
    for number, mistake in enumerate(known):
        outputs = []
        for case in cases:
            try:
                outputs.append(normal(mistake.formula(**case)))
            except (IndexError, RuntimeError, ValueError):
                outputs.append("cannot be computed here")
        assert not all(same(*pair, WITHIN) for pair in zip(outputs, right, strict=True)), mistake.slug
        given[number] = mistake.slug, outputs
    for (slug, one), (other, two) in itertools.combinations(given.values(), 2):
        if slug != other:
            equal = all(difference(a, b, WITHIN) is None for a, b in zip(one, two, strict=True))
            assert not equal, f"{slug} and {other} are the same mistake"


def told(exercise, answer) -> str:
    with pytest.raises(Mistake) as raised:
        exercise.check(Ask(LocalAnswer(answer)))
    return raised.value.message


def test_messages_hold_the_case_worked_out_by_hand():
    assert "-20" in told(same_toy.cosines, lambda left, right: left.T @ right)
    assert "opposite" in told(
        same_toy.cosines,
        lambda left, right: torch.nn.functional.cosine_similarity(
            left.T[:, None], right.T[None], dim=-1
        ).abs(),
    )
    assert "mirror" in told(same_toy.rotation, same_toy._turns_only)


@pytest.mark.parametrize("seed", range(5))
def test_the_iteration_agrees_with_scipy_and_nothing_random_is_closer(seed):
    linalg = pytest.importorskip("scipy.linalg")
    cases, nearest, _ = collected(same_toy.rotation, seed)
    mirrored = [float(torch.linalg.det(nearest(**case))) < 0 for case in cases]
    assert 5 <= sum(mirrored) <= len(cases) - 5, "both kinds of R are needed to tell turns from mirrors"
    for case in cases:
        left, right = case["left"].double(), case["right"].double()
        turn = nearest(left, right)
        theirs = linalg.orthogonal_procrustes(left.T.numpy(), right.T.numpy())[0].T
        assert torch.allclose(turn, torch.from_numpy(theirs.copy()), atol=1e-8)
        random = torch.linalg.qr(
            torch.randn(50, *turn.shape, generator=torch.Generator().manual_seed(seed)).double()
        ).Q
        assert ((turn @ left - right).norm() <= (random @ left - right).flatten(1).norm(dim=1) + 1e-9).all()


def pairs_of_models(n_features, n_hidden, density, sampler):
    """For five pairs of models: the share of true twins by directions, by outputs, and turned, left out of the fit."""
    toys = ToyModel(n_features, n_hidden, n_instances=6, feature_probability=density, seed=0)
    train(toys, steps=1000, batch_size=512, sampler=sampler, seed=0, progress=False)
    x = sampler(torch.full((1, n_features), density), 4000, generator=stream(0, "reading"))
    W, out = toys.W.detach(), toys(x.expand(6, -1, -1)).detach()
    own = torch.arange(n_features)
    shares = []
    for other in range(1, 6):
        r = torch.corrcoef(torch.cat([out[0], out[other]], dim=1).T)[:n_features, n_features:].nan_to_num(0)
        alone = torch.stack([
            same_toy._nearest(W[0][:, own != i], W[other][:, own != i]).float() @ W[0][:, i] for i in range(n_features)
        ], dim=1)  # fmt: skip
        scores = (same_toy._pair_by_pair(W[0], W[other]), r, same_toy._pair_by_pair(alone, W[other]))
        shares.append([float((score.argmax(1) == own).float().mean()) for score in scores])
    return torch.tensor(shares).T


def test_opposites_are_the_same_up_to_a_rotation():
    directions, outputs, left_out = pairs_of_models(12, 6, 0.8, AnticorrelatedSets(2))
    assert directions.mean() < 0.25
    assert outputs.min() == 1
    assert left_out.min() == 1


@pytest.mark.parametrize(("n_features", "n_hidden", "at_most"), [(12, 6, 0.4), (5, 2, 0.8)])
def test_rare_independent_features_are_not(n_features, n_hidden, at_most):
    directions, outputs, left_out = pairs_of_models(n_features, n_hidden, 0.05, feature_batch)
    assert directions.mean() < 0.5
    assert outputs.min() == 1
    assert left_out.mean() < at_most


@pytest.mark.parametrize("guess", same_toy.guess_toy.options)
def test_every_prediction_counts(guess):
    same_toy.guess_toy.check(Ask(LocalAnswer(guess)))


@pytest.mark.parametrize("guess", [None, "all"])
def test_no_prediction_does_not(guess):
    with pytest.raises(Mistake):
        same_toy.guess_toy.check(Ask(LocalAnswer(guess)))
