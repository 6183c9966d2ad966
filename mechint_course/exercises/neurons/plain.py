"""A model's run in plain torch, from its weights alone: what answers that use hooks are compared with."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.values import Fixture

_EPSILON = 1e-5


class Run(NamedTuple):
    """What stands at three hook points."""

    resid_mid: Tensor
    """[batch, n_ctx, d_model], after attention."""
    post: Tensor
    """[batch, n_ctx, d_mlp], after the ReLU."""
    resid_post: Tensor
    """[batch, n_ctx, d_model], after the MLP."""

    def at(self, hook: str) -> Tensor:
        """The values at a hook point, by TransformerLens' name for it."""
        return {
            "blocks.0.hook_resid_mid": self.resid_mid,
            "blocks.0.mlp.hook_post": self.post,
            "blocks.0.hook_resid_post": self.resid_post,
        }[hook]


def weights_of(model: Fixture) -> dict[str, Tensor]:
    """The fixture's weights, detached."""
    from mechint_course.language.models import parameters_of

    return {name: value.detach() for name, value in parameters_of(build(model.name)).items()}


def run(model: Fixture, tokens: Tensor) -> Run:
    """The layer, up to the residual stream that it leaves behind."""
    w, n_heads = weights_of(model), build(model.name).cfg.n_heads

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    resid = w["tok_embed.weight"][tokens] + w["pos.weight"][: tokens.shape[1]]
    normed = _norm(resid, w, "layers.0.ln1")
    q, k, v = (
        linear(normed, f"layers.0.attn.{name}").unflatten(-1, (n_heads, -1)).transpose(1, 2) for name in "qkv"
    )
    z = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
    mid = resid + linear(z, "layers.0.attn.o")
    post = torch.relu(linear(_norm(mid, w, "layers.0.ln2"), "layers.0.mlp.fc_in"))
    return Run(mid, post, mid + linear(post, "layers.0.mlp.fc_out"))


def logits(model: Fixture, tokens: Tensor, post: Tensor | None = None) -> Tensor:
    """The logits at every position, [batch, n_ctx, d_vocab], with other MLP activations where `post` is given."""
    w, ran = weights_of(model), run(model, tokens)
    resid = (
        ran.resid_post
        if post is None
        else ran.resid_post + (post - ran.post) @ w["layers.0.mlp.fc_out.weight"].T
    )
    return _norm(resid, w, "ln_out") @ w["head.weight"].T


def _norm(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    return layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], _EPSILON)
