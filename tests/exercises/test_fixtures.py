"""Fixtures: both sides build them, and what an answer does to one is seen and undone."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from mechint_course.exercises import fixtures
from mechint_course.exercises.answers import LocalAnswer
from mechint_course.exercises.calling import Request
from mechint_course.exercises.fixtures import fixture
from mechint_course.exercises.standin import AnswerProcess

ROWS = torch.eye(3)


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def build() -> nn.Module:
        torch.manual_seed(0)
        return nn.Linear(3, 2)

    monkeypatch.setitem(fixtures.BUILDERS, "model:tiny", build)
    fixtures._BUILT.clear()
    yield
    fixtures._BUILT.clear()


def call(function: object) -> tuple[str, object]:
    reply = LocalAnswer(function).call(Request([fixture("model:tiny"), ROWS], ["model", "x"]))
    return reply.slug, reply.value


def test_an_answer_meets_the_model_itself() -> None:
    slug, value = call(lambda model, x: model(x))
    assert slug == "" and torch.equal(value, fixtures.build("model:tiny")(ROWS).detach())


def test_changed_weights_are_named_and_undone() -> None:
    def spoil(model: nn.Linear, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            model.weight.mul_(2)
        return model(x)

    _, before = call(lambda model, x: model(x))
    assert call(spoil)[0] == "changes-weights"
    assert torch.equal(call(lambda model, x: model(x))[1], before)


def test_a_hook_left_behind_is_named_and_undone() -> None:
    def hooked(model: nn.Linear, x: torch.Tensor) -> torch.Tensor:
        model.register_forward_hook(lambda *_: torch.zeros(3, 2))
        return model(x)

    assert call(hooked)[0] == "leaves-hooks"
    assert call(lambda model, x: model(x))[1].abs().sum() > 0


def test_an_unknown_fixture_names_the_known_ones() -> None:
    with pytest.raises(LookupError, match="model:tiny"):
        fixture("model:C")


@pytest.mark.slow
def test_the_real_model_is_the_same_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    code = "def total(model, tokens):\n    return model(tokens, return_type='logits').sum().item()"
    namespace: dict[str, object] = {}
    exec(code, namespace)
    request = Request([fixture("model:tiny"), torch.tensor([[1, 2, 3]])], ["model", "tokens"])
    here = LocalAnswer(namespace["total"]).call(request)
    with AnswerProcess() as process:
        process.load(code)
        there = process.answer("total").call(request)
    assert here.slug == there.slug == ""
    assert here.value == pytest.approx(there.value)
