"""Changing what a neuron does while the model runs, and what that costs the model, token by token and by domain."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.models import ACTIVATION_HOOK

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Edit = Callable[[Float[Tensor, "batch n_ctx d_mlp"]], Float[Tensor, "batch n_ctx d_mlp"]]
"""Takes the activations at a hook point, gives those that the model should go on with (new ones: it changes nothing in place)."""


def set_neuron(neuron: int, value: float = 0.0) -> Edit:
    """The edit that pins one neuron to a value: 0 silences it, a large value stimulates it.

    >>> set_neuron(1, 5.0)(torch.tensor([[[1.0, 2.0, 3.0]]]))
    tensor([[[1., 5., 3.]]])
    """

    def edit(x: Tensor) -> Tensor:
        if not 0 <= neuron < x.shape[-1]:
            raise ValueError(f"Expected a neuron from 0 to {x.shape[-1] - 1}, found {neuron}.")
        pinned = x.clone()
        pinned[..., neuron] = value
        return pinned

    return edit


@torch.no_grad()
def with_activation(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    edit: Edit | None,
    *,
    hook: str = ACTIVATION_HOOK,
    batch_size: int = 64,
) -> Float[Tensor, "n_sequences n_ctx_less_one"]:
    """The loss at every predicted token, in nats, while `edit` changes the activations; None leaves the model as it is.

    Entry [s, t] is the surprise at token t + 1 of sequence s. The hook comes off at the end, also after an error.
    A ValueError says where the tokens have another shape or there are none.

    >>> from mechint_course.language.models import load_model
    >>> tokens = load_model("tiny").to_tokens("the cat sat on the mat")  # the start token, and six words
    >>> [round(loss, 1) for loss in with_activation(load_model("tiny"), tokens, None)[0].tolist()]
    [4.3, 6.3, 5.1, 1.7, 5.2, 7.0]
    """
    if tokens.dim() != 2 or not len(tokens) or tokens.shape[1] < 2:
        raise ValueError(
            f"Expected tokens [n_sequences, n_ctx] with at least two to a sequence, found the shape {list(tokens.shape)}."
        )

    def replace(x: Tensor, hook: Any) -> Tensor:
        return x if edit is None else edit(x)

    parts = []
    for part in tokens.split(batch_size):
        parts.append(
            model.run_with_hooks(part, return_type="loss", loss_per_token=True, fwd_hooks=[(hook, replace)])
        )
    return torch.cat(parts)


def loss_change(
    model: "TransformerBridge", tokens: Int[Tensor, "n_sequences n_ctx"], edit: Edit, **options: Any
) -> Float[Tensor, "n_sequences n_ctx_less_one"]:
    """How much worse every prediction gets by an edit, in nats; below 0 where it gets better.

    `options` are those of `with_activation`, and so is the ValueError.

    Neuron 1 is on for "cat" alone, so without it only the guess at the word behind "cat" changes:

    >>> from mechint_course.language.models import load_model
    >>> tokens = load_model("tiny").to_tokens("the cat sat on the mat")
    >>> [round(change, 2) for change in loss_change(load_model("tiny"), tokens, set_neuron(1))[0].tolist()]
    [0.0, 0.0, -0.06, 0.0, 0.0, 0.0]
    """
    return with_activation(model, tokens, edit, **options) - with_activation(model, tokens, None, **options)


@torch.no_grad()
def probability_change(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    edit: Edit,
    *,
    hook: str = ACTIVATION_HOOK,
    batch_size: int = 16,
) -> Float[Tensor, " d_vocab"]:
    """How much likelier each next token gets by an edit, on average over all positions of a text; the sum is 0.

    A ValueError says where there is no token.

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.language.tiny import TINY_WORDS
    >>> tokens = load_model("tiny").to_tokens("the cat sat on the mat")
    >>> change = probability_change(load_model("tiny"), tokens, set_neuron(0, 50.0))
    >>> TINY_WORDS[change.argmax()], round(float(change.max()), 2)  # the word that neuron 0 speaks for
    ('and', 0.39)
    """
    if tokens.dim() != 2 or not tokens.numel():
        raise ValueError(f"Expected tokens [n_sequences, n_ctx], found the shape {list(tokens.shape)}.")

    def replace(x: Tensor, hook: Any) -> Tensor:
        return edit(x)

    total = torch.zeros(model.cfg.d_vocab)
    for part in tokens.split(batch_size):
        changed = model.run_with_hooks(part, fwd_hooks=[(hook, replace)]).softmax(dim=-1)
        total += (changed - model(part).softmax(dim=-1)).sum(dim=(0, 1))
    return total / tokens.numel()


def by_domain(
    values: Float[Tensor, "n_sequences n_positions"], domain: Int[Tensor, " n_sequences"], n_domains: int
) -> Float[Tensor, " n_domains"]:
    """The mean of some values over the tokens of each domain; NaN for a domain that has none.

    >>> by_domain(torch.tensor([[1.0, 3.0], [5.0, 5.0], [7.0, 9.0]]), torch.tensor([0, 1, 1]), 2)
    tensor([2.0000, 6.5000])
    """
    totals = torch.zeros(n_domains).index_add_(0, domain, values.float().sum(dim=1))
    return totals / (torch.bincount(domain, minlength=n_domains) * values.shape[1])
