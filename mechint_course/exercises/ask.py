"""What a check holds in its hands: the answer to call, seeded randomness, and the ways to say what is wrong."""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import torch
from torch import Tensor

from mechint_course.exercises.answers import Answer
from mechint_course.exercises.calling import Reply, Request
from mechint_course.exercises.compare import (
    Case,
    Formula,
    Known,
    Tolerance,
    diagnose,
    diagnose_gradients,
    difference,
    pull_back,
    same,
    size,
)
from mechint_course.exercises.mistakes import Mistake, write_mistake
from mechint_course.exercises.values import Value, normal, tensors_in

_EXACT = Tolerance(0.0, 0.0)


class Ask:
    """One judging of one answer. A check calls it, compares, and calls `fail` where something is wrong."""

    def __init__(self, answer: Answer, *, seed: int = 0, seconds: float = 10.0) -> None:
        self.answer, self.seed, self.seconds = answer, seed, seconds
        self.generator = torch.Generator().manual_seed(seed)
        self.random = random.Random(seed)
        self.printed = ""
        self.calls = 0

    def sizes(self, count: int, low: int = 2, high: int = 9) -> list[int]:
        """`count` different sizes, so that no two axes can be mixed up unseen."""
        return self.random.sample(range(low, high + 1), count)

    def __call__(self, *args: Value, **named: Value) -> Value:
        """Calls the answer once, positionally (names serve the messages), and returns its value in plain form."""
        case = {f"argument {i + 1}": arg for i, arg in enumerate(args)} | named
        reply = self._sent(Request(list(case.values()), list(case), self.seconds), case)
        for (name, before), after in zip(case.items(), reply.inputs_after, strict=True):
            if not same(after, normal(before), _EXACT):
                self.fail(
                    "mutates-input",
                    f"Your function changed its input `{name}` in place, so the caller's data is damaged.",
                    inputs={f"{name} before": before, f"{name} after": after},
                    look="operations that end in an underscore, `+=`, and assignments such as `x[...] = ...`; work on a copy.",
                )
        return reply.value

    def vjp(self, args: Sequence[Value] | Case, cotangent: Value, wrt: Sequence[int]) -> list[Tensor | None]:
        """The gradients of <cotangent, answer(*args)> with respect to the arguments at the positions `wrt`."""
        case = args if isinstance(args, Mapping) else {f"argument {i + 1}": arg for i, arg in enumerate(args)}
        request = Request(list(case.values()), list(case), self.seconds, cotangent, list(wrt))
        return self._sent(request, case).gradients

    def value(self) -> Value:
        """The answer itself, where it is a value and no function."""
        return self.answer.value()

    def fail(
        self,
        slug: str,
        sentence: str,
        *,
        inputs: Mapping[str, Value] | None = None,
        yours: Value = None,
        expected: Value = None,
        look: str = "",
    ) -> NoReturn:
        """Ends the check: the answer has this mistake."""
        values = yours is not None or expected is not None
        raise Mistake(slug, write_mistake(sentence, inputs, yours, expected, look, show_values=values))

    def require(self, condition: object, slug: str, sentence: str, **details: Value) -> None:
        """Fails with this mistake unless the condition holds."""
        if not condition:
            self.fail(slug, sentence, **details)

    def compare(
        self,
        cases: Iterable[Case],
        expected: Formula,
        known: Sequence[Known] = (),
        gradients: Sequence[str] = (),
        look: str = "",
        atol: float = 1e-5,
        rtol: float = 1e-4,
    ) -> None:
        """Compares the answer with an independent formula on every case; gradients too, for the inputs named.

        The mistake is the first of `known` that explains *all* outputs; otherwise type, shape, NaN or value in general.
        Shown is the smallest case that disagrees.
        """
        cases, within = list(cases), Tolerance(atol, rtol)
        yours = [self(**case) for case in cases]
        theirs = [normal(expected(**case)) for case in cases]
        wrong = [i for i in range(len(cases)) if not same(yours[i], theirs[i], within)]
        if wrong:
            i = min(wrong, key=lambda index: size(cases[index]))
            named = diagnose(known, cases, yours, within)
            slug, sentence = (
                (named.slug, named.sentence) if named else difference(yours[i], theirs[i], within) or ("", "")
            )
            self.fail(slug, sentence, inputs=cases[i], yours=yours[i], expected=theirs[i], look=look)
        if gradients:
            self._compare_gradients(cases, yours, expected, known, gradients, within)

    def _compare_gradients(
        self,
        cases: Sequence[Case],
        outputs: Sequence[Value],
        expected: Formula,
        known: Sequence[Known],
        names: Sequence[str],
        within: Tolerance,
    ) -> None:
        """Values agree; now what training would see: a cut gradient is the commonest mistake that values cannot show."""
        loose = Tolerance(10 * within.atol, 10 * within.rtol)
        seeds = [_cotangent(output, self.generator) for output in outputs]
        wrt = [list(cases[0]).index(name) for name in names]
        yours = [self.vjp(case, seed, wrt) for case, seed in zip(cases, seeds, strict=True)]
        theirs = [pull_back(expected, case, seed, names) for case, seed in zip(cases, seeds, strict=True)]
        # Only a mistake that leaves the values right can explain a gradient that is wrong.
        same_values = [mistake for mistake in known if diagnose([mistake], cases, outputs, within)]
        for case, mine, right in sorted(zip(cases, yours, theirs, strict=True), key=lambda row: size(row[0])):
            for name, gradient, wanted in zip(names, mine, right, strict=True):
                if gradient is None and wanted is not None and wanted.abs().max() > loose.atol:
                    self.fail(
                        "detached",
                        f"The values are right, but no gradient reaches `{name}`: training could not change it.",
                        inputs=case,
                        look=".detach(), .item(), .data, torch.no_grad() or a new tensor built from numbers.",
                    )
                if gradient is not None and wanted is not None and not same(gradient, normal(wanted), loose):
                    named = diagnose_gradients(same_values, cases, seeds, names, yours, loose)
                    self.fail(
                        named.slug if named else "wrong-gradient",
                        named.sentence
                        if named
                        else f"The values are right, but the gradient with respect to `{name}` is not: "
                        "part of the computation is cut off from training.",
                        inputs=case,
                        yours=gradient,
                        expected=wanted,
                        look="a part that is detached or built from plain numbers.",
                    )

    def _sent(self, request: Request, case: Case) -> Reply:
        self.calls += 1
        reply = self.answer.call(request)
        self.printed = self.printed or reply.printed
        if reply.slug:
            shown = {} if reply.slug in ("not-written", "not-a-function", "wrong-arguments") else case
            raise Mistake(reply.slug, write_mistake(reply.sentence, shown))
        return reply


def _cotangent(output: Value, generator: torch.Generator) -> Value:
    """Random numbers of the shape of each floating tensor in an output."""
    return [torch.randn(tensor.shape, generator=generator) for tensor in tensors_in(output)]
