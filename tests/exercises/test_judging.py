"""The engine against answers that misbehave in every way an answer can, here and in another process."""

import sys
import textwrap
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from mechint_course.exercises.judge import Verdict, judge
from mechint_course.exercises.model import Ask, Exercise, Known, exercise
from mechint_course.exercises.standin import AnswerProcess


def doubled(x: Tensor, W: Tensor) -> Tensor:
    return 2 * x @ W


@exercise(
    id="toy.double",
    title="Double it",
    points=3,
    minutes=1,
    difficulty=1,
    core=True,
    hints=("a", "b", "c"),
    seconds=2.0,
)
def double(ask: Ask) -> None:
    """2 x W."""

    def cases() -> Iterator[dict[str, Tensor]]:
        yield {"x": torch.tensor([[1.0, 2.0]]), "W": torch.tensor([[1.0], [1.0]])}
        for _ in range(5):
            batch, inner, outer = ask.sizes(3)
            yield {
                "x": torch.randn(batch, inner, generator=ask.generator),
                "W": torch.randn(inner, outer, generator=ask.generator),
            }

    ask.compare(
        cases(),
        expected=lambda x, W: torch.stack(
            [
                torch.stack(
                    [sum(2 * x[b, i] * W[i, o] for i in range(W.shape[0])) for o in range(W.shape[1])]
                )
                for b in range(x.shape[0])
            ]
        ),
        known=(
            Known("not-doubled", "You forgot the factor of two.", lambda x, W: x @ W),
            Known("w-detached-known", "W is cut off.", lambda x, W: 2 * x @ W.detach()),
        ),
        gradients=("x", "W"),
    )


@pytest.fixture(autouse=True)
def only_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(id: str) -> Exercise:
        return double

    monkeypatch.setattr(sys.modules["mechint_course.exercises.judge"], "find", found)


@pytest.fixture(scope="module")
def process() -> Iterator[AnswerProcess]:
    with AnswerProcess() as running:
        yield running


MISBEHAVIOUR = {
    "right": (None, "def double(x, W):\n    return 2 * x @ W"),
    "right, as numpy would not be": (None, "double = lambda x, W: (x @ W) + (x @ W)"),
    "known": ("not-doubled", "def double(x, W):\n    return x @ W"),
    "known by its gradient": ("detached", "def double(x, W):\n    return 2 * x @ W.detach()"),
    "raises": ("raises", "def double(x, W):\n    return x @ W @ W"),
    "exits": ("raises", "def double(x, W):\n    raise SystemExit(0)"),
    "loops": ("loops", "def double(x, W):\n    while True: pass"),
    "loops and swallows": (
        "loops",
        "def double(x, W):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass",
    ),
    "returns nothing": ("returns-nothing", "def double(x, W):\n    2 * x @ W"),
    "wrong type": ("wrong-type", "def double(x, W):\n    return '2xW'"),
    "no value at all": ("wrong-type", "def double(x, W):\n    return (row for row in x)"),
    "NaN": ("nan", "def double(x, W):\n    return 2 * x @ W * float('nan')"),
    "infinite": ("nan", "def double(x, W):\n    return 2 * x @ W / 0.0"),
    "wrong shape": ("wrong-shape", "def double(x, W):\n    return (2 * x @ W).T"),
    "detached": ("detached", "def double(x, W):\n    return (2 * x @ W).detach()"),
    "numpy": (
        "detached",
        "import torch\ndef double(x, W):\n    return 2 * x.detach().numpy() @ W.detach().numpy()",
    ),
    "mutates": ("mutates-input", "def double(x, W):\n    x *= 2\n    return x @ W"),
    "no function": ("not-a-function", "double = 3"),
    "nothing there": ("not-a-function", "pass"),
    "arguments": ("wrong-arguments", "def double(x):\n    return 2 * x"),
    "not written": ("not-written", "def double(x, W):\n    raise NotImplementedError()"),
    "wrong": ("wrong-value", "def double(x, W):\n    return 3 * x @ W"),
}


