"""Chapter 3, section 4: a feature found by code, on real activations."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.real import held_out, layer, remembered
from mechint_course.exercises.values import Fixture, Value

DICTIONARY = "dictionary:A-512"
"""A small one: its latents are as real as those of a large one, and quick to compute."""


@exercise(
    id="sae.find_latent",
    title="Find it by code",
    points=3,
    minutes=10,
    difficulty=2,
    core=True,
    hints=(
        "Two numbers for each latent: its precision, as before, and its recall, the share of the domain's tokens that it "
        "is on for. The second decides who takes part, the first who wins.",
        "on = sae.encode(x) > 0. Precision divides the hits by on.sum(0), recall divides the same hits by in_domain.sum().",
        "torch.where(recall >= least_recall, precision, -1.0).argmax() is the winner; int(...) makes a number of it.",
    ),
    seconds=60,
)
def find_latent(ask: Ask) -> None:
    "The winner on real activations, against counting tokens latent by latent."
    ask.compare(
        _cases(ask),
        expected=_winner,
        known=_MISTAKES,
        look="recall and precision of the latent that you chose, and of a few others.",
    )


class Counts(NamedTuple):
    """For each latent."""

    hits: Tensor
    often: Tensor
    n_inside: int
    n_tokens: int

    def precision(self) -> Tensor:
        return self.hits / self.often.clamp_min(1)

    def recall(self) -> Tensor:
        return self.hits / self.n_inside


@remembered
def latents_of(sae: Fixture, x: Tensor) -> Tensor:
    """The latents of a top-k dictionary by another route: everything below the k-th largest is cut off."""
    own = build(sae.name)
    h = (x - own.b_dec) @ own.W_enc + own.b_enc
    least = h.kthvalue(h.shape[1] - own.k + 1, dim=1, keepdim=True).values
    return torch.where(h >= least, h, 0).clamp_min(0)


def counts(sae: Fixture, x: Tensor, in_domain: Tensor) -> Counts:
    """Hits and yeses of every latent."""
    on = (latents_of(sae, x) > 0).float()
    return Counts(in_domain.float() @ on, on.sum(0), int(in_domain.sum()), len(x))


def _winner(sae: Fixture, x: Tensor, in_domain: Tensor, least_recall: float) -> int:
    found = counts(sae, x, in_domain)
    best, winner = -1.0, -1
    for j, (hits, often) in enumerate(zip(found.hits.tolist(), found.often.tolist(), strict=True)):
        share = hits / max(1.0, often)
        if hits >= least_recall * found.n_inside and share > best:
            best, winner = share, j
    return winner


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    """Tokens of a domain among others, such that one latent is clearly the best."""
    text, made = held_out(), 0
    domain = text.domain.repeat_interleave(layer().shape[1])
    rows = layer().flatten(0, 1)
    while made < 2:
        number = ask.random.choice(domain.unique().tolist())
        inside = torch.nonzero(domain == number)[:, 0]
        others = torch.nonzero(domain != number)[:, 0]
        own = inside[torch.randperm(len(inside), generator=ask.generator)[: ask.random.randint(40, 60)]]
        rest = others[torch.randperm(len(others), generator=ask.generator)[: ask.random.randint(80, 120)]]
        chosen = torch.cat([own, rest])
        chosen = chosen[torch.randperm(len(chosen), generator=ask.generator)]
        case = {
            "sae": fixture(DICTIONARY),
            "x": rows[chosen].clone(),
            "in_domain": domain[chosen] == number,
            "least_recall": ask.random.choice((0.1, 0.15, 0.2)),
        }
        if _is_clear(case):
            made += 1
            yield case


def _is_clear(case: dict[str, Value]) -> bool:
    """Whether the winner is ahead, no recall lies at the border, and every known mistake leads somewhere of its own."""
    found = counts(case["sae"], case["x"], case["in_domain"])
    recall = found.recall()
    taking_part = torch.where(recall >= case["least_recall"], found.precision(), -1.0)
    first, second = taking_part.topk(2).values.tolist()
    at_border = bool(((recall - case["least_recall"]).abs() < 1e-4).any())
    if first - second < 0.01 or first < 0 or at_border:
        return False
    picked = [_winner(**case), *(mistake.formula(**case) for mistake in _CHOICES)]
    return len(set(picked)) == len(picked)


def _by(score: Callable[[Counts, float], Tensor]) -> Callable[..., int]:
    return lambda sae, x, in_domain, least_recall: int(
        score(counts(sae, x, in_domain), least_recall).argmax()
    )


_CHOICES = (
    Known(
        "no-least-recall",
        "Your latent is precise, but it is on for too few of the domain's tokens: one lucky token makes a latent perfect. "
        "Only latents with a recall of at least `least_recall` take part.",
        _by(lambda found, least: found.precision()),
    ),
    Known(
        "highest-recall",
        "You take the latent that covers most of the domain. Recall decides who takes part; the most precise wins.",
        _by(lambda found, least: found.recall()),
    ),
    Known(
        "density-not-recall",
        "You ask for latents that are on for a share of all tokens. Recall is a share of the domain's tokens.",
        _by(lambda found, least: torch.where(found.often / found.n_tokens >= least, found.precision(), -1.0)),
    ),
    Known(
        "least-precise",
        "You take the least precise of the latents that take part.",
        _by(lambda found, least: -torch.where(found.recall() >= least, found.precision(), 2.0)),
    ),
)
_MISTAKES = (
    *_CHOICES,
    Known(
        "precision-and-recall-swapped",
        "Precision and recall have changed places: you ask for a least precision and take the highest recall.",
        _by(lambda found, least: torch.where(found.precision() >= least, found.recall(), -1.0)),
    ),
    Known(
        "best-f1",
        "You take the latent with the best F1. The most precise of those that cover enough is asked for.",
        _by(lambda found, least: 2 * found.hits / (found.often + found.n_inside)),
    ),
    Known(
        "outside-the-domain",
        "Your latent is best at everything but the domain: count the tokens where in_domain is True.",
        lambda sae, x, in_domain, least_recall: _winner(sae, x, ~in_domain, least_recall),
    ),
    Known(
        "score-returned",
        "You return the precision of the winner; its number is asked for: argmax, not max.",
        lambda sae, x, in_domain, least_recall: float(
            counts(sae, x, in_domain).precision()[_winner(sae, x, in_domain, least_recall)]
        ),
    ),
)
