"""Which next tokens a direction in the MLP speaks for."""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@torch.no_grad()
def logit_weights(
    model: "TransformerBridge", direction: Float[Tensor, "*batch d_mlp"]
) -> Float[Tensor, "*batch d_vocab"]:
    """What `direction`, added to the last layer's MLP activations, adds to each token's logit.

    The direct path: through W_out, the final LayerNorm's centring and gain, and the unembedding. LayerNorm also
    divides by a positive number of the token at hand, which is left out: it scales all logits alike. The mean over the
    vocabulary is taken off, since a softmax does not see it: above 0 a token becomes likelier than the average one.
    Source: Bricken et al. 2023, "logit weights". Raises ValueError where the direction's size is not d_mlp.

    What the first two neurons of the model of 25 words speak for:

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.language.tiny import TINY_WORDS
    >>> weights = logit_weights(load_model("tiny"), torch.eye(20)[:2])
    >>> weights.shape
    torch.Size([2, 25])
    >>> [TINY_WORDS[word] for word in weights.argmax(dim=1)]
    ['and', 'ran']
    """
    W_out = model.W_out[-1]
    if direction.shape[-1:] != W_out.shape[:1]:
        raise ValueError(
            f"A direction needs d_mlp = {len(W_out)} numbers, but this one has shape {tuple(direction.shape)}."
        )
    written = direction @ W_out
    centred = written - written.mean(-1, keepdim=True)
    logits = (centred * model.ln_final.weight) @ model.W_U
    return logits - logits.mean(-1, keepdim=True)
