"""What a neuron or a latent means, by the texts that excite it: the strongest, samples from weak to strong, by domain.

One unit at a time: every function takes its activations alone, [n_sequences, n_ctx].
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.features.interventions import by_domain
from mechint_course.features.logits import logit_weights
from mechint_course.language.text import TokenizedText
from mechint_course.language.tokenizer import token_strings

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@dataclass(frozen=True)
class Excerpt:
    """A piece of text around one token, with the unit's activation on each token."""

    tokens: tuple[str, ...]
    values: tuple[float, ...]
    label: str
    """The domain that the text comes from."""
    focus: int
    """Which of the tokens the excerpt is about."""


@dataclass(frozen=True)
class Interval:
    """Places where the activation lies between two values."""

    low: float
    high: float
    places: Int[Tensor, "n_places 2"]
    """(sequence, position) of each."""
    share: float
    """The share of all tokens whose activation lies in this interval."""


def top_examples(activation: Float[Tensor, "n_sequences n_ctx"], k: int) -> Int[Tensor, "k 2"]:
    """(sequence, position) where the unit is strongest, the strongest first, at most one in a sequence.

    >>> top_examples(torch.tensor([[0.0, 3.0, 2.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]), k=2)
    tensor([[2, 2],
            [0, 1]])
    """
    if not 1 <= k <= len(activation):
        raise ValueError(f"Expected k from 1 to the number of sequences, {len(activation)}; found {k}.")
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]], dim=1)


def quantile_examples(
    activation: Float[Tensor, "n_sequences n_ctx"],
    *,
    n_intervals: int = 5,
    per_interval: int = 3,
    seed: int = 0,
) -> list[Interval]:
    """Samples from every part of a unit's range: equally wide intervals from 0 to its largest activation, the strongest first.

    The top examples show the last interval only; most of what a unit does happens in the others (Bricken et al. 2023,
    "feature interpretability": examples from evenly spaced activation intervals).
    """
    largest = activation.max().item()
    if largest <= 0:
        return []
    generator = torch.Generator().manual_seed(seed)
    found = []
    for number in reversed(range(n_intervals)):
        low, high = largest * number / n_intervals, largest * (number + 1) / n_intervals
        inside = (activation > low) & (activation <= high)
        places = torch.nonzero(inside)
        chosen = torch.randperm(len(places), generator=generator)[:per_interval]
        found.append(Interval(low, high, places[chosen], inside.float().mean().item()))
    return found


def excerpts(
    text: TokenizedText,
    activation: Float[Tensor, "n_sequences n_ctx"],
    places: Int[Tensor, "n_places 2"],
    *,
    before: int = 14,
    after: int = 7,
) -> list[Excerpt]:
    """The text around each place, with the activations and the domain."""
    found = []
    for row, position in places.tolist():
        first, last = max(0, position - before), min(text.tokens.shape[1], position + after + 1)
        found.append(
            Excerpt(
                tuple(token_strings(text.tokens[row, first:last])),
                tuple(activation[row, first:last].tolist()),
                text.domains[int(text.domain[row])],
                position - first,
            )
        )
    return found


def domains_at(text: TokenizedText, places: Int[Tensor, "n_places 2"]) -> list[str]:
    """The domain of each place."""
    return [text.domains[number] for number in text.domain[places[:, 0]].tolist()]


def domain_means(
    activation: Float[Tensor, "n_sequences n_ctx"], text: TokenizedText
) -> Float[Tensor, " n_domains"]:
    """The unit's mean activation in each domain."""
    return by_domain(activation, text.domain, len(text.domains))


def answers_to(means: Float[Tensor, "*units n_domains"], share: float = 0.5) -> Int[Tensor, "*units"]:
    """In how many domains a unit's mean activation reaches a share of its best domain's.

    >>> answers_to(torch.tensor([[8.0, 5.0, 1.0], [0.0, 3.0, 0.0]]))
    tensor([2, 1])
    """
    means = means.nan_to_num(0.0)
    best = means.amax(dim=-1, keepdim=True)
    return ((means >= share * best) & (best > 0)).sum(dim=-1)


def promoted(
    model: "TransformerBridge", neuron: int, *, k: int = 8
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The tokens that a neuron makes likelier, and those it makes less likely, with its logit weights."""
    direction = torch.zeros(model.cfg.d_mlp)
    direction[neuron] = 1.0
    weights = logit_weights(model, direction)
    up, down = weights.topk(k), (-weights).topk(k)
    return (
        list(zip(token_strings(up.indices), up.values.tolist(), strict=True)),
        list(zip(token_strings(down.indices), (-down.values).tolist(), strict=True)),
    )


def torn_neuron(
    activations: Float[Tensor, "n_sequences n_ctx n_units"],
    text: TokenizedText,
    *,
    among: tuple[str, ...],
    k: int = 20,
) -> int:
    """The unit whose k strongest sequences are split most evenly between two of the domains in `among`.

    Of units that are split alike, the one that gets strongest. A ValueError names a domain that the text does not have.
    """
    if missing := [name for name in among if name not in text.domains]:
        raise ValueError(f"Expected domains of this text ({', '.join(text.domains)}), found {missing[0]!r}.")
    peaks = activations.amax(dim=1)
    rows = peaks.topk(min(k, len(peaks)), dim=0).indices
    counts = torch.stack(
        [(text.domain[rows] == text.domains.index(name)).sum(dim=0) for name in among], dim=1
    )
    second = counts.topk(min(2, len(among)), dim=1).values[:, -1].float()
    strongest = peaks.amax(dim=0)
    return int((second + 0.5 * strongest / strongest.max()).argmax())
