"""Chapter 2, section 2: the whole range of a neuron, and not its far end only."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import layer

guess_top = prediction(
    id="neurons.guess_top",
    title="Prediction: how much of it is there?",
    options=("more than 90 %", "between 50 and 90 %", "between 10 and 50 %", "less than 10 %"),
    core=True,
)


@exercise(
    id="neurons.quantile_groups",
    title="From weak to strong",
    points=2,
    minutes=8,
    difficulty=2,
    core=True,
    hints=(
        "Sort the tokens where it fires from weak to strong. The first part of that line is group 1, the last part is "
        "group n_groups.",
        "firing = activation > 0 picks them; activation[firing].argsort().argsort() is the rank of each, from 0. Ranks from "
        "0 to count - 1 become groups from 1 to n_groups by a multiplication and a division.",
        "groups = torch.zeros(activation.shape, dtype=torch.long); "
        "groups[firing] = 1 + ranks * n_groups // len(ranks).",
    ),
)
def quantile_groups(ask: Ask) -> None:
    "The group of every token, against counting how many firing tokens are weaker; on real activations too."
    ask.compare(
        _cases(ask),
        expected=_counted,
        known=_MISTAKES,
        look="six firing tokens in three groups, by hand: two tokens in each group.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | int]]:
    yield {"activation": torch.tensor([[0.0, 5.0, 1.0], [2.0, 0.0, 9.0]]), "n_groups": 2}
    for _ in range(8):
        n_sequences, n_ctx, n_groups = ask.sizes(3, low=3, high=7)
        n_firing = n_groups * ask.random.randint(1, n_sequences * n_ctx // n_groups)
        places = torch.randperm(n_sequences * n_ctx, generator=ask.generator)[:n_firing]
        values = torch.zeros(n_sequences * n_ctx)
        # Most activations of a real neuron are small.
        values[places] = 0.1 + torch.randperm(len(values), generator=ask.generator)[:n_firing].float() ** 2
        yield {"activation": values.view(n_sequences, n_ctx), "n_groups": n_groups}
    yield from (_real(ask) for _ in range(2))


def _real(ask: Ask) -> dict[str, Tensor | int]:
    """A neuron of model A on a few sequences of real text, with a number of groups that fits."""
    while True:
        rows = torch.randperm(len(layer()), generator=ask.generator)[: ask.random.randint(5, 9)]
        activation = layer()[rows, :30, ask.random.randrange(layer().shape[2])]
        firing = activation[activation > 0]
        fitting = [n for n in (3, 4, 5, 6, 7) if len(firing) >= n and len(firing) % n == 0]
        if fitting and len(firing.unique()) == len(firing):
            return {"activation": activation.clone(), "n_groups": ask.random.choice(fitting)}


def _counted(activation: Tensor, n_groups: int) -> Tensor:
    """Token by token: how many firing tokens are weaker."""
    values = activation.flatten()
    firing = values[values > 0]
    size = len(firing) / n_groups
    groups = [1 + int((firing < v).sum()) // size if v > 0 else 0 for v in values]
    return torch.tensor(groups).long().view(activation.shape)


def _widths(activation: Tensor, n_groups: int) -> Tensor:
    part = (activation / activation.max() * n_groups).ceil().clamp(max=n_groups)
    return torch.where(activation > 0, part, 0).long()


def _over_all(activation: Tensor, n_groups: int) -> Tensor:
    ranks = activation.flatten().argsort(stable=True).argsort()
    return (1 + ranks * n_groups // len(ranks)).view(activation.shape)


def _by_sequence(activation: Tensor, n_groups: int) -> Tensor:
    found = torch.zeros(activation.shape, dtype=torch.long)
    for row, values in enumerate(activation):
        ranks = values[values > 0].argsort().argsort()
        if len(ranks):
            found[row, values > 0] = 1 + ranks * n_groups // len(ranks)
    return found


def _lower_edges(activation: Tensor, n_groups: int) -> Tensor:
    firing = activation[activation > 0].sort().values
    return firing[:: len(firing) // n_groups]


_MISTAKES = (
    Known(
        "strongest-is-one",
        "Your groups are numbered the other way round: 1 is the weakest.",
        lambda activation, n_groups: torch.where(
            activation > 0, n_groups + 1 - _counted(activation, n_groups), 0
        ),
    ),
    Known(
        "equal-width",
        "You cut the range into intervals of equal width. Groups hold equally many tokens, however wide they get.",
        _widths,
    ),
    Known(
        "silent-ranked",
        "You rank the silent tokens too. They are group 0; only the tokens where it fires are cut into groups.",
        _over_all,
    ),
    Known(
        "silent-ranked",
        "You rank the silent tokens too, so that they take up places in your groups. Rank only those where it fires.",
        lambda activation, n_groups: torch.where(activation > 0, _over_all(activation, n_groups), 0),
    ),
    Known(
        "from-zero",
        "Your groups count from 0, so that the weakest ones cannot be told from the silent tokens. Count from 1.",
        lambda activation, n_groups: (_counted(activation, n_groups) - 1).clamp(min=0),
    ),
    Known(
        "silent-negative",
        "Your groups are one too low: silent tokens are group 0, the weakest ones group 1.",
        lambda activation, n_groups: _counted(activation, n_groups) - 1,
    ),
    Known(
        "by-sequence",
        "You cut every sequence by itself. All tokens of the text are ranked together.",
        _by_sequence,
    ),
    Known(
        "flat",
        "The groups are right, but in one long row: give them the shape of the activations.",
        lambda activation, n_groups: _counted(activation, n_groups).flatten(),
    ),
    Known(
        "firing-only",
        "You return the groups of the firing tokens only; every token gets a number, the silent ones 0.",
        lambda activation, n_groups: _counted(activation, n_groups)[activation > 0],
    ),
    Known(
        "edges-returned",
        "You return where the groups begin; the group of each token is asked for.",
        _lower_edges,
    ),
    Known(
        "ranks-returned",
        "You return ranks: divide them up into groups.",
        lambda activation, n_groups: _counted(activation, max(1, int((activation > 0).sum()))),
    ),
)
