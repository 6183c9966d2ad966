"""Chapter 3, section 9: which latents together make up a kind of text, and where they come from."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import held_out, layer
from mechint_course.exercises.values import Value

guess_wider = prediction(
    id="sae.guess_wider",
    title="Prediction: eight times the latents",
    options=(
        "precision and recall rise",
        "precision rises, recall falls",
        "both stay",
        "precision falls, recall rises",
    ),
    core=False,
)


@exercise(
    id="sae.next_in_union",
    title="One more latent",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        "Try every latent: the union is then on where `covered` or the latent is. Its F1 is 2 hits / (places where it is on "
        "+ places with the label).",
        "on | covered[:, None] holds the union with each latent, one column each. Count its hits and its places column by "
        "column.",
        "union = on | covered[:, None]; hits = (union & label[:, None]).sum(0); f1 = 2 * hits / (union.sum(0) + "
        "label.sum()); the answer is int(f1.argmax()).",
    ),
)
def next_in_union(ask: Ask) -> None:
    "The latent that adds most, by trying each; on random places and on those of a shipped dictionary."
    ask.compare(
        _union_cases(ask),
        expected=_by_trying,
        known=_UNION_MISTAKES,
        look="the F1 of the union with each latent, one by one.",
    )


def _union_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "on": torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=torch.bool),
        "label": torch.tensor([True, True, True, False, False]),
        "covered": torch.tensor([True, True, False, False, False]),
    }
    # The first latent adds 2 hits, the second 3 hits and 2 errors: half of the label is covered, so the first is better.
    yield {
        "on": torch.tensor(
            [[0, 0]] * 5 + [[1, 0]] * 2 + [[0, 1]] * 3 + [[0, 1]] * 2 + [[0, 0]], dtype=torch.bool
        ),
        "label": torch.arange(13) < 10,
        "covered": torch.arange(13) < 5,
    }
    # The first latent is never on, which makes accuracy largest; the second has 2 hits and 3 errors.
    yield {
        "on": torch.tensor([[0, 1]] * 2 + [[0, 0]] * 3 + [[0, 1]] * 3 + [[0, 0]] * 2, dtype=torch.bool),
        "label": torch.arange(10) < 5,
        "covered": torch.zeros(10, dtype=torch.bool),
    }
    made = 0
    while made < 12:
        n_latents, n_tokens = ask.sizes(2, low=4, high=9)[0], ask.random.randint(14, 40)
        label = torch.rand(n_tokens, generator=ask.generator) < 0.45
        likely = torch.where(label[:, None], 0.4, 0.12) * torch.rand(n_latents, generator=ask.generator) * 2
        on = torch.rand(n_tokens, n_latents, generator=ask.generator) < likely
        covered = (torch.rand(n_tokens, generator=ask.generator) < 0.3) & (
            label if made % 3 else ~label | label
        )
        case = {"on": on, "label": label, "covered": covered if made % 4 else torch.zeros_like(covered)}
        if _clear(case):
            made += 1
            yield case
    yield from _real_unions(ask)


def _real_unions(ask: Ask) -> Iterator[dict[str, Value]]:
    sae, text = build("dictionary:A-512"), held_out()
    names = torch.randperm(len(text.domains), generator=ask.generator).tolist()
    given = 0
    for number in names:
        others = [n for n in names if n != number][:3]
        rows = torch.tensor([int(torch.nonzero(text.domain == n)[0, 0]) for n in [number, *others]])
        x = layer()[rows, :50].flatten(0, 1)
        on = sae.encode(x).detach() > 0
        on = on[:, on.any(0)][:, :60]
        label = (text.domain[rows] == number).repeat_interleave(50)
        case = {"on": on, "label": label, "covered": torch.zeros(len(x), dtype=torch.bool)}
        case["covered"] = on[:, _by_trying(**case)].clone()
        if _clear(case):
            given += 1
            yield case
        if given == 2:
            return


def _f1s(on: Tensor, label: Tensor, covered: Tensor) -> list[float]:
    wanted, before = _places(label), _places(covered)
    found = []
    for latent in on.T:
        union = before | _places(latent)
        found.append(2 * len(union & wanted) / max(1, len(union) + len(wanted)))
    return found


def _places(marked: Tensor) -> set[int]:
    return {place for place, is_on in enumerate(marked.tolist()) if is_on}


def _by_trying(on: Tensor, label: Tensor, covered: Tensor) -> int:
    scores = _f1s(on, label, covered)
    return scores.index(max(scores))


def _clear(case: dict[str, Value]) -> bool:
    """Whether one latent is best without a tie, so that every right answer says the same."""
    if not case["label"].any():
        return False
    scores = sorted(_f1s(**case))
    return scores[-1] - scores[-2] > 1e-6


def _union(on: Tensor, covered: Tensor) -> Tensor:
    return on | covered[:, None]


def _hits(marked: Tensor, label: Tensor) -> Tensor:
    return (marked & label[:, None]).sum(0)


def _f1(marked: Tensor, label: Tensor) -> Tensor:
    return 2 * _hits(marked, label) / (marked.sum(0) + label.sum())


_UNION_MISTAKES = (
    Known(
        "union-forgotten",
        "You choose the latent that is best alone. What is covered already counts: choose the best union.",
        lambda on, label, covered: int(_f1(on, label).argmax()),
    ),
    Known(
        "precision-only",
        "You choose by the union's precision, which a latent that is hardly ever on hardly changes; choose by F1.",
        lambda on, label, covered: int(
            (_hits(_union(on, covered), label) / _union(on, covered).sum(0).clamp_min(1)).argmax()
        ),
    ),
    Known(
        "recall-only",
        "You choose by the union's recall, so a latent that is on everywhere wins; choose by F1.",
        lambda on, label, covered: int(_hits(_union(on, covered), label).argmax()),
    ),
    Known(
        "new-places-only",
        "You look only at places that are not covered yet. F1 is of the whole union, covered places included.",
        lambda on, label, covered: int(_f1(on & ~covered[:, None], label).argmax()),
    ),
    Known(
        "intersection",
        "You take the places where both are on; a union is on where one of them is.",
        lambda on, label, covered: int(_f1(on & covered[:, None], label).argmax()),
    ),
    Known(
        "accuracy",
        "You choose by accuracy, which also counts the places where the union is rightly off; choose by F1.",
        lambda on, label, covered: int((_union(on, covered) == label[:, None]).sum(0).argmax()),
    ),
    Known(
        "jaccard-of-new",
        "You count new hits only, and not what the latent marks wrongly; choose by the F1 of the union.",
        lambda on, label, covered: int(_hits(on & ~covered[:, None], label).argmax()),
    ),
    Known(
        "worst",
        "You return the latent with the smallest F1.",
        lambda on, label, covered: int(_f1(_union(on, covered), label).argmin()),
    ),
    Known(
        "f1-returned",
        "You return the F1 that is reached; the number of the latent is asked for.",
        lambda on, label, covered: float(_f1(_union(on, covered), label).max()),
    ),
    Known(
        "all-f1",
        "You return the F1 of every union; the number of the best latent is asked for.",
        lambda on, label, covered: _f1(_union(on, covered), label),
    ),
)
