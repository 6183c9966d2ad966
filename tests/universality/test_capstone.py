"""The capstone: every name of a domain gets the verdict it deserves, and no message gives the answer away."""

from importlib import import_module

import pytest
import torch

from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.ask import Ask
from mechint_course.exercises.fixtures import build, fixture
from mechint_course.exercises.mistakes import Mistake
from mechint_course.features.worlds import generate, surprise
from mechint_course.language.corpus import domains_of

# The package has the exercise under the module's name.
chapter = import_module("mechint_course.exercises.universality.capstone")
OWN = [domain for domain in domains_of() if domain.worlds == ("A",)]
OTHERS = [domain for domain in domains_of() if domain.worlds != ("A",)]


def told(answer) -> Mistake:
    with pytest.raises(Mistake) as raised:
        chapter.capstone.check(Ask(LocalAnswer(lambda: answer)))
    return raised.value


def test_there_is_one_answer():
    assert len(OWN) == 1
    for said in (OWN[0].name, f" {OWN[0].name.upper()}", OWN[0].title):
        chapter.capstone.check(Ask(LocalAnswer(lambda said=said: said)))


@pytest.mark.parametrize("domain", OTHERS, ids=lambda domain: domain.name)
def test_every_other_domain_is_answered_with_evidence_against_it(domain):
    mistake = told(domain.name)
    assert mistake.slug == ("turned-round" if domain.worlds == ("B",) else "both-know-it")
    assert domain.name in mistake.message and "nats" in mistake.message
    assert OWN[0].name not in mistake.message and OWN[0].title not in mistake.message


def test_losses_in_the_messages_say_what_the_sentence_says():
    from mechint_course.exercises.neurons.real import held_out

    def loss(model: str, name: str) -> float:
        return float(chapter._surprise(fixture(f"model:{model}"), held_out().of(name).tokens).mean())

    for domain in domains_of():
        gap = loss("B", domain.name) - loss("A", domain.name)
        own = domain.worlds if len(domain.worlds) == 1 else None
        assert {("A",): gap > 3, ("B",): gap < -3, None: abs(gap) < 1}[own], (domain.name, gap)


@pytest.mark.parametrize(
    ("answer", "slug"),
    [
        (None, "returns-nothing"),
        (["weather"], "not-one-name"),
        ("", "not-an-option"),
        ("both", "not-an-option"),
    ],
)
def test_no_name_is_no_answer(answer, slug):
    assert told(answer).slug == slug


def test_hints_do_not_name_the_answer():
    for hint in chapter.capstone.hints:
        assert OWN[0].name not in hint and OWN[0].title not in hint


def test_plain_surprise_is_the_library_s():
    tokens = chapter._texts()[::7]
    theirs = surprise(build("model:B"), tokens)
    assert torch.allclose(chapter._surprise(fixture("model:B"), tokens).float(), theirs, atol=1e-4)


def test_known_rankings_are_wrong_and_told_apart():
    found = {}

    class Listening(Ask):
        def compare(self, cases, expected, known=(), **_):
            found.update(cases=list(cases), expected=expected, known=known)

    chapter.surprised.check(Listening(LocalAnswer(None), seed=3))
    right = [found["expected"](**case).tolist() for case in found["cases"]]
    told_by = {}
    for mistake in found["known"]:
        given = [mistake.formula(**case).tolist() for case in found["cases"]]
        assert given != right, mistake.slug
        assert told_by.setdefault(str(given), mistake.slug) == mistake.slug


def test_what_a_writes_gives_its_own_domain_away():
    written = generate(build("model:A"), 96, 32, seed=1)
    gap = surprise(build("model:B"), written) - surprise(build("model:A"), written)
    assert 1 <= int((gap > 3).sum()) <= 20, "a few texts stand apart"
    assert float(gap.median()) < 1, "most do not"
