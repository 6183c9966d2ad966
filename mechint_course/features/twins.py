"""Twins that fire together: do they also say the same? Logit weights compared across models.

A latent writes through its decoder row into the next token's logits. Vocabularies are shared by models, so what two
latents say can be compared although their spaces cannot. Bricken et al. 2023 (section "Universality") show a pair that
fires together, correlation .98, and whose logit weights are negatively correlated.
"""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.features.logits import logit_weights

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_ROWS_AT_ONCE = 512


@torch.no_grad()
def logit_agreement(
    models: "tuple[TransformerBridge, TransformerBridge]",
    left: Float[Tensor, "n_pairs d_left"],
    right: Float[Tensor, "n_pairs d_right"],
) -> Float[Tensor, " n_pairs"]:
    """The correlation over the vocabulary of what each pair of directions adds to the logits of its own model.

    Args:
        models: whose activations the directions `left` and `right` are in; they share a tokenizer.
        left, right: decoder rows, pair by pair.

    Raises:
        ValueError: the sides differ in number, or a direction's size is not the d_mlp of its model.

    >>> from mechint_course.language.models import load_model
    >>> model, neurons = load_model("tiny"), torch.eye(20)
    >>> said = logit_agreement((model, model), neurons[[0, 0, 0]], torch.stack([neurons[0], -neurons[0], neurons[7]]))
    >>> [round(value, 2) for value in said.tolist()]  # the same, the opposite, and something else
    [1.0, -1.0, -0.02]
    """
    if len(left) != len(right):
        raise ValueError(
            f"expected pairs, found {len(left)} directions on one side and {len(right)} on the other."
        )
    found = torch.zeros(len(left))
    for start in range(0, len(left), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        x, y = logit_weights(models[0], left[rows]), logit_weights(models[1], right[rows])
        # Logit weights have mean 0 over the vocabulary already.
        found[rows] = torch.nn.functional.cosine_similarity(x, y, dim=1)
    return found


def agree_and_disagree(
    correlation: Float[Tensor, " n_pairs"],
    said: Float[Tensor, " n_pairs"],
    counted: Bool[Tensor, " n_pairs"],
    *,
    at_least: float = 0.8,
) -> int:
    """The pair that agrees on when to fire and least on what to say.

    Among the counted pairs with a correlation of `at_least` (or, where there is none, the best tenth of them), the one
    whose logit weights correlate least. Raises ValueError where none is counted.

    >>> agree_and_disagree(torch.tensor([0.9, 0.9, 0.3]), torch.tensor([0.8, -0.2, -0.9]), torch.ones(3).bool())
    1
    """
    among: Int[Tensor, " _"] = counted.nonzero()[:, 0]
    if not len(among):
        raise ValueError("expected at least one pair that is counted, found none.")
    least = min(at_least, float(correlation[among].quantile(0.9)))
    among = among[correlation[among] >= least]
    return int(among[said[among].argmin()])
