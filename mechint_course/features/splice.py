"""A dictionary put into the language model, and what the model's loss says about it.

Activations x at one hook point are replaced by the dictionary's reconstruction x̂ while the model runs. The share of
the loss that survives is the *loss recovered* (Bricken et al. 2023, appendix): 1 where x̂ serves the model as well
as x, 0 where it serves no better than setting all activations to zero.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.models import ACTIVATION_HOOK
from mechint_course.sae import SAE

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Edit = Callable[[Float[Tensor, "batch n_ctx d_sae"]], Float[Tensor, "batch n_ctx d_sae"]]
"""Takes latents, gives the latents that the model should go on with."""


@dataclass(frozen=True)
class LossRecovered:
    """The model's loss under four treatments of one layer, in nats a predicted token, and the shares that follow."""

    clean: float
    """Untouched."""
    patched: float
    """With the dictionary's reconstruction in place of the activations."""
    zero_ablated: float
    """With every activation set to zero."""
    mean_ablated: float
    """With every activation set to its mean over these tokens."""
    n_tokens: int
    """Predicted tokens behind each number."""

    @property
    def recovered(self) -> float:
        """(zero_ablated - patched) / (zero_ablated - clean): 1 is perfect, below 0 is worse than zeros.

        Raises ValueError where the ablation changes nothing, so that there is nothing to recover.

        >>> LossRecovered(clean=3.0, patched=3.2, zero_ablated=5.0, mean_ablated=4.0, n_tokens=100).recovered
        0.9
        """
        return _share(self.zero_ablated, self.patched, self.clean)

    @property
    def recovered_over_mean(self) -> float:
        """The same against mean ablation, the ValueError too.

        >>> LossRecovered(clean=3.0, patched=3.2, zero_ablated=5.0, mean_ablated=4.0, n_tokens=100).recovered_over_mean
        0.8
        """
        return _share(self.mean_ablated, self.patched, self.clean)


def _share(worst: float, patched: float, clean: float) -> float:
    if worst == clean:
        raise ValueError(
            f"Ablating changes nothing (the loss stays {clean:.4f}), so there is no loss to recover: look at the hook point."
        )
    return round((worst - patched) / (worst - clean), 6)


@contextmanager
def spliced(
    model: "TransformerBridge",
    sae: SAE,
    *,
    keep_error: bool = False,
    edit: Edit | None = None,
    hook: str = ACTIVATION_HOOK,
) -> Iterator["TransformerBridge"]:
    """Inside `with spliced(model, sae):` the model runs on the dictionary's reconstruction of its activations.

    `edit` changes the latents on their way. With `keep_error` what the dictionary misses, x - x̂, is added back, so
    that without an edit the model runs exactly as before and with one only the edit changes it. The hook is taken off
    at the end, also after an error. The model raises ValueError where the layer's width is not the dictionary's d_in.

    A dictionary with a latent for each neuron misses nothing, so only what is done to its latents changes the loss:

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.sae import StandardSAE
    >>> model, sae = load_model("tiny"), StandardSAE(d_in=20, d_sae=20, seed=0)
    >>> for weights in (sae.W_enc, sae.W_dec):
    ...     _ = weights.data.copy_(torch.eye(20))
    >>> for edit in (None, torch.zeros_like):
    ...     with torch.no_grad(), spliced(model, sae, edit=edit):
    ...         round(float(model("the dog ran under the house", return_type="loss")), 2)
    4.04
    4.75
    >>> with torch.no_grad():  # behind the `with`, as before it
    ...     round(float(model("the dog ran under the house", return_type="loss")), 2)
    4.04
    """

    def replace(x: Tensor, hook: Any) -> Tensor:
        if edit is None:
            return x if keep_error else sae.reconstruct(x)
        latents = sae.encode(x)
        changed = sae.decode(edit(latents))
        return changed + (x - sae.decode(latents)) if keep_error else changed

    with model.hooks(fwd_hooks=[(hook, replace)]):
        yield model


@torch.no_grad()
def loss_recovered(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    sae: SAE,
    *,
    hook: str = ACTIVATION_HOOK,
    batch_size: int = 32,
) -> LossRecovered:
    """How much of the model's loss on `tokens` the dictionary's reconstruction keeps.

    Raises ValueError where there is nothing to predict, or the layer's width is not the dictionary's d_in.

    A dictionary with a latent for each neuron recovers everything; if its latents are too weak, it does not:

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.sae import StandardSAE
    >>> tokens = torch.randint(1, 25, (4, 8), generator=torch.Generator().manual_seed(0))
    >>> sae = StandardSAE(d_in=20, d_sae=20, seed=0)
    >>> _ = sae.W_enc.data.copy_(torch.eye(20))
    >>> for strength in (1.0, 0.9, 0.75):
    ...     _ = sae.W_dec.data.copy_(strength * torch.eye(20))
    ...     round(loss_recovered(load_model("tiny"), tokens, sae).recovered, 2)
    1.0
    0.76
    0.38
    """
    if tokens.ndim != 2 or len(tokens) == 0 or tokens.shape[1] < 2:
        raise ValueError(
            f"Expected tokens [n_sequences, n_ctx] with at least two to a sequence, found shape {tuple(tokens.shape)}."
        )
    total, count = torch.zeros(()), 0

    def add(x: Tensor, hook: Any) -> None:
        nonlocal total, count
        total = total + x.double().flatten(0, -2).sum(0)
        count += x[..., 0].numel()

    clean = _mean_loss(model, tokens, batch_size, hook, add)
    mean = (total / count).float()
    return LossRecovered(
        clean=clean,
        patched=_mean_loss(model, tokens, batch_size, hook, lambda x, hook: sae.reconstruct(x)),
        zero_ablated=_mean_loss(model, tokens, batch_size, hook, lambda x, hook: torch.zeros_like(x)),
        mean_ablated=_mean_loss(model, tokens, batch_size, hook, lambda x, hook: mean.to(x).expand_as(x)),
        n_tokens=len(tokens) * (tokens.shape[1] - 1),
    )


def _mean_loss(
    model: "TransformerBridge",
    tokens: Tensor,
    batch_size: int,
    hook: str,
    treat: Callable[[Tensor, Any], Tensor | None],
) -> float:
    total = 0.0
    for part in tokens.split(batch_size):
        total += float(model.run_with_hooks(part, return_type="loss", fwd_hooks=[(hook, treat)])) * len(part)
    return total / len(tokens)
