"""Chapter 2, section 2: the search for a neuron that answers to many kinds of text."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.neurons.real import held_out, layer


@exercise(
    id="neurons.kinds_at_top",
    title="How many kinds at the top?",
    points=3,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "For one neuron: the peak of each sequence, the k sequences with the highest peaks, their domains, and how often "
        "each domain occurs among them.",
        "activations.amax(dim=1) holds the peaks of all neurons, [n_sequences, n_neurons]; topk(k, dim=0).indices the "
        "sequences, [k, n_neurons]; domain[...] of that their domains.",
        "kinds = domain[activations.amax(dim=1).topk(k, dim=0).indices]; then for every number d in domain.unique(): "
        "(kinds == d).sum(dim=0) >= least. Add these up.",
    ),
)
def kinds_at_top(ask: Ask) -> None:
    "The number of domains at the top of each neuron, against sorting and counting one by one; on real activations too."
    ask.compare(
        _cases(ask),
        expected=_one_by_one,
        known=_MISTAKES,
        look="one neuron by itself: print the domains of its k sequences, in order.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | int]]:
    yield {
        "activations": torch.tensor([[[1.0], [0.5]], [[0.0], [3.0]], [[4.0], [0.0]], [[0.2], [0.1]]]),
        "domain": torch.tensor([0, 1, 1, 2]),
        "k": 3,
        "least": 1,
    }
    for number in range(8):
        n_neurons, n_ctx, k, n_sequences = sorted(ask.sizes(4, low=2, high=15))
        # Distinct peaks: a multiple of a shuffled count, with smaller values beside it.
        peaks = torch.rand(n_sequences, n_neurons, generator=ask.generator).argsort(0).argsort(0) + 1.0
        rest = torch.rand(n_sequences, n_ctx, n_neurons, generator=ask.generator)
        rest = rest / rest.amax(dim=1, keepdim=True)
        domain = torch.randint(3 + number % 2, (n_sequences,), generator=ask.generator) * 2
        yield {"activations": rest * peaks[:, None], "domain": domain, "k": k, "least": 1 + number % 3}
    text = held_out()
    for least in (2, 1):
        rows = torch.randperm(len(text.tokens), generator=ask.generator)[: ask.random.randint(24, 30)]
        x = layer()[rows, :40]
        peaks = x.amax(dim=1).sort(dim=0).values
        clear = torch.nonzero((peaks.diff(dim=0) > 0).all(dim=0))[:, 0]
        neurons = clear[torch.randperm(len(clear), generator=ask.generator)[:5]]
        yield {"activations": x[:, :, neurons], "domain": text.domain[rows] % 5, "k": 9, "least": least}


def _one_by_one(activations: Tensor, domain: Tensor, k: int, least: int) -> Tensor:
    found = []
    for neuron in range(activations.shape[2]):
        strongest = [
            (max(row), number)
            for row, number in zip(activations[:, :, neuron].tolist(), domain.tolist(), strict=True)
        ]
        kinds = [number for _, number in sorted(strongest, reverse=True)[:k]]
        found.append(sum(kinds.count(number) >= least for number in set(kinds)))
    return torch.tensor(found)


def _counts(score: Tensor, domain: Tensor, k: int) -> Tensor:
    """[n_domains, n_neurons]: how many of the k best by `score` [n_sequences, n_neurons] are of each domain."""
    kinds = domain[score.topk(k, dim=0).indices]
    return torch.stack([(kinds == number).sum(dim=0) for number in range(int(domain.max()) + 1)])


def _tokens(activations: Tensor, domain: Tensor, k: int) -> Tensor:
    by_token = domain[:, None].expand(activations.shape[:2]).flatten()
    return _counts(activations.flatten(0, 1), by_token, k)


_MISTAKES = (
    Known(
        "least-ignored",
        "You count a domain as soon as it occurs once; it must occur at least `least` times.",
        lambda activations, domain, k, least: (_counts(activations.amax(1), domain, k) >= 1).sum(0),
    ),
    Known(
        "more-than-least",
        "You ask for more than `least` sequences; at least so many are enough.",
        lambda activations, domain, k, least: (_counts(activations.amax(1), domain, k) > least).sum(0),
    ),
    Known(
        "tokens-not-sequences",
        "You take the k strongest tokens; several of them may come from one sequence. Rank sequences by their peaks.",
        lambda activations, domain, k, least: (_tokens(activations, domain, k) >= least).sum(0),
    ),
    Known(
        "mean-not-peak",
        "You rank sequences by their mean activation; rank them by their strongest token.",
        lambda activations, domain, k, least: (_counts(activations.mean(1), domain, k) >= least).sum(0),
    ),
    Known(
        "weakest",
        "You take the k sequences in which the neuron is weakest.",
        lambda activations, domain, k, least: (_counts(-activations.amax(1), domain, k) >= least).sum(0),
    ),
    Known(
        "k-ignored",
        "You count the domains of all sequences; only the k strongest of each neuron are asked about.",
        lambda activations, domain, k, least: (
            _counts(activations.amax(1), domain, len(domain)) >= least
        ).sum(0),
    ),
    Known(
        "counts-returned",
        "You return how often each domain occurs; how many domains occur often enough is asked for.",
        lambda activations, domain, k, least: _counts(activations.amax(1), domain, k).T,
    ),
    Known(
        "most-common",
        "You return how many sequences the commonest domain has; the number of domains is asked for.",
        lambda activations, domain, k, least: _counts(activations.amax(1), domain, k).amax(0),
    ),
    Known(
        "sequences-counted",
        "You count the sequences of the frequent domains; count each such domain once.",
        lambda activations, domain, k, least: (
            _counts(activations.amax(1), domain, k) * (_counts(activations.amax(1), domain, k) >= least)
        ).sum(0),
    ),
    Known(
        "same-for-all",
        "You rank sequences once for all neurons together; each neuron has strongest places of its own.",
        lambda activations, domain, k, least: (
            (_counts(activations.amax((1, 2))[:, None], domain, k) >= least)
            .sum(0)
            .expand(activations.shape[2])
        ),
    ),
    Known(
        "one-neuron",
        "You return one number; one for each neuron is asked for.",
        lambda activations, domain, k, least: (
            _counts(activations[:, :, :1].amax(1), domain, k) >= least
        ).sum(0)[0],
    ),
)
