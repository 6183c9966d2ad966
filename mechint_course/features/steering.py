"""Directions in the space of the MLP's neurons: found as a difference of means, added, and taken out."""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.features.interventions import Edit
from mechint_course.language.models import ACTIVATION_HOOK

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

NextLogits = Callable[[Int[Tensor, "batch n_ctx"]], Float[Tensor, "batch d_vocab"]]
"""Gives the logits of the token that comes after each sequence."""


def difference_of_means(
    x: Float[Tensor, "n_tokens d_mlp"], inside: Bool[Tensor, " n_tokens"]
) -> Float[Tensor, " d_mlp"]:
    """The direction, at length 1, from the mean activation outside to the mean activation inside.

    >>> difference_of_means(torch.tensor([[3.0, 4.0], [3.0, 6.0], [0.0, 1.0]]), torch.tensor([True, True, False]))
    tensor([0.6000, 0.8000])

    Raises ValueError where one side is empty or both means are the same.
    """
    if not inside.any() or inside.all():
        raise ValueError(f"Expected tokens on both sides, found {int(inside.sum())} of {len(inside)} inside.")
    difference = x[inside].mean(dim=0) - x[~inside].mean(dim=0)
    length = difference.norm()
    if not length > 0:
        raise ValueError("Expected two different means, found the same mean inside and outside.")
    return difference / length


def add_direction(direction: Float[Tensor, " d_mlp"], strength: float) -> Edit:
    """The edit that adds `strength` times a direction at every token.

    >>> add_direction(torch.tensor([0.0, 1.0]), 3.0)(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 5.]]])
    """
    return lambda x: x + strength * direction


def set_component(direction: Float[Tensor, " d_mlp"], level: float) -> Edit:
    """The edit that sets the component along a direction to one level at every token; all others stay.

    The direction may have any length but 0; the component is measured along its unit vector.

    >>> set_component(torch.tensor([0.0, 2.0]), 5.0)(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 5.]]])
    """
    unit = direction / direction.norm()
    return lambda x: x + (level - x @ unit)[..., None] * unit


@torch.no_grad()
def next_logits(
    model: "TransformerBridge",
    tokens: Int[Tensor, "batch n_ctx"],
    edit: Edit | None = None,
    *,
    hook: str = ACTIVATION_HOOK,
) -> Float[Tensor, "batch d_vocab"]:
    """The logits of the token after each sequence, while `edit` changes the activations at every position.

    The edit looks at each position by itself. In a model of one layer what the MLP does at a position reaches the
    logits of that position only, so there the last position is the only one that is edited.

    Strongly stimulated, neuron 0 has the word said that it speaks for:

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.language.tiny import TINY_WORDS
    >>> tokens = load_model("tiny").to_tokens("the cat sat on the mat")
    >>> for strength in (0.0, 100.0):
    ...     edit = add_direction(torch.eye(20)[0], strength)
    ...     TINY_WORDS[next_logits(load_model("tiny"), tokens, edit).argmax()]
    'on'
    'and'
    """
    last_alone = model.cfg.n_layers == 1 and hook == ACTIVATION_HOOK

    def replace(x: Tensor, hook: Any) -> Tensor:
        if edit is None:
            return x
        return torch.cat([x[:, :-1], edit(x[:, -1:])], dim=1) if last_alone else edit(x)

    return model.run_with_hooks(tokens, fwd_hooks=[(hook, replace)])[:, -1]


@torch.no_grad()
def continue_text(
    logits: NextLogits, prompts: Int[Tensor, "batch n_prompt"], n_new: int, *, seed: int = 0
) -> Int[Tensor, "batch n_new"]:
    """Samples `n_new` tokens after each prompt, one after the other, at temperature 1; only the new ones come back.

    With one seed, two interventions meet the same luck: they differ only where their probabilities do.
    Raises ValueError where n_new is below 1.

    A "model" that counts to five and is quite sure of it:

    >>> def count(tokens):
    ...     return 100.0 * torch.nn.functional.one_hot((tokens[:, -1] + 1) % 5, 5)
    >>> continue_text(count, torch.tensor([[0, 1], [2, 3]]), n_new=3)
    tensor([[2, 3, 4],
            [4, 0, 1]])
    """
    if n_new < 1:
        raise ValueError(f"Expected at least one new token, found {n_new}.")
    generator = torch.Generator().manual_seed(seed)
    tokens = prompts
    for _ in range(n_new):
        chances = logits(tokens).softmax(dim=-1)
        tokens = torch.cat([tokens, torch.multinomial(chances, 1, generator=generator)], dim=1)
    return tokens[:, prompts.shape[1] :]


def separating_neurons(
    x: Float[Tensor, "n_tokens d_mlp"], inside: Bool[Tensor, " n_tokens"], k: int
) -> list[int]:
    """The k neurons whose means inside lie farthest above those outside, in their own standard deviations.

    Neuron 0 is as often on here as there; neuron 1 is larger inside, and neuron 2 too, but on the whole it swings more:

    >>> x = torch.tensor([[1.0, 2.0, 9.0], [0.0, 2.0, 3.0], [1.0, 1.0, 0.0], [0.0, 1.0, 6.0]])
    >>> separating_neurons(x, torch.tensor([True, True, False, False]), k=2)
    [1, 2]
    """
    gap = x[inside].mean(dim=0) - x[~inside].mean(dim=0)
    return (gap / x.std(dim=0).clamp(min=1e-6)).topk(k).indices.tolist()


def share_interval(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Where a share lies with 95 % confidence when `hits` of `n` were seen (Wilson 1927), also for 0 and for all.

    Raises ValueError where there was no try, or hits are fewer than none or more than n.

    >>> [round(edge, 2) for edge in share_interval(5, 10)]
    [0.24, 0.76]
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"Expected 0 to n hits of at least one try, found {hits} of {n}.")
    middle = (hits + z * z / 2) / (n + z * z)
    half = z * sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference_interval(
    a: Bool[Tensor, " n"] | Sequence[bool], b: Bool[Tensor, " n"] | Sequence[bool], *, seed: int = 0
) -> tuple[float, float]:
    """Where the share of `a` minus that of `b` lies with 95 % confidence; both were tried on the same n prompts.

    Bootstrapped over prompts, 2,000 draws.

    With `a` eight of ten prompts turned and with `b` three of the same ten: half more, give or take a third.

    >>> a, b = [True] * 8 + [False] * 2, [True] * 3 + [False] * 7
    >>> [round(edge, 1) for edge in difference_interval(a, b)]
    [0.2, 0.8]
    """
    gap = torch.as_tensor(a).float() - torch.as_tensor(b).float()
    generator = torch.Generator().manual_seed(seed)
    drawn = gap[torch.randint(len(gap), (2000, len(gap)), generator=generator)].mean(dim=1)
    low, high = drawn.quantile(torch.tensor([0.025, 0.975])).tolist()
    return low, high
