"""Chapter 1, section 8: features that come in sets."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_sets = prediction(
    id="toy.guess_sets",
    title="Friends and rivals",
    options=(
        "together: right angle, never together: opposite",
        "together: opposite, never together: right angle",
        "together: side by side, never together: right angle",
        "no difference",
    ),
    core=False,
)


@exercise(
    id="toy.correlated",
    title="All of a set, or none",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "One number decides for a whole set; the strengths stay as they are, one for each feature.",
        "u < density is the mask of the sets, [batch, n_sets]. Each of its entries has to be repeated for the features of "
        "its set, which stand next to each other.",
        "size = strength.shape[1] // u.shape[1]; strength * (u < density).repeat_interleave(size, dim=1)",
    ),
)
def correlated(ask: Ask) -> None:
    "Every number of the batch against the rule, feature by feature."
    ask.compare(
        _cases(ask),
        expected=_together,
        known=(
            Known(
                "sets-interleaved",
                "Your sets are made of every n-th feature. The features of a set stand next to each other.",
                lambda u, strength, density: (
                    strength * (u < density).repeat(1, strength.shape[1] // u.shape[1])
                ),
            ),
            Known(
                "density-inverted",
                "Your sets are absent where they should be there: a uniform number is below the density with that "
                "probability.",
                lambda u, strength, density: _together(1 - u, strength, 1 - density),
            ),
            Known(
                "strengths-missing",
                "You return only who is there. Multiply with the strengths.",
                lambda u, strength, density: (_together(u, strength, density) != 0).double(),
            ),
            Known(
                "one-strength",
                "All features of your sets have the strength of the first one. Each has its own.",
                lambda u, strength, density: _together(u, _first_of_set(u, strength), density),
            ),
            Known(
                "u-for-strength",
                "You use u as the strength too; what is left of it below the density is not uniform between 0 and 1.",
                lambda u, strength, density: _together(u, _repeated(u, strength), density),
            ),
            Known(
                "one-at-a-time",
                "Only one feature of your sets is there at a time. That is the next exercise.",
                lambda u, strength, density: _alone(u, strength, density),
            ),
        ),
        look="two sets of two features by hand: which columns belong to u[:, 0]?",
    )


@exercise(
    id="toy.anticorrelated",
    title="One of a set at a time",
    points=3,
    minutes=12,
    difficulty=3,
    core=False,
    hints=(
        "Divide u by the density. Where do the numbers of a set that is there lie now, and where those of a set that is not?",
        "(u / density * size).floor() is the number of the piece: 0 to size - 1 where the set is there, size or more "
        "where it is not. Compare it with torch.arange(size) along a new last dimension.",
        "member = (u / density * size).floor(); active = member[:, :, None] == torch.arange(size); "
        "strength * active.flatten(1)",
    ),
)
def anticorrelated(ask: Ask) -> None:
    "Every number of the batch against the rule, feature by feature."
    ask.compare(
        _cases(ask),
        expected=_alone,
        known=(
            Known(
                "all-together",
                "All features of your sets are there together; only one may be.",
                lambda u, strength, density: _together(u, strength, density),
            ),
            Known(
                "not-stretched",
                "You cut u from 0 to 1 into pieces, not u from 0 to the density: the later features of a set are there "
                "too seldom or never.",
                lambda u, strength, density: _together(u, strength, density) * _piece(u, strength, 1.0),
            ),
            Known(
                "always-there",
                "One feature of every set is always there. Where u is not below the density, the whole set is silent.",
                lambda u, strength, density: strength * _piece(u, strength, 1.0),
            ),
            Known(
                "sets-interleaved",
                "Your sets are made of every n-th feature. The features of a set stand next to each other.",
                lambda u, strength, density: (
                    strength * _piece(u, strength, density).unflatten(1, (u.shape[1], -1)).mT.flatten(1)
                ),
            ),
            Known(
                "strengths-missing",
                "You return only who is there. Multiply with the strengths.",
                lambda u, strength, density: (_alone(u, strength, density) != 0).double(),
            ),
            Known(
                "only-the-first",
                "Only the first feature of each set is ever there. Every feature gets its piece of the stretch.",
                lambda u, strength, density: _only_first(u, strength, density),
            ),
            Known(
                "order-reversed",
                "The lowest piece of u goes to the first feature of the set; yours goes to the last one.",
                lambda u, strength, density: (
                    strength * _piece(u, strength, density).unflatten(1, (u.shape[1], -1)).flip(2).flatten(1)
                ),
            ),
        ),
        look="one set of two features by hand, density 0.5: u = 0.1 picks the first, 0.4 the second, 0.7 none.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | float]]:
    yield {
        "u": torch.tensor([[0.1, 0.7], [0.4, 0.2]]),
        "strength": torch.tensor([[0.5, 0.6, 0.7, 0.8], [0.9, 0.8, 0.3, 0.2]]),
        "density": 0.5,
    }
    yield {"u": torch.tensor([[0.5, 0.1]]), "strength": torch.tensor([[0.5, 0.6, 0.7, 0.8]]), "density": 0.5}
    for _ in range(18):
        batch, n_sets, size = ask.sizes(3, high=7)
        density = round(0.3 + 0.6 * ask.random.random(), 2)
        u = torch.rand(batch, n_sets, generator=ask.generator)
        edges = u / density * size
        u = torch.where((edges - edges.round()).abs() < 1e-3, u * 0.99 + 0.003, u)  # no edge of a piece
        yield {
            "u": u,
            "strength": 0.1 + 0.9 * torch.rand(batch, n_sets * size, generator=ask.generator),
            "density": density,
        }


def _rows(u: Tensor, strength: Tensor, density: float, there) -> Tensor:  # type: ignore[no-untyped-def]
    """Each feature's strength where `there(number of its set, its place in the set, size)` says so."""
    size = strength.shape[1] // u.shape[1]
    out = torch.zeros_like(strength, dtype=torch.float64)
    for k in range(strength.shape[0]):
        for i in range(strength.shape[1]):
            if there(float(u[k, i // size]), i % size, size):
                out[k, i] = strength[k, i]
    return out


def _together(u: Tensor, strength: Tensor, density: float) -> Tensor:
    return _rows(u, strength, density, lambda number, place, size: number < density)


def _alone(u: Tensor, strength: Tensor, density: float) -> Tensor:
    return _rows(
        u,
        strength,
        density,
        lambda number, place, size: place * density / size <= number < (place + 1) * density / size,
    )


def _only_first(u: Tensor, strength: Tensor, density: float) -> Tensor:
    return _rows(u, strength, density, lambda number, place, size: number < density and place == 0)


def _piece(u: Tensor, strength: Tensor, density: float) -> Tensor:
    return (_alone(u, torch.ones_like(strength), density) != 0).double()


def _repeated(u: Tensor, strength: Tensor) -> Tensor:
    return u.repeat_interleave(strength.shape[1] // u.shape[1], dim=1)


def _first_of_set(u: Tensor, strength: Tensor) -> Tensor:
    size = strength.shape[1] // u.shape[1]
    return strength[:, ::size].repeat_interleave(size, dim=1)
