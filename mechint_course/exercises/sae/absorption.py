"""Chapter 3, section 10: the parent that leaves its work to its children."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.values import Value

guess_absorbed = prediction(
    id="sae.guess_absorbed",
    title="Prediction: does the parent fire?",
    options=("nearly always", "about half the time", "seldom"),
    core=False,
)


guess_nested = prediction(
    id="sae.guess_nested",
    title="Prediction: where do the parents sit?",
    options=("among the first 128", "anywhere", "among the last 2,048"),
    core=False,
)


@exercise(
    id="sae.absorbed_share",
    title="Silent for its own child",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "Three things make a place count as absorbed: the parent feature is there, its latent is off, and the child's latent is on.",
        "Each of the three is a Boolean for every place: parent_there, parent_latent == 0, child_latent > 0. Of which places "
        "do you want the share?",
        "there = parent_there & child_there; absorbed = there & (parent_latent == 0) & (child_latent > 0); the answer is "
        "absorbed.sum() / there.sum(), or 0 where there is no such place.",
    ),
)
def absorbed_share(ask: Ask) -> None:
    "Counted place by place, with places of every kind."
    ask.compare(
        _places(ask),
        expected=_counted,
        known=_PLACE_MISTAKES,
        look="a single place: the parent there, the child there, the parent's latent 0, the child's latent 2. It counts.",
    )


def _places(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "parent_there": torch.tensor([True, True, True, False]),
        "child_there": torch.tensor([True, True, False, False]),
        "parent_latent": torch.tensor([0.0, 1.0, 1.0, 0.0]),
        "child_latent": torch.tensor([2.0, 1.0, 0.0, 0.0]),
    }
    yield {
        "parent_there": torch.tensor([True, False]),
        "child_there": torch.tensor([True, False]),
        "parent_latent": torch.tensor([0.0, 0.0]),
        "child_latent": torch.tensor([1.5, 0.0]),
    }
    for number in range(10):
        n = ask.random.randint(12, 60)
        parent = torch.rand(n, generator=ask.generator) < 0.7
        # Now and then a child without its parent, and latents that err in every way.
        child = torch.rand(n, generator=ask.generator) < torch.where(parent, 0.6, 0.3)
        parent_latent = torch.rand(n, generator=ask.generator) * (
            torch.rand(n, generator=ask.generator) < 0.5
        )
        child_latent = torch.rand(n, generator=ask.generator) * (torch.rand(n, generator=ask.generator) < 0.6)
        if number == 3:
            child &= ~parent  # no place at all
        yield {
            "parent_there": parent,
            "child_there": child,
            "parent_latent": parent_latent,
            "child_latent": child_latent,
        }


def _counted(parent_there: Tensor, child_there: Tensor, parent_latent: Tensor, child_latent: Tensor) -> float:
    places = absorbed = 0
    for p, c, a, b in zip(parent_there, child_there, parent_latent, child_latent, strict=True):
        if p and c:
            places += 1
            absorbed += int(float(a) == 0 and float(b) > 0)
    return absorbed / places if places else 0.0


def _share(of: Tensor, among: Tensor) -> Tensor:
    return (of & among).sum() / among.sum().clamp_min(1)


_PLACE_MISTAKES = (
    Known(
        "no-place-is-nan",
        "Where parent and child are never there together, 0/0 gives NaN; say 0.",
        lambda parent_there, child_there, parent_latent, child_latent: (
            (parent_there & child_there & (parent_latent == 0) & (child_latent > 0)).sum()
            / (parent_there & child_there).sum()
        ),
    ),
    Known(
        "child-latent-ignored",
        "You count every place where the parent's latent is off. Only where the child's latent is on has the child taken over.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            parent_latent == 0, parent_there & child_there
        ),
    ),
    Known(
        "of-the-parent",
        "You take the share of all places with the parent; only those with parent and child are asked about.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            child_there & (parent_latent == 0) & (child_latent > 0), parent_there
        ),
    ),
    Known(
        "child-without-parent",
        "You also count children without their parent: there the parent's latent is rightly off.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            (parent_latent == 0) & (child_latent > 0), child_there
        ),
    ),
    Known(
        "of-all-places",
        "You divide by all places; divide by those where parent and child are there.",
        lambda parent_there, child_there, parent_latent, child_latent: (
            (parent_there & child_there & (parent_latent == 0) & (child_latent > 0)).float().mean()
        ),
    ),
    Known(
        "of-the-silent",
        "You divide by the places where the parent's latent is off; divide by all where parent and child are there.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            child_latent > 0, parent_there & child_there & (parent_latent == 0)
        ),
    ),
    Known(
        "of-the-child-latent",
        "You divide by the places where the child's latent is on; divide by all where parent and child are there.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            parent_latent == 0, parent_there & child_there & (child_latent > 0)
        ),
    ),
    Known(
        "both-on",
        "You count the places where both latents are on, which is as it should be; absorbed is where the parent's is off.",
        lambda parent_there, child_there, parent_latent, child_latent: _share(
            (parent_latent > 0) & (child_latent > 0), parent_there & child_there
        ),
    ),
    Known(
        "any-place",
        "You look at the latents alone. Absorption is about places where the parent feature really is there.",
        lambda parent_there, child_there, parent_latent, child_latent: (
            ((parent_latent == 0) & (child_latent > 0)).float().mean()
        ),
    ),
    Known(
        "counts-returned",
        "You return how many places are absorbed; divide by how many there are with parent and child.",
        lambda parent_there, child_there, parent_latent, child_latent: (
            parent_there & child_there & (parent_latent == 0) & (child_latent > 0)
        ).sum(),
    ),
)