def here(code: str) -> Verdict:
    namespace: dict[str, object] = {}
    exec(code, namespace)
    return judge("toy.double", namespace.get("double"))


def elsewhere(process: AnswerProcess, code: str) -> Verdict:
    process.load(code)
    return judge("toy.double", process.answer("double"))


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_each_misbehaviour_is_named_in_either_process(name: str, process: AnswerProcess) -> None:
    slug, code = MISBEHAVIOUR[name]
    for verdict in (here(code), elsewhere(process, code)):
        assert (verdict.mistake, verdict.passed, verdict.points) == (
            slug,
            slug is None,
            0.0 if slug else 3.0,
        ), verdict.message
        assert verdict.message


def test_a_crash_is_one_sentence_and_the_next_answer_is_judged(process: AnswerProcess) -> None:
    assert elsewhere(process, "import os\ndef double(x, W):\n    os._exit(3)").mistake == "process-ended"
    assert elsewhere(process, MISBEHAVIOUR["right"][1]).passed


def test_a_call_that_never_returns_to_python_is_ended(process: AnswerProcess) -> None:
    assert elsewhere(process, "import time\ndef double(x, W):\n    time.sleep(60)").mistake == "loops"
    assert elsewhere(process, MISBEHAVIOUR["right"][1]).passed


def test_a_source_that_does_not_run_is_told_in_words(process: AnswerProcess) -> None:
    assert "SyntaxError" in (process.load("def double(x, W)\n    return") or "")


def test_printing_is_mentioned_and_costs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    verdict = here(
        "import sys\ndef double(x, W):\n    print('shape', x.shape)\n    print('oops', file=sys.stderr)\n    return 2 * x @ W"
    )
    assert verdict.passed and "prints" in verdict.message
    assert capfd.readouterr() == ("", "")


def test_a_warning_costs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert here(
        "import warnings\ndef double(x, W):\n    warnings.warn('careful')\n    return 2 * x @ W"
    ).passed
    assert capfd.readouterr() == ("", "")


def test_the_smallest_counter_example_is_shown() -> None:
    message = here(MISBEHAVIOUR["wrong"][1]).message
    assert "x = tensor [1, 2]: [[1.0, 2.0]]" in message
    assert "yours    = tensor [1, 1]: [[9.0]]" in message and "expected = tensor [1, 1]: [[6.0]]" in message


def test_what_was_raised_names_the_learners_line() -> None:
    import linecache

    code = "def double(x, W):\n    y = x @ W\n    return y @ W @ W @ y\n"
    linecache.cache["cell"] = (len(code), None, code.splitlines(keepends=True), "cell")
    namespace: dict[str, object] = {}
    exec(compile(code, "cell", "exec"), namespace)
    assert "line 3 of your cell: return y @ W @ W @ y" in judge("toy.double", namespace["double"]).message


def test_judging_leaves_the_random_stream_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    here("import torch\ndef double(x, W):\n    torch.manual_seed(7); torch.rand(5)\n    return 2 * x @ W")
    assert torch.equal(torch.rand(3), expected)


def test_an_interrupt_by_the_person_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        here("def double(x, W):\n    raise KeyboardInterrupt")


def test_gradients_through_the_other_process_equal_autograd(process: AnswerProcess) -> None:
    process.load(
        textwrap.dedent("""
        import torch
        def double(x, W):
            return torch.tanh(x @ W) * x.sum()
    """)
    )
    x, W, seed = torch.randn(3, 4), torch.randn(4, 2), torch.randn(3, 2)
    ask = Ask(process.answer("double"))
    got = ask.vjp((x, W), seed, wrt=(0, 1))
    a, b = x.clone().requires_grad_(), W.clone().requires_grad_()
    expected = torch.autograd.grad((torch.tanh(a @ b) * a.sum() * seed).sum(), (a, b))
    for mine, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, theirs)
