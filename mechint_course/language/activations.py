"""What the MLP's neurons do on a text."""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.models import ACTIVATION_HOOK
from mechint_course.work import work

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@torch.no_grad()
def activations(
    model: "TransformerBridge",
    tokens: Int[Tensor, "n_sequences n_ctx"],
    hook: str = ACTIVATION_HOOK,
    *,
    batch_size: int = 64,
    dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "n_sequences n_ctx d_mlp"]:
    """The values at one hook point for every token of a text, by default the MLP's activations after the ReLU.

    A million tokens of 512 activations are 2 GB in float32, half of that with `dtype=torch.float16`.
    A ValueError says where the hook point does not exist, the tokens have another shape or there are none; an
    interrupt raises KeyboardInterrupt. The last dimension is that of the hook point: d_mlp, or d_model for the stream.

    >>> from mechint_course.language.models import load_model
    >>> model = load_model("tiny")
    >>> tokens = model.to_tokens("the cat sat")  # the start token and three words
    >>> found = activations(model, tokens)
    >>> found.shape, float(found.min())  # 20 neurons, and after the ReLU nothing is below 0
    (torch.Size([1, 4, 20]), 0.0)
    >>> activations(model, tokens, "blocks.0.hook_resid_pre").shape  # what the layer reads
    torch.Size([1, 4, 12])
    """
    if tokens.dim() != 2 or tokens.is_floating_point():
        raise ValueError(
            f"Expected tokens [n_sequences, n_ctx] of whole numbers, found {list(tokens.shape)} of {tokens.dtype}."
        )
    if not len(tokens):
        raise ValueError("Expected at least one sequence of tokens, found none.")
    if hook not in model.hook_dict and hook != ACTIVATION_HOOK:
        raise ValueError(f"Expected the name of a hook point such as {ACTIVATION_HOOK!r}, found {hook!r}.")
    found: Tensor | None = None
    done = 0

    def keep(value: Tensor, hook: object) -> None:
        nonlocal found
        if found is None:
            found = torch.empty(len(tokens), *value.shape[1:], dtype=dtype)
        found[done : done + len(value)] = value.to(dtype)

    with work(
        len(tokens), "Reading activations", unit="sequence", disable=len(tokens) <= 4 * batch_size
    ) as bar:
        for part in tokens.split(batch_size):
            model.run_with_hooks(part, return_type=None, fwd_hooks=[(hook, keep)])
            done += len(part)
            bar.update(len(part))
    if bar.interrupted:
        raise KeyboardInterrupt
    assert found is not None  # at least one part was run
    return found
