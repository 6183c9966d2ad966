"""Chapter 2, section 3: how much a neuron does in each kind of text."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_domains = prediction(
    id="neurons.guess_domains",
    title="Prediction: how many kinds of text?",
    options=("one", "two or three", "four or more"),
    core=True,
)


@exercise(
    id="neurons.domain_means",
    title="One mean for each kind of text",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "For one domain: which sequences belong to it, and what is the mean over all their tokens?",
        "activation[domain == d] holds the sequences of domain d. Its mean is over sequences and positions at once. "
        "What if it is empty?",
        "means = torch.zeros(n_domains); then, for every d in range(n_domains), where (domain == d).any(): "
        "means[d] = activation[domain == d].mean().",
    ),
)
def domain_means(ask: Ask) -> None:
    "The mean over all tokens of each domain against sums and counts token by token."
    ask.compare(
        _cases(ask),
        expected=_counted,
        known=(
            Known(
                "empty-domain",
                "A domain without a sequence gives NaN (0/0) in your result; its mean is to be 0.",
                lambda activation, domain, n_domains: (
                    _sums(activation, domain, n_domains) / _counts(activation, domain, n_domains)
                ),
            ),
            Known(
                "not-divided",
                "You add up the activations of each domain without dividing by how many tokens it has.",
                lambda activation, domain, n_domains: _sums(activation, domain, n_domains),
            ),
            Known(
                "per-sequence",
                "You divide by the number of sequences; a mean over tokens divides by the number of tokens.",
                lambda activation, domain, n_domains: (
                    _mean(activation, domain, n_domains) * activation.shape[1]
                ),
            ),
            Known(
                "divided-by-all",
                "You divide by the number of tokens in the whole text; divide by those of the domain at hand.",
                lambda activation, domain, n_domains: (
                    _sums(activation, domain, n_domains) / activation.numel()
                ),
            ),
            Known(
                "firing-only",
                "You average over the tokens where the neuron fires; those where it is silent count too.",
                lambda activation, domain, n_domains: (
                    _sums(activation, domain, n_domains)
                    / _sums((activation > 0).float(), domain, n_domains).clamp(min=1)
                ),
            ),
            Known(
                "mean-of-peaks",
                "You average the highest activation of each sequence; every token counts.",
                lambda activation, domain, n_domains: _mean(
                    activation.amax(1, keepdim=True), domain, n_domains
                ),
            ),
            Known(
                "maximum",
                "You return the largest activation in each domain; its mean is asked for.",
                lambda activation, domain, n_domains: torch.stack(
                    [
                        activation[domain == d].max() if (domain == d).any() else torch.tensor(0.0)
                        for d in range(n_domains)
                    ]
                ),
            ),
            Known(
                "firing-share",
                "You return how often the neuron fires in each domain; how strongly on average is asked for.",
                lambda activation, domain, n_domains: _mean((activation > 0).float(), domain, n_domains),
            ),
            Known(
                "empty-left-out",
                "Your result leaves out the domains that have no sequence; they have an entry too, 0.",
                lambda activation, domain, n_domains: _mean(activation, domain, n_domains)[domain.unique()],
            ),
            Known(
                "first-token-left-out",
                "You leave out the first token of every sequence; here every token counts.",
                lambda activation, domain, n_domains: _mean(activation[:, 1:], domain, n_domains),
            ),
            Known(
                "normalised",
                "Your means are divided by their sum; leave them in the neuron's own units.",
                lambda activation, domain, n_domains: (
                    _mean(activation, domain, n_domains) / _mean(activation, domain, n_domains).sum()
                ),
            ),
            Known(
                "centred",
                "You take off the mean of the whole text; leave the means as they are.",
                lambda activation, domain, n_domains: (
                    _mean(activation, domain, n_domains) - activation.mean()
                ),
            ),
        ),
        look="one domain with two sequences, by hand; and the domain that has none.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | int]]:
    yield {
        "activation": torch.tensor([[1.0, 3.0], [5.0, 5.0], [7.0, 0.0]]),
        "domain": torch.tensor([0, 2, 2]),
        "n_domains": 3,
    }
    for _ in range(20):
        n_domains, n_ctx, n_sequences = sorted(ask.sizes(3, low=2, high=14))
        domain = torch.randint(n_domains, (n_sequences,), generator=ask.generator)
        activation = torch.randn(n_sequences, n_ctx, generator=ask.generator).relu()
        yield {"activation": activation, "domain": domain, "n_domains": n_domains}


def _counted(activation: Tensor, domain: Tensor, n_domains: int) -> Tensor:
    """Sum and count, token by token, in 64 bits."""
    sums, counts = [0.0] * n_domains, [0] * n_domains
    for row, number in zip(activation.double().tolist(), domain.tolist(), strict=True):
        for value in row:
            sums[number] += value
            counts[number] += 1
    return torch.tensor([total / count if count else 0.0 for total, count in zip(sums, counts, strict=True)])


def _sums(activation: Tensor, domain: Tensor, n_domains: int) -> Tensor:
    return torch.zeros(n_domains).index_add_(0, domain, activation.sum(dim=1))


def _counts(activation: Tensor, domain: Tensor, n_domains: int) -> Tensor:
    return _sums(torch.ones_like(activation), domain, n_domains)


def _mean(activation: Tensor, domain: Tensor, n_domains: int) -> Tensor:
    return _sums(activation, domain, n_domains) / _counts(activation, domain, n_domains).clamp(min=1)
