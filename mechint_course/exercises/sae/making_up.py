"""Chapter 3, section 4: which neurons make a feature up, and which neuron comes nearest to it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.real import layer
from mechint_course.exercises.sae.finding import DICTIONARY, latents_of
from mechint_course.exercises.values import Fixture, Value


@exercise(
    id="sae.neurons_needed",
    title="How many neurons is a feature?",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "The squares of a direction's entries add up to its squared length. Take the largest squares first, until their "
        "sum reaches the share.",
        "direction.square().sort(descending=True).values.cumsum(0) is what one, two, three ... neurons make up.",
        "Divide that by its last entry and count how many are below `share`: the answer is that count plus 1.",
    ),
)
def neurons_needed(ask: Ask) -> None:
    "A count, against taking the largest square away again and again; directions of a real dictionary too."
    ask.compare(
        _directions(ask),
        expected=_taken_away,
        known=(
            Known(
                "one-too-few",
                "You count the neurons that do not reach the share yet: one more reaches it.",
                lambda direction, share: _taken_away(direction, share) - 1,
            ),
            Known(
                "one-too-many",
                "You count one neuron too many: the one before it reaches the share already.",
                lambda direction, share: _taken_away(direction, share) + 1,
            ),
            Known(
                "absolute-values",
                "You add up absolute values; the squared length is a sum of squares.",
                lambda direction, share: _taken_away(direction.abs().sqrt(), share),
            ),
            Known(
                "lengths-not-squares",
                "You compare lengths. A share of the squared length is asked for: no root.",
                lambda direction, share: _taken_away(direction, share**2),
            ),
            Known(
                "smallest-first",
                "You begin with the smallest entries; how few neurons are enough?",
                lambda direction, share: _first_to_reach(direction.square().sort().values, share),
            ),
            Known(
                "not-sorted",
                "You take the neurons in their order. Sort them first: the largest squares make up the share soonest.",
                lambda direction, share: _first_to_reach(direction.square(), share),
            ),
            Known(
                "sign-kept",
                "You sort the entries and not their squares, so a large negative entry comes last.",
                lambda direction, share: _first_to_reach(
                    direction.sort(descending=True).values.square(), share
                ),
            ),
            Known(
                "length-not-one",
                "You take it for granted that the direction has length 1: divide by its squared length.",
                lambda direction, share: int((direction.square().sort(descending=True).values.cumsum(0) < share).sum()) + 1,
            ),
            Known(
                "above-a-share",
                "You count the entries that are large by themselves; add them up until the sum reaches the share.",
                lambda direction, share: int((direction.square() >= share * direction.square().sum()).sum()),
            ),
        ),
        look="[3, 0, -4] with the share 0.6: the square of -4 is 16 of 25, which is enough.",
    )  # fmt: skip


def _taken_away(direction: Tensor, share: float) -> int:
    left = [float(entry) ** 2 for entry in direction.double()]
    wanted, sum_of_all = share * sum(left), 0.0
    taken = 0
    while sum_of_all < wanted:
        largest = max(left)
        left.remove(largest)
        sum_of_all, taken = sum_of_all + largest, taken + 1
    return taken


def _first_to_reach(squares: Tensor, share: float) -> int:
    return int((squares.cumsum(0) < share * squares.sum()).sum()) + 1


def _directions(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"direction": torch.tensor([3.0, 0.0, -4.0]), "share": 0.6}
    yield {"direction": torch.tensor([1.0, -1.0, 1.0, 1.0]), "share": 0.5}  # reached to the bit by two
    yield {"direction": torch.tensor([1.0, -2.0, 1.0]), "share": 0.9}  # the last one is needed
    real = build(DICTIONARY).W_dec
    made = 0
    while made < 8:
        if made % 3:
            direction = torch.randn(ask.random.randint(4, 12), generator=ask.generator)
            direction = direction * (1.5 + ask.random.random())
        else:
            direction = real[ask.random.randrange(len(real))].clone()
        share = ask.random.choice((0.3, 0.5, 0.7, 0.9))
        sums = direction.double().square().sort(descending=True).values.cumsum(0)
        if ((sums / sums[-1] - share).abs() > 1e-4).all():  # rounding decides nothing
            made += 1
            yield {"direction": direction, "share": share}


@exercise(
    id="sae.nearest_neuron",
    title="The neuron that comes nearest",
    points=3,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "You have one column of latents and as many columns of neurons as x has. Two columns are alike where they rise and "
        "fall together: take off each mean, then compare.",
        "With f the latent and both centred, the correlation with neuron i is (f * x_i).sum() / (f.norm() * x_i.norm()).",
        "f = sae.encode(x)[:, latent]; f = f - f.mean(); c = x - x.mean(0); r = f @ c / (f.norm() * c.norm(dim=0)).clamp_min(1e-12); "
        "return int(r.argmax()), float(r.max()).",
    ),
    seconds=60,
)
def nearest_neuron(ask: Ask) -> None:
    "Neuron and correlation on real activations, against a sum in double precision."
    ask.compare(
        _columns(ask),
        expected=lambda sae, x, latent: _best(_correlations(sae, x, latent)),
        known=(
            Known(
                "not-centred",
                "You compare the activations as they are. A neuron that is always on looks like everything: take off the means first.",
                lambda sae, x, latent: _best(_alike(latents_of(sae, x)[:, latent], x)),
            ),
            Known(
                "not-scaled",
                "You do not divide by the lengths of both columns: then the neuron that varies most wins, and the number is "
                "no correlation.",
                lambda sae, x, latent: _best(_covariances(sae, x, latent)),
            ),
            Known(
                "not-scaled",
                "You return a covariance: divide by both standard deviations.",
                lambda sae, x, latent: _best(_covariances(sae, x, latent) / len(x)),
            ),
            Known(
                "silent-is-nan",
                "A neuron that does not change on these tokens gives 0/0, which is NaN, and NaN wins every argmax: count its "
                "correlation as 0.",
                lambda sae, x, latent: _best(
                    _covariances(sae, x, latent)
                    / (_centred(latents_of(sae, x)[:, latent]).norm() * _centred(x).norm(dim=0))
                ),
            ),
            Known(
                "largest-entry",
                "You take the neuron with the largest entry in the latent's direction. That says which neuron the feature "
                "writes to, not which one fires when it does.",
                lambda sae, x, latent: _best(build(sae.name).W_dec[latent]),
            ),
            Known(
                "other-latent",
                "You compare with all latents together; column number `latent` is asked for.",
                lambda sae, x, latent: _best(_alike(_centred(latents_of(sae, x).sum(1)), _centred(x))),
            ),
            Known(
                "on-or-off",
                "You only look at whether the latent is on; how strongly it is on counts too.",
                lambda sae, x, latent: _best(
                    _alike(_centred((latents_of(sae, x)[:, latent] > 0).float()), _centred(x))
                ),
            ),
            Known(
                "all-returned",
                "You return every neuron's correlation; the number of the best neuron and its correlation are asked for.",
                lambda sae, x, latent: _correlations(sae, x, latent),
            ),
            Known(
                "order-swapped",
                "You return the correlation first; the neuron comes first.",
                lambda sae, x, latent: _best(_correlations(sae, x, latent))[::-1],
            ),
            Known(
                "farthest-neuron",
                "You take the neuron that falls when the feature rises; the highest correlation is asked for.",
                lambda sae, x, latent: _best(-_correlations(sae, x, latent)),
            ),
        ),
        look="the correlation of the latent with itself, which must be 1.",
        atol=1e-4,
    )


def _columns(ask: Ask) -> Iterator[dict[str, Value]]:
    rows, made = layer().flatten(0, 1), 0
    while made < 2:
        chosen = torch.randperm(len(rows), generator=ask.generator)[: ask.random.randint(90, 140)]
        x = rows[chosen].clone()
        latents = latents_of(fixture(DICTIONARY), x)
        often = torch.nonzero((latents > 0).sum(0) >= 8)[:, 0].tolist()
        latent = ask.random.choice(often)
        case = {"sae": fixture(DICTIONARY), "x": x, "latent": latent}
        if not (x == x[0]).all(0).any():
            continue  # a neuron that never changes must be there
        first, second = _correlations(**case).topk(2).values.tolist()
        if first - second > 0.01 and -float(_correlations(**case).min()) < first - 0.01:
            made += 1
            yield case


def _correlations(sae: Fixture, x: Tensor, latent: int) -> Tensor:
    """By centred and scaled columns in double precision; 0 for a neuron that never changes."""
    columns = _centred(x.double())
    feature = _centred(latents_of(sae, x)[:, latent].double())
    lengths = (columns.square().sum(0) * feature.square().sum()).sqrt()
    return torch.where(lengths > 0, (feature[:, None] * columns).sum(0) / lengths.clamp_min(1e-30), 0)


def _covariances(sae: Fixture, x: Tensor, latent: int) -> Tensor:
    return _centred(latents_of(sae, x)[:, latent]) @ _centred(x)


def _alike(feature: Tensor, x: Tensor) -> Tensor:
    return feature @ x / (feature.norm() * x.norm(dim=0)).clamp_min(1e-12)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(0)


def _best(scores: Tensor) -> tuple[int, float]:
    return int(scores.argmax()), float(scores.max())
