"""The wrong-answer corpus: wrong work never passes and is told its mistake, right work in any style never fails.

Every answer is judged in this process and through another one, with the same verdict.
"""

import importlib
from collections.abc import Iterator

import pytest

from mechint_course.exercises import references
from mechint_course.exercises.catalogue import CHAPTERS, catalogue, find
from mechint_course.exercises.judge import Verdict, judge
from mechint_course.exercises.standin import AnswerProcess
from tests.corpus.kinds import Answers

CORPUS: dict[str, Answers] = {
    id: answers
    for topic in CHAPTERS.values()
    for id, answers in importlib.import_module(f"tests.corpus.{topic}").ANSWERS.items()
}
SEEDS = range(20)
FIRST = {"sae": 6, "universality": 6, "universality.surprised": 2, "universality.latents_of": 3}
"""Where a judgement runs a model or trains, the default tier judges by so many seeds and the release tier by the others."""
CODING = [exercise.id for exercise in catalogue() if exercise.kind == "function"]


@pytest.fixture(scope="module")
def process() -> Iterator[AnswerProcess]:
    with AnswerProcess() as running:
        yield running


def source_of(id: str, code: str) -> str:
    imports = CORPUS[id].imports
    return f"{references.imports(find(id).topic) if imports is None else imports}\n{code}"


def judged_here(id: str, code: str, seed: int) -> Verdict:
    namespace: dict[str, object] = {"__name__": "corpus"}
    exec(compile(source_of(id, code), f"<corpus {id}>", "exec"), namespace)
    return judge(id, namespace[find(id).name], seed=seed)


def judged_elsewhere(process: AnswerProcess, id: str, code: str) -> Verdict:
    assert process.load(source_of(id, code)) is None
    return judge(id, process.answer(find(id).name))


def answers(kind: str) -> list:
    cases = []
    for id, corpus in CORPUS.items():
        first = FIRST.get(id, FIRST.get(find(id).topic, len(SEEDS)))
        for name in getattr(corpus, kind):
            cases.append(pytest.param(id, name, SEEDS[:first], id=f"{id}: {name}"))
            if SEEDS[first:]:
                further = f"{id}: {name}, further seeds"
                cases.append(pytest.param(id, name, SEEDS[first:], marks=pytest.mark.release, id=further))
    return cases


@pytest.mark.parametrize("id", CODING)
def test_every_coding_exercise_has_enough_answers(id: str) -> None:
    assert id in CORPUS, f"{id} has no entry in tests/corpus"
    assert len(CORPUS[id].right) >= 3
    assert len(CORPUS[id].wrong) >= 6


def test_nine_in_ten_wrong_answers_are_told_their_mistake() -> None:
    slugs = [slug for corpus in CORPUS.values() for slug, _ in corpus.wrong.values()]
    named = [slug for slug in slugs if slug not in (None, "wrong-value", "wrong-gradient")]
    assert len(named) >= 0.9 * len(slugs), (
        f"{len(named)} of {len(slugs)} wrong answers are told their mistake by name"
    )


@pytest.mark.parametrize(("id", "name", "seeds"), answers("right"))
def test_right_answers_pass(id: str, name: str, seeds: range, process: AnswerProcess) -> None:
    code = CORPUS[id].right[name]
    for seed in seeds:
        verdict = judged_here(id, code, seed)
        assert verdict.passed, f"seed {seed}: {verdict.mistake}: {verdict.message}"
    assert judged_elsewhere(process, id, code) == judged_here(id, code, 0)


@pytest.mark.release
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("id", "name"), [(id, name) for id, corpus in CORPUS.items() for name in corpus.right]
)
def test_no_check_fails_a_right_answer_in_a_thousand_seeds(id: str, name: str) -> None:
    failed = {}
    for seed in range(1000):
        verdict = judged_here(id, CORPUS[id].right[name], seed)
        if not verdict.passed:
            failed[seed] = verdict.mistake
    assert not failed


@pytest.mark.parametrize(("id", "name", "seeds"), answers("wrong"))
def test_wrong_answers_fail_and_are_told_why(
    id: str, name: str, seeds: range, process: AnswerProcess
) -> None:
    slug, code = CORPUS[id].wrong[name]
    for seed in seeds:
        verdict = judged_here(id, code, seed)
        assert not verdict.passed, f"seed {seed}: a wrong answer passed"
        assert verdict.points == 0
        assert slug in (None, verdict.mistake), (
            f"seed {seed}: told {verdict.mistake}, not {slug}: {verdict.message}"
        )
    elsewhere, here = judged_elsewhere(process, id, code), judged_here(id, code, 0)
    assert (elsewhere.passed, elsewhere.mistake) == (False, here.mistake)


@pytest.mark.parametrize("id", [exercise.id for exercise in catalogue()])
def test_the_reference_passes(id: str) -> None:
    verdict = judge(id, references.run(find(id)))
    assert verdict.passed, f"{verdict.mistake}: {verdict.message}"
