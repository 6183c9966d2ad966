"""Chapter 3: what learners write, right and wrong."""

from tests.corpus import (
    sae_dead,
    sae_doubting,
    sae_explaining,
    sae_first,
    sae_frontier,
    sae_proof,
    sae_reading,
)
from tests.corpus.kinds import Answers

_IMPORTS = """
import numpy as np
import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import Tensor

ACTIVATION_HOOK = "blocks.0.mlp.hook_post"
"""


def _encode(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def encode(x, W_enc, b_enc, b_dec, k):\n{lines}"


def _decode(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def decode(latents, W_dec, b_dec):\n{lines}"


def _recovered(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def loss_recovered(model, tokens, reconstruction):\n{lines}"


def _precision(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def precision(fires, in_domain):\n{lines}"


_H = "h = (x - b_dec) @ W_enc + b_enc\n"
_SCATTER = (
    "values, indices = h.topk(k, dim=-1)\nreturn torch.zeros_like(h).scatter(-1, indices, values.relu())"
)

ENCODE = Answers(
    imports=_IMPORTS,
    right={
        "scatter": _encode(_H + _SCATTER),
        "threshold": _encode(_H + "return torch.where(h >= h.topk(k).values[:, -1:], h, 0).clamp(min=0)"),
        "mask times relu": _encode(
            _H + "mask = torch.zeros_like(h)\nmask.scatter_(1, h.topk(k).indices, 1)\nreturn F.relu(h) * mask"
        ),
        "relu first": _encode(
            _H
            + "h = h.relu()\nvalues, indices = h.topk(k)\nreturn torch.zeros_like(h).scatter(1, indices, values)"
        ),
        "kth value": _encode(
            _H
            + "least = h.kthvalue(h.shape[1] - k + 1, dim=1, keepdim=True).values\nreturn h.relu() * (h >= least)"
        ),
        "sort and einsum": _encode(
            "h = einsum(x - b_dec, W_enc, 'b i, i s -> b s') + b_enc\n"
            "order = h.argsort(dim=1, descending=True)[:, :k]\n"
            "out = torch.zeros(h.shape)\nrows = torch.arange(len(h))[:, None]\n"
            "out[rows, order] = torch.relu(h[rows, order])\nreturn out"
        ),
        "loop over rows": _encode(
            "out = []\nfor row in x:\n    h = (row - b_dec) @ W_enc + b_enc\n    top = h.topk(k)\n"
            "    latents = torch.zeros_like(h)\n    latents[top.indices] = top.values.relu()\n    out.append(latents)\n"
            "return torch.stack(out)"
        ),
    },
    wrong={
        "b_dec forgotten": ("b-dec-not-subtracted", _encode("h = x @ W_enc + b_enc\n" + _SCATTER)),
        "b_dec added": ("b-dec-added", _encode("h = (x + b_dec) @ W_enc + b_enc\n" + _SCATTER)),
        "b_enc forgotten": ("b-enc-missing", _encode("h = (x - b_dec) @ W_enc\n" + _SCATTER)),
        "b_enc subtracted": ("b-enc-subtracted", _encode("h = (x - b_dec) @ W_enc - b_enc\n" + _SCATTER)),
        "no biases": ("biases-missing", _encode("h = x @ W_enc\n" + _SCATTER)),
        "relu forgotten": (
            "relu-missing",
            _encode(_H + "v, i = h.topk(k)\nreturn torch.zeros_like(h).scatter(1, i, v)"),
        ),
        "top-k forgotten": ("topk-missing", _encode(_H + "return h.relu()")),
        "top-k of absolute values, then relu": (
            "largest-by-size",
            _encode(
                _H
                + "i = h.abs().topk(k).indices\nreturn torch.zeros_like(h).scatter(1, i, h.gather(1, i)).relu()"
            ),
        ),
        "top-k of absolute values": (
            "largest-by-size",
            _encode(
                _H + "i = h.abs().topk(k).indices\nreturn torch.zeros_like(h).scatter(1, i, h.gather(1, i))"
            ),
        ),
        "absolute values kept": (
            "largest-by-size",
            _encode(_H + "v, i = h.abs().topk(k)\nreturn torch.zeros_like(h).scatter(1, i, v)"),
        ),
        "the smallest": (
            "k-smallest",
            _encode(
                _H + "v, i = h.topk(k, largest=False)\nreturn torch.zeros_like(h).scatter(1, i, v.relu())"
            ),
        ),
        "along the batch": (
            "topk-over-inputs",
            _encode(
                _H
                + "v, i = h.topk(min(k, len(h)), dim=0)\nreturn torch.zeros_like(h).scatter(0, i, v.relu())"
            ),
        ),
        "batch top-k": (
            "topk-over-batch",
            _encode(
                _H
                + "least = h.flatten().topk(k * len(h)).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"
            ),
        ),
        "k in the whole batch": (
            "topk-once",
            _encode(
                _H + "least = h.flatten().topk(k).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"
            ),
        ),
        "strictly above the k-th": (
            "one-too-few",
            _encode(_H + "return torch.where(h > h.topk(k).values[:, -1:], h, 0).relu()"),
        ),
        "one too many": (
            "one-too-many",
            _encode(
                _H
                + "v, i = h.topk(min(k + 1, h.shape[1]))\nreturn torch.zeros_like(h).scatter(1, i, v.relu())"
            ),
        ),
        "bias after the selection": (
            "bias-everywhere",
            _encode(
                "h = (x - b_dec) @ W_enc\nv, i = h.topk(k)\nreturn (torch.zeros_like(h).scatter(1, i, v) + b_enc).relu()"
            ),
        ),
        "selected without the bias": (
            "bias-after-selection",
            _encode(
                "h = (x - b_dec) @ W_enc\ni = h.topk(k).indices\nh = h + b_enc\n"
                "return torch.zeros_like(h).scatter(1, i, h.gather(1, i).relu())"
            ),
        ),
        "values only": ("only-values", _encode(_H + "return h.topk(k).values.relu()")),
        "indices only": ("only-indices", _encode(_H + "return h.topk(k).indices")),
        "binary": (
            "strength-lost",
            _encode(_H + "v, i = h.topk(k)\nreturn torch.zeros_like(h).scatter(1, i, (v > 0).float())"),
        ),
        "h itself": ("pre-activations-returned", _encode(_H + "return h")),
        "gradients cut": ("detached", _encode(_H + _SCATTER.replace("return ", "return (") + ").detach()")),
        "gradients cut by numpy": (
            "detached",
            _encode(
                "h = (x.detach().numpy() - b_dec.detach().numpy()) @ W_enc.detach().numpy() + b_enc.detach().numpy()\n"
                "h[h < np.sort(h, axis=1)[:, -k][:, None]] = 0\nreturn np.maximum(h, 0)"
            ),
        ),
        "no gradient to b_dec": (
            "detached",
            _encode("h = (x - b_dec.detach()) @ W_enc + b_enc\n" + _SCATTER),
        ),
        "x changed in place": ("mutates-input", _encode("x -= b_dec\nh = x @ W_enc + b_enc\n" + _SCATTER)),
        "return forgotten": ("returns-nothing", _encode(_H + _SCATTER.replace("return ", "out = "))),
    },
)

DECODE = Answers(
    imports=_IMPORTS,
    right={
        "matrix product": _decode("return latents @ W_dec + b_dec"),
        "einsum": _decode("return einsum(latents, W_dec, 'b s, s i -> b i') + b_dec"),
        "linear": _decode("return F.linear(latents, W_dec.T, b_dec)"),
        "addmm": _decode("return torch.addmm(b_dec, latents, W_dec)"),
        "loop over latents": _decode(
            "total = b_dec.expand(len(latents), -1)\nfor j in range(len(W_dec)):\n"
            "    total = total + latents[:, j : j + 1] * W_dec[j]\nreturn total"
        ),
    },
    wrong={
        "b_dec forgotten": ("b-dec-not-added", _decode("return latents @ W_dec")),
        "b_dec subtracted": ("b-dec-subtracted", _decode("return latents @ W_dec - b_dec")),
        "b_dec for every latent": ("b-dec-per-latent", _decode("return latents @ (W_dec + b_dec)")),
        "relu": ("relu-on-output", _decode("return torch.relu(latents @ W_dec + b_dec)")),
        "relu before the bias": ("relu-on-output", _decode("return torch.relu(latents @ W_dec) + b_dec")),
        "strengths ignored": ("strength-ignored", _decode("return (latents > 0).float() @ W_dec + b_dec")),
        "mean over latents": (
            "averaged",
            _decode("return (latents[:, :, None] * W_dec).mean(1) + b_dec"),
        ),
        "mean over active latents": (
            "averaged",
            _decode(
                "n = (latents > 0).sum(1, keepdim=True).clamp(min=1)\nreturn (latents @ W_dec) / n + b_dec"
            ),
        ),
        "unit directions": (
            "directions-normalised",
            _decode("return latents @ F.normalize(W_dec, dim=1) + b_dec"),
        ),
        "unit columns": (
            "directions-normalised",
            _decode("return latents @ F.normalize(W_dec, dim=0) + b_dec"),
        ),
        "transposed": ("raises", _decode("return latents @ W_dec.T + b_dec")),
        "gradients cut": ("detached", _decode("return (latents @ W_dec).detach() + b_dec")),
        "latents changed": ("mutates-input", _decode("latents *= 2\nreturn latents @ W_dec / 2 + b_dec")),
    },
)

_LOSSES = """
def loss(f):
    return model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(ACTIVATION_HOOK, f)])
clean = model(tokens, return_type="loss")
patched = loss(lambda x, hook: reconstruction)
zero = loss(lambda x, hook: torch.zeros_like(x))
"""
_SHARE = "return ((zero - patched) / (zero - clean)).item()"

LOSS_RECOVERED = Answers(
    imports=_IMPORTS,
    right={
        "run_with_hooks": _recovered(_LOSSES + _SHARE),
        "a tensor comes back": _recovered(_LOSSES + "return (zero - patched) / (zero - clean)"),
        "one minus the share lost": _recovered(
            _LOSSES + "return float(1 - (patched - clean) / (zero - clean))"
        ),
        "hooks in a with": _recovered("""
losses = {}
for name, value in (("clean", None), ("patched", reconstruction), ("zero", 0.0 * reconstruction)):
    hooks = [] if value is None else [(ACTIVATION_HOOK, lambda x, hook, value=value: value)]
    with torch.no_grad(), model.hooks(fwd_hooks=hooks):
        losses[name] = model(tokens, return_type="loss").item()
return (losses["zero"] - losses["patched"]) / (losses["zero"] - losses["clean"])
"""),
        "cross entropy by hand, in place": _recovered("""
def loss(fill):
    def f(x, hook):
        if fill is not None:
            x[:] = fill
        return x
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(ACTIVATION_HOOK, f)])
    log_probs = logits[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:, None]).mean().item()
clean, patched, zero = loss(None), loss(reconstruction), loss(0.0)
return (zero - patched) / (zero - clean)
"""),
        "hooks added and reset": _recovered("""
clean = model(tokens, return_type="loss")
model.add_hook(ACTIVATION_HOOK, lambda x, hook: reconstruction)
patched = model(tokens, return_type="loss")
model.reset_hooks()
model.add_hook(ACTIVATION_HOOK, lambda x, hook: x * 0)
zero = model(tokens, return_type="loss")
model.reset_hooks()
return float((zero - patched) / (zero - clean))
"""),
    },
    wrong={
        "share lost": (
            "share-lost",
            _recovered(_LOSSES + "return ((patched - clean) / (zero - clean)).item()"),
        ),
        "sign": ("sign-flipped", _recovered(_LOSSES + "return ((patched - zero) / (zero - clean)).item()")),
        "over zero": (
            "divided-by-zero-loss",
            _recovered(_LOSSES + "return ((zero - patched) / zero).item()"),
        ),
        "ratio": ("ratio-of-losses", _recovered(_LOSSES + "return (clean / patched).item()")),
        "other ratio": ("ratio-of-losses", _recovered(_LOSSES + "return (patched / clean).item()")),
        "upside down": (
            "upside-down",
            _recovered(_LOSSES + "return ((zero - clean) / (zero - patched)).item()"),
        ),
        "per cent": (
            "in-percent",
            _recovered(_LOSSES + "return 100 * ((zero - patched) / (zero - clean)).item()"),
        ),
        "increase": ("loss-increase", _recovered(_LOSSES + "return (patched - clean).item()")),
        "patched loss": ("loss-returned", _recovered(_LOSSES + "return patched.item()")),
        "clipped": (
            "clipped",
            _recovered(_LOSSES + "return ((zero - patched) / (zero - clean)).clamp(0, 1).item()"),
        ),
        "hook returns nothing": (
            "not-patched",
            _recovered(_LOSSES + "patched = loss(lambda x, hook: None)\n" + _SHARE),
        ),
        "added": (
            "added-not-replaced",
            _recovered(_LOSSES + "patched = loss(lambda x, hook: x + reconstruction)\n" + _SHARE),
        ),
        "error patched": (
            "error-patched",
            _recovered(_LOSSES + "patched = loss(lambda x, hook: x - reconstruction)\n" + _SHARE),
        ),
        "before the relu": (
            "patched-before-relu",
            _recovered(
                _LOSSES + "patched = model.run_with_hooks(tokens, return_type='loss', "
                "fwd_hooks=[('blocks.0.mlp.hook_pre', lambda x, hook: reconstruction)])\n" + _SHARE
            ),
        ),
        "mean ablation": (
            "mean-ablated",
            _recovered(_LOSSES + "zero = loss(lambda x, hook: x.mean((0, 1)).expand_as(x))\n" + _SHARE),
        ),
        "whole output ablated": (
            "output-ablated",
            _recovered(
                _LOSSES + "zero = model.run_with_hooks(tokens, return_type='loss', "
                "fwd_hooks=[('blocks.0.hook_mlp_out', lambda x, hook: torch.zeros_like(x))])\n" + _SHARE
            ),
        ),
        "not shifted": (
            "targets-not-shifted",
            _recovered("""
def loss(hooks):
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
    return F.cross_entropy(logits.flatten(0, 1), tokens.flatten()).item()
clean = loss([])
patched = loss([(ACTIVATION_HOOK, lambda x, hook: reconstruction)])
zero = loss([(ACTIVATION_HOOK, lambda x, hook: torch.zeros_like(x))])
return (zero - patched) / (zero - clean)
"""),
        ),
        "hook left behind": (
            "leaves-hooks",
            _recovered("""
clean = model(tokens, return_type="loss")
model.add_hook(ACTIVATION_HOOK, lambda x, hook: reconstruction)
patched = model(tokens, return_type="loss")
zero = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(ACTIVATION_HOOK, lambda x, hook: x * 0)])
return float((zero - patched) / (zero - clean))
"""),
        ),
    },
)

_HITS = "hits = (fires & in_domain[:, None]).sum(0)\n"

PRECISION = Answers(
    imports=_IMPORTS,
    right={
        "clamp": _precision(_HITS + "return hits / fires.sum(0).clamp(min=1)"),
        "nan to num": _precision(_HITS + "return torch.nan_to_num(hits / fires.sum(0), nan=0.0)"),
        "matrix product": _precision(
            "f = fires.double()\nreturn (in_domain.double() @ f) / f.sum(0).clamp(min=1)"
        ),
        "rows of the domain": _precision(
            "inside = fires[in_domain].sum(0)\nreturn inside / torch.clamp(fires.sum(0), min=1)"
        ),
        "numpy": _precision(
            "f, d = fires.numpy(), in_domain.numpy()\nn = np.maximum(f.sum(0), 1)\nreturn (f & d[:, None]).sum(0) / n"
        ),
        "loop": _precision(
            "out = []\nfor j in range(fires.shape[1]):\n    on = fires[:, j]\n"
            "    out.append(in_domain[on].float().mean().item() if on.any() else 0.0)\nreturn torch.tensor(out)"
        ),
        "where": _precision(
            _HITS + "n = fires.sum(0)\nreturn torch.where(n > 0, hits / n, torch.tensor(0.0))"
        ),
    },
    wrong={
        "silent units": ("silent-is-nan", _precision(_HITS + "return hits / fires.sum(0)")),
        "silent units perfect": (
            "silent-is-one",
            _precision(_HITS + "return torch.nan_to_num(hits / fires.sum(0), nan=1.0)"),
        ),
        "recall": ("recall", _precision(_HITS + "return hits / in_domain.sum().clamp(min=1)")),
        "share of all": (
            "share-of-all-tokens",
            _precision("return (fires & in_domain[:, None]).float().mean(0)"),
        ),
        "density": ("density", _precision("return fires.float().mean(0)")),
        "outside": (
            "outside-the-domain",
            _precision("return (fires & ~in_domain[:, None]).sum(0) / fires.sum(0).clamp(min=1)"),
        ),
        "complement": (
            "outside-the-domain",
            _precision(_HITS + "return 1 - hits / fires.sum(0).clamp(min=1)"),
        ),
        "accuracy": ("accuracy", _precision("return (fires == in_domain[:, None]).float().mean(0)")),
        "f1": (
            "f1",
            _precision(_HITS + "return 2 * hits / (fires.sum(0) + in_domain.sum()).clamp(min=1)"),
        ),
        "union": (
            "union",
            _precision(_HITS + "return hits / (fires | in_domain[:, None]).sum(0).clamp(min=1)"),
        ),
        "counts": ("counts-returned", _precision(_HITS + "return hits")),
        "all units at once": ("one-number", _precision(_HITS + "return hits.sum() / fires.sum()")),
        "one added": ("never-zero-divisor", _precision(_HITS + "return hits / (fires.sum(0) + 1)")),
        "along the units": ("raises", _precision("return (fires & in_domain).sum(0) / fires.sum(0)")),
        "list of tensors forgotten": (
            "returns-nothing",
            _precision(_HITS + "hits / fires.sum(0).clamp(min=1)"),
        ),
    },
)

ANSWERS = {
    "sae.encode": ENCODE,
    "sae.decode": DECODE,
    "sae.loss_recovered": LOSS_RECOVERED,
    "sae.precision": PRECISION,
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.encode": {
        "values, indices = h.topk(k, )": "the last dimension is topk's default",
        "values, indices = h.topk(k, dim=+1)": "a batch has two dimensions, so dimension 1 is the last",
        "return torch.zeros_like(h).scatter(+1, indices, values.relu())": (
            "a batch has two dimensions, so dimension 1 is the last"
        ),
    },
}
"""Mutants of the references that compute the same: exercise, mutated line, reason."""

for _part in (sae_first, sae_reading, sae_dead, sae_frontier, sae_proof, sae_doubting, sae_explaining):
    ANSWERS |= _part.ANSWERS
    EQUIVALENT |= _part.EQUIVALENT
