"""What a neuron or a latent means, by the texts that excite it: its strongest places, and the text around any place.

One unit at a time: every function takes its activations alone, [n_sequences, n_ctx].
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.text import TokenizedText
from mechint_course.language.tokenizer import token_strings


@dataclass(frozen=True)
class Excerpt:
    """A piece of text around one token, with the unit's activation on each token."""

    tokens: tuple[str, ...]
    values: tuple[float, ...]
    label: str
    """The domain that the text comes from."""
    focus: int
    """Which of the tokens the excerpt is about."""


def top_examples(activation: Float[Tensor, "n_sequences n_ctx"], k: int) -> Int[Tensor, "k 2"]:
    """(sequence, position) where the unit is strongest, the strongest first, at most one in a sequence.

    Raises ValueError where k is below 1 or there are fewer sequences.

    >>> top_examples(torch.tensor([[0.0, 3.0, 2.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]), k=2)
    tensor([[2, 2],
            [0, 1]])
    """
    if not 1 <= k <= len(activation):
        raise ValueError(f"Expected k from 1 to the number of sequences, {len(activation)}; found {k}.")
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]], dim=1)


def excerpts(
    text: TokenizedText,
    activation: Float[Tensor, "n_sequences n_ctx"],
    places: Int[Tensor, "n_places 2"],
    *,
    before: int = 14,
    after: int = 7,
) -> list[Excerpt]:
    """The text around each place, with the activations and the domain.

    Args:
        text: the text that the unit was read on, in the course's own tokens.
        activation: the unit's, on every token of it.
        places: (sequence, position) of the tokens that the excerpts are about, such as `top_examples` gives.
        before, after: how many tokens are shown on either side, fewer at the ends of a sequence.

    Raises:
        ValueError: a place is not in the text.

    >>> from mechint_course.language.tokenizer import encode
    >>> tokens = torch.tensor([[0, *encode(["the cat sat"])[0]]])
    >>> text = TokenizedText(tokens, torch.tensor([0]), ("pets",), torch.tensor([0]), "by hand")
    >>> activation = torch.tensor([[0.0, 0.0, 3.0, 1.0, 0.0, 0.0]])
    >>> excerpts(text, activation, top_examples(activation, k=1), before=1, after=2)
    [Excerpt(tokens=('the', ' c', 'at', ' s'), values=(0.0, 3.0, 1.0, 0.0), label='pets', focus=1)]
    """
    found = []
    n_sequences, n_ctx = text.tokens.shape
    for row, position in places.tolist():
        if not (0 <= row < n_sequences and 0 <= position < n_ctx):
            raise ValueError(
                f"Expected places in {n_sequences} sequences of {n_ctx} tokens, found sequence {row}, position {position}."
            )
        first, last = max(0, position - before), min(n_ctx, position + after + 1)
        found.append(
            Excerpt(
                tuple(token_strings(text.tokens[row, first:last])),
                tuple(activation[row, first:last].tolist()),
                text.domains[int(text.domain[row])],
                position - first,
            )
        )
    return found


def answers_to(means: Float[Tensor, "*units n_domains"], share: float = 0.5) -> Int[Tensor, "*units"]:
    """In how many domains a unit's mean activation reaches a share of its best domain's.

    >>> answers_to(torch.tensor([[8.0, 5.0, 1.0], [0.0, 3.0, 0.0]]))
    tensor([2, 1])
    """
    means = means.nan_to_num(0.0)
    best = means.amax(dim=-1, keepdim=True)
    return ((means >= share * best) & (best > 0)).sum(dim=-1)


def quantile_places(
    activation: Float[Tensor, "n_sequences n_ctx"], n_groups: int, each: int, *, seed: int = 0
) -> list[Int[Tensor, "each 2"]]:
    """Random places from weak to strong: the places where the unit is on are sorted and cut into equal groups.

    Gives a tensor of (sequence, position) for each group, the strongest group first. Raises ValueError where the unit
    is on at too few places.

    >>> weak_to_strong = torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0]])
    >>> [sorted(group[:, 1].tolist()) for group in quantile_places(weak_to_strong, n_groups=2, each=2)]
    [[3, 4], [1, 2]]
    """
    places = torch.nonzero(activation > 0)
    if n_groups < 1 or each < 1 or len(places) < n_groups * each:
        raise ValueError(
            f"Expected {n_groups} groups of at least {each} places, but the unit is on at {len(places)}: "
            "take fewer groups, or more text."
        )
    order = places[activation[activation > 0].argsort(descending=True)]
    generator = torch.Generator().manual_seed(seed)
    return [
        group[torch.randperm(len(group), generator=generator)[:each]]
        for group in order.tensor_split(n_groups)
    ]
