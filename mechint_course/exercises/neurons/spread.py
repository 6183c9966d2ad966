"""Chapter 2, section 3: how evenly a neuron spreads over the kinds of text."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.neurons.real import held_out, layer


@exercise(
    id="neurons.domain_entropy",
    title="How evenly is it spread?",
    points=2,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "First make shares of each neuron's means: they are to add up to 1. Then put the shares into the formula.",
        "shares = means / means.sum(dim=1, keepdim=True). Where a share is 0, shares.log2() is minus infinity, and "
        "0 times that is NaN: those terms count 0. What if the whole row is 0?",
        "shares = means / means.sum(dim=1, keepdim=True).clamp_min(1e-12); "
        "return -(shares * shares.clamp_min(1e-12).log2()).sum(dim=1).",
    ),
)
def domain_entropy(ask: Ask) -> None:
    "The entropy in bits against sums term by term in double precision; of real neurons too."
    ask.compare(
        _cases(ask),
        expected=_term_by_term,
        known=_MISTAKES,
        look="the row [2, 2, 0, 4]: its shares are 1/4, 1/4, 0 and 1/2, its entropy 0.5 + 0.5 + 0 + 0.5.",
        atol=1e-4,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"means": torch.tensor([[2.0, 2.0, 0.0, 4.0], [0.0, 0.0, 7.0, 0.0], [0.0, 0.0, 0.0, 0.0]])}
    for number in range(10):
        n_neurons, n_domains = ask.sizes(2, low=3, high=9)
        means = torch.rand(n_neurons, n_domains, generator=ask.generator) * 5
        means[torch.rand(means.shape, generator=ask.generator) < 0.3] = 0.0
        means[0, 0] = 1.0 + number
        if number == 1:
            means[-1] = 0.0  # a neuron that never fires
        yield {"means": means}
    neurons = torch.randperm(layer().shape[2], generator=ask.generator)[:7]
    values, domain = layer()[:, :, neurons].mean(dim=1), held_out().domain
    yield {"means": torch.stack([values[domain == number].mean(dim=0) for number in domain.unique()], dim=1)}


def _term_by_term(means: Tensor) -> Tensor:
    found = []
    for row in means.double().tolist():
        whole = sum(row)
        shares = [value / whole for value in row if value > 0]
        found.append(sum(share * _log2(1 / share) for share in shares))
    return torch.tensor(found)


def _log2(number: float) -> float:
    return float(torch.tensor(number, dtype=torch.float64).log2())


def _entropy(shares: Tensor, dim: int = 1) -> Tensor:
    return -torch.special.xlogy(shares, shares).sum(dim=dim) / torch.tensor(2.0).log()


def _shares(means: Tensor, dim: int = 1) -> Tensor:
    return means / means.sum(dim=dim, keepdim=True).clamp_min(1e-12)


_MISTAKES = (
    Known(
        "silent-is-nan",
        "A neuron that never fires gives 0/0 in your result, which is NaN; its entropy is to be 0.",
        lambda means: _entropy(means / means.sum(dim=1, keepdim=True)),
    ),
    Known(
        "zero-share-is-nan",
        "A domain with the share 0 makes NaN in your result (0 times minus infinity); such terms count 0.",
        lambda means: -(_shares(means) * _shares(means).log2()).sum(dim=1),
    ),
    Known(
        "zero-share-is-nan",
        "A domain with the share 0 makes NaN in your result (0 times minus infinity); such terms count 0.",
        lambda means: (
            -((means / means.sum(1, keepdim=True)) * (means / means.sum(1, keepdim=True)).log2()).sum(dim=1)
        ),
    ),
    Known(
        "in-nats",
        "You use the natural logarithm; bits are asked for, the logarithm to base 2.",
        lambda means: _term_by_term(means) * torch.tensor(2.0).log(),
    ),
    Known(
        "base-ten",
        "You use the logarithm to base 10; bits are asked for, base 2.",
        lambda means: _term_by_term(means) * torch.tensor(2.0).log10(),
    ),
    Known(
        "sign-swapped",
        "Your entropies are below 0: the logarithm of a share is negative, and the formula has a minus before the sum.",
        lambda means: -_term_by_term(means),
    ),
    Known(
        "not-normalised",
        "You put the means into the formula as they are; divide each row by its sum first.",
        lambda means: _entropy(means),
    ),
    Known(
        "wrong-axis",
        "Your shares are taken over the neurons. Each neuron's own shares, over its domains, add up to 1.",
        lambda means: _entropy(_shares(means, 0)),
    ),
    Known(
        "one-per-domain",
        "You return one number for each domain; one for each neuron is asked for.",
        lambda means: _entropy(_shares(means), 0),
    ),
    Known(
        "one-per-domain",
        "You return one number for each domain; one for each neuron is asked for.",
        lambda means: _entropy(_shares(means, 0), 0),
    ),
    Known(
        "share-of-the-most",
        "You divide by log2 of the number of domains. Leave the entropy in bits.",
        lambda means: _term_by_term(means) / torch.tensor(float(means.shape[1])).log2(),
    ),
    Known(
        "number-of-domains",
        "You return 2 to the power of the entropy, a number of domains; the entropy itself is asked for.",
        lambda means: 2 ** _term_by_term(means),
    ),
    Known(
        "logarithms-only",
        "You average the logarithms; each is weighted by its share.",
        lambda means: -_shares(means).clamp_min(1e-12).log2().mean(dim=1),
    ),
    Known(
        "one-number",
        "You return one number for all neurons; one for each is asked for.",
        lambda means: _term_by_term(means).sum(),
    ),
    Known(
        "one-number",
        "You return one number for all neurons; one for each is asked for.",
        lambda means: _term_by_term(means).mean(),
    ),
)
