"""Chapter 3, section 9: from which latent of a smaller dictionary one comes."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.values import Value


@exercise(
    id="sae.nearest_parent",
    title="Whose child?",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "The cosine of two directions is the product of the two after each is divided by its length.",
        "Divide every row by its norm (keepdim=True). unit_wide @ unit_narrow.T then holds all cosines, a row for each wide "
        "latent.",
        "cosine = (wide / wide.norm(dim=1, keepdim=True)) @ (narrow / narrow.norm(dim=1, keepdim=True)).T; best = "
        "cosine.max(dim=1); the answer is torch.where(best.values >= at_least, best.indices, -1).",
    ),
)
def nearest_parent(ask: Ask) -> None:
    "The nearest direction by one cosine after another; on two shipped dictionaries too."
    ask.compare(
        _parent_cases(ask),
        expected=_one_by_one,
        known=_PARENT_MISTAKES,
        look="one wide latent: its cosine with each of the narrow ones. Directions need not have length 1.",
    )


def _parent_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "narrow": torch.tensor([[1.0, 0.0], [0.0, 5.0]]),
        "wide": torch.tensor([[4.0, 3.0], [3.0, 4.0], [-1.0, -1.0]]),
        "at_least": 0.5,
    }
    yield {
        "narrow": torch.tensor([[1.0, 0.0], [0.0, 5.0]]),
        "wide": torch.tensor([[2.0, 0.0], [3.0, 4.0]]),
        "at_least": 1.0,  # reached to the bit by the first
    }
    for number in range(6):
        n_narrow, d_in, n_wide = sorted(ask.sizes(3, low=3, high=12))
        scale = torch.rand(n_narrow, 1, generator=ask.generator) * 4 + 0.3
        case: dict[str, Value] = {
            "narrow": torch.randn(n_narrow, d_in, generator=ask.generator) * scale,
            "wide": torch.randn(n_wide, d_in, generator=ask.generator),
            "at_least": (0.0, 0.3, 0.5, -1.0)[number % 4],
        }
        case["wide"][-1] = -case["narrow"].mean(0) * 3
        case["narrow"][0] = (
            -4 * case["wide"][0] + 0.1
        )  # far on the other side: a large negative cosine is no parent
        if _well_apart(case):
            yield case
    narrow, wide = build("dictionary:A-512").W_dec.detach(), build("dictionary:A-4096").W_dec.detach()
    for at_least in (0.4, 0.6):
        some = torch.randperm(len(narrow), generator=ask.generator)[:25]
        others = torch.randperm(len(wide), generator=ask.generator)[:30]
        case = {"narrow": 2 * narrow[some], "wide": wide[others].clone(), "at_least": at_least}
        cosines = _cosines(case["narrow"], case["wide"]).topk(2, dim=1).values
        clear = (cosines[:, 0] - cosines[:, 1] > 1e-4) & ((cosines[:, 0] - at_least).abs() > 1e-4)
        yield case | {"wide": case["wide"][clear]}


def _cosines(narrow: Tensor, wide: Tensor) -> Tensor:
    return _unit(wide) @ _unit(narrow).T


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=1, keepdim=True)


def _well_apart(case: dict[str, Value]) -> bool:
    best = _cosines(case["narrow"], case["wide"]).topk(2, dim=1).values
    return bool(
        ((best[:, 0] - best[:, 1]) > 1e-4).all() and ((best[:, 0] - case["at_least"]).abs() > 1e-4).all()
    )


def _one_by_one(narrow: Tensor, wide: Tensor, at_least: float) -> Tensor:
    found = []
    for child in wide.double():
        cosines = torch.cosine_similarity(narrow.double(), child[None], dim=1).tolist()
        found.append(cosines.index(max(cosines)) if max(cosines) >= at_least else -1)
    return torch.tensor(found)


def _picked(cosine: Tensor, at_least: float) -> Tensor:
    best = cosine.max(dim=1)
    return torch.where(best.values >= at_least, best.indices, -1)


_PARENT_MISTAKES = (
    Known(
        "never-minus-one",
        "A latent whose nearest parent is not near enough has none: give it -1.",
        lambda narrow, wide, at_least: _cosines(narrow, wide).argmax(dim=1),
    ),
    Known(
        "lengths-count",
        "You compare products, so long directions win; divide each direction by its length first.",
        lambda narrow, wide, at_least: _picked(wide @ narrow.T, at_least),
    ),
    Known(
        "lengths-count",
        "You divide only one side by its length; both directions need length 1.",
        lambda narrow, wide, at_least: _picked(_unit(wide) @ narrow.T, at_least),
    ),
    Known(
        "lengths-count",
        "You divide only one side by its length; both directions need length 1.",
        lambda narrow, wide, at_least: _picked(wide @ _unit(narrow).T, at_least),
    ),
    Known(
        "opposite-counts",
        "You take the absolute cosine: an opposite direction is no parent, since latents are never negative.",
        lambda narrow, wide, at_least: _picked(_cosines(narrow, wide).abs(), at_least),
    ),
    Known(
        "other-way",
        "You give every narrow latent its nearest wide one; every wide latent needs a narrow one.",
        lambda narrow, wide, at_least: _picked(_cosines(narrow, wide).T, at_least),
    ),
    Known(
        "cosine-returned",
        "You return the cosines; the numbers of the parents are asked for.",
        lambda narrow, wide, at_least: _cosines(narrow, wide).max(dim=1).values,
    ),
    Known(
        "distance",
        "You take the smallest distance, in which lengths count; take the largest cosine.",
        lambda narrow, wide, at_least: torch.where(
            _cosines(narrow, wide).max(dim=1).values >= at_least, torch.cdist(wide, narrow).argmin(dim=1), -1
        ),
    ),
    Known(
        "farthest",
        "You take the smallest cosine, the direction that is farthest away.",
        lambda narrow, wide, at_least: _picked(-_cosines(narrow, wide), at_least),
    ),
    Known(
        "zero-for-none",
        "You say 0 where there is no parent, but 0 is the number of a latent: say -1.",
        lambda narrow, wide, at_least: _picked(_cosines(narrow, wide), at_least).clamp_min(0),
    ),
)
