"""Chapter 3, sections 1 to 3: what learners write where a dictionary is built, tried on known features, and fed."""

from tests.corpus.kinds import Answers

_IMPORTS = """
import numpy as np
import torch
import torch.nn.functional as F
from einops import einsum
from scipy.optimize import linear_sum_assignment
from torch import Tensor

ACTIVATION_HOOK = "blocks.0.mlp.hook_post"
"""


def _function(signature: str, body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def {signature}:\n{lines}"


def _encode(body: str) -> str:
    return _function("relu_encode(x, W_enc, b_enc, b_dec)", body)


def _loss(body: str) -> str:
    return _function("l1_loss(x, reconstruction, latents, l1_coefficient)", body)


def _tangent(body: str) -> str:
    return _function("tangent(W_dec, gradient)", body)


def _score(body: str) -> str:
    return _function("matching_score(directions, truth)", body)


def _latent(body: str) -> str:
    return _function("best_latent(strength, l1_coefficient)", body)


def _shrinkage(body: str) -> str:
    return _function("shrinkage(x, reconstruction)", body)


def _harvest(body: str) -> str:
    return _function("harvest(model, tokens)", body)


RELU_ENCODE = Answers(
    imports=_IMPORTS,
    right={
        "relu": _encode("return torch.relu((x - b_dec) @ W_enc + b_enc)"),
        "clamp": _encode("return (x @ W_enc - b_dec @ W_enc + b_enc).clamp(min=0)"),
        "linear": _encode("return F.relu(F.linear(x - b_dec, W_enc.T, b_enc))"),
        "einsum and where": _encode(
            "h = einsum(x - b_dec, W_enc, 'b i, i s -> b s') + b_enc\nreturn torch.where(h > 0, h, 0)"
        ),
        "row by row": _encode(
            "return torch.stack([torch.maximum((row - b_dec) @ W_enc + b_enc, torch.tensor(0.0)) for row in x])"
        ),
    },
    wrong={
        "b_dec forgotten": ("b-dec-not-subtracted", _encode("return torch.relu(x @ W_enc + b_enc)")),
        "b_dec added": ("b-dec-added", _encode("return torch.relu((x + b_dec) @ W_enc + b_enc)")),
        "b_enc forgotten": ("b-enc-missing", _encode("return torch.relu((x - b_dec) @ W_enc)")),
        "b_enc subtracted": ("b-enc-subtracted", _encode("return torch.relu((x - b_dec) @ W_enc - b_enc)")),
        "no biases": ("biases-missing", _encode("return torch.relu(x @ W_enc)")),
        "no relu": ("relu-missing", _encode("return (x - b_dec) @ W_enc + b_enc")),
        "relu too early": ("bias-after-relu", _encode("return torch.relu((x - b_dec) @ W_enc) + b_enc")),
        "absolute": ("absolute-value", _encode("return ((x - b_dec) @ W_enc + b_enc).abs()")),
        "binary": ("strength-lost", _encode("return ((x - b_dec) @ W_enc + b_enc > 0).float()")),
        "cut off": ("detached", _encode("return torch.relu((x - b_dec).detach() @ W_enc + b_enc)")),
        "transposed": ("raises", _encode("return torch.relu((x - b_dec) @ W_enc.T + b_enc)")),
        "in place": ("mutates-input", _encode("x -= b_dec\nreturn torch.relu(x @ W_enc + b_enc)")),
    },
)

_ERROR = "error = (x - reconstruction).square().sum(-1)\n"

L1_LOSS = Answers(
    imports=_IMPORTS,
    right={
        "one number for each input": _loss(
            _ERROR + "return (error + l1_coefficient * latents.sum(-1)).mean()"
        ),
        "two means": _loss(_ERROR + "return error.mean() + l1_coefficient * latents.abs().sum(dim=1).mean()"),
        "over the batch by hand": _loss(
            "n = len(x)\nreturn ((reconstruction - x) ** 2).sum() / n + l1_coefficient * latents.sum() / n"
        ),
        "mse": _loss(
            "return F.mse_loss(reconstruction, x) * x.shape[1] + l1_coefficient * latents.norm(p=1, dim=-1).mean()"
        ),
    },
    wrong={
        "mse over elements": (
            "mean-over-elements",
            _loss("return F.mse_loss(reconstruction, x) + l1_coefficient * latents.sum(-1).mean()"),
        ),
        "all means": (
            "mean-over-elements",
            _loss("return F.mse_loss(reconstruction, x) + l1_coefficient * latents.mean()"),
        ),
        "mean of the latents": (
            "mean-over-latents",
            _loss(_ERROR + "return error.mean() + l1_coefficient * latents.mean()"),
        ),
        "all sums": ("batch-summed", _loss(_ERROR + "return error.sum() + l1_coefficient * latents.sum()")),
        "penalty summed": (
            "penalty-summed-over-batch",
            _loss(_ERROR + "return error.mean() + l1_coefficient * latents.sum()"),
        ),
        "error summed": (
            "error-summed-over-batch",
            _loss(_ERROR + "return error.sum() + l1_coefficient * latents.sum(-1).mean()"),
        ),
        "no penalty": ("penalty-missing", _loss(_ERROR + "return error.mean()")),
        "no coefficient": ("coefficient-missing", _loss(_ERROR + "return (error + latents.sum(-1)).mean()")),
        "minus": (
            "penalty-rewarded",
            _loss(_ERROR + "return (error - l1_coefficient * latents.sum(-1)).mean()"),
        ),
        "squared latents": (
            "squares-penalised",
            _loss(_ERROR + "return (error + l1_coefficient * (latents**2).sum(-1)).mean()"),
        ),
        "counted": (
            "latents-counted",
            _loss(_ERROR + "return (error + l1_coefficient * (latents > 0).sum(-1)).mean()"),
        ),
        "absolute error": (
            "not-squared",
            _loss(
                "error = (x - reconstruction).abs().sum(-1)\nreturn (error + l1_coefficient * latents.sum(-1)).mean()"
            ),
        ),
        "distance": (
            "root-taken",
            _loss(
                "error = (x - reconstruction).norm(dim=-1)\nreturn (error + l1_coefficient * latents.sum(-1)).mean()"
            ),
        ),
        "not averaged": ("one-per-input", _loss(_ERROR + "return error + l1_coefficient * latents.sum(-1)")),
        "a plain number": (
            "detached",
            _loss(_ERROR + "return (error + l1_coefficient * latents.sum(-1)).mean().item()"),
        ),
        "penalty cut off": (
            "detached",
            _loss(_ERROR + "return (error + l1_coefficient * latents.detach().sum(-1)).mean()"),
        ),
    },
)

TANGENT = Answers(
    imports=_IMPORTS,
    right={
        "sum and subtract": _tangent("return gradient - (gradient * W_dec).sum(dim=1, keepdim=True) * W_dec"),
        "einsum": _tangent(
            "along = einsum(gradient, W_dec, 's i, s i -> s')\nreturn gradient - along[:, None] * W_dec"
        ),
        "lengths divided out": _tangent(
            "along = (gradient * W_dec).sum(1) / (W_dec * W_dec).sum(1)\nreturn gradient - torch.diag(along) @ W_dec"
        ),
        "row by row": _tangent(
            "rows = []\nfor d, g in zip(W_dec, gradient):\n    rows.append(g - torch.dot(g, d) * d)\nreturn torch.stack(rows)"
        ),
        "vecdot": _tangent("return gradient - torch.linalg.vecdot(gradient, W_dec).unsqueeze(1) * W_dec"),
    },
    wrong={
        "the part along": ("along-kept", _tangent("return (gradient * W_dec).sum(1, keepdim=True) * W_dec")),
        "added": (
            "along-added",
            _tangent("return gradient + (gradient * W_dec).sum(1, keepdim=True) * W_dec"),
        ),
        "number subtracted": (
            "not-along-the-row",
            _tangent("return gradient - (gradient * W_dec).sum(1, keepdim=True)"),
        ),
        "columns": (
            "columns-for-rows",
            _tangent("return gradient - (gradient * W_dec).sum(0, keepdim=True) * W_dec"),
        ),
        "one number": ("one-number-for-all", _tangent("return gradient - (gradient * W_dec).sum() * W_dec")),
        "all rows": ("all-rows-removed", _tangent("return gradient - (gradient @ W_dec.T) @ W_dec")),
        "the row": ("whole-row-removed", _tangent("return gradient - W_dec")),
        "without sign": (
            "size-ignored",
            _tangent("return gradient - (gradient * W_dec).sum(1, keepdim=True).abs() * W_dec"),
        ),
        "rescaled": (
            "gradient-normalised",
            _tangent(
                "rest = gradient - (gradient * W_dec).sum(1, keepdim=True) * W_dec\nreturn F.normalize(rest, dim=1)"
            ),
        ),
        "swapped": (
            "gradient-removed",
            _tangent(
                "unit = gradient / gradient.norm(dim=1, keepdim=True)\n"
                "return W_dec - (W_dec * unit).sum(1, keepdim=True) * unit"
            ),
        ),
        "nothing": ("unchanged", _tangent("return gradient")),
        "in place": (
            "mutates-input",
            _tangent("gradient -= (gradient * W_dec).sum(1, keepdim=True) * W_dec\nreturn gradient"),
        ),
    },
)

_UNIT = "t, d = F.normalize(truth, dim=1), F.normalize(directions, dim=1)\nc = t @ d.T\n"

MATCHING_SCORE = Answers(
    imports=_IMPORTS,
    right={
        "hungarian": _score(
            _UNIT + "i, j = linear_sum_assignment(c.numpy(), maximize=True)\nreturn c[i, j].mean().item()"
        ),
        "costs": _score(_UNIT + "i, j = linear_sum_assignment(-c)\nreturn float(c[i, j].mean())"),
        "latents as rows": _score(
            _UNIT + "i, j = linear_sum_assignment(1 - c.T.numpy())\nreturn c.T[i, j].sum() / len(truth)"
        ),
        "cosine similarity": _score(
            "c = F.cosine_similarity(truth[:, None], directions[None], dim=-1).numpy()\n"
            "return c[linear_sum_assignment(c, maximize=True)].mean().item()"
        ),
    },
    wrong={
        "best of each feature": (
            "latents-used-twice",
            _score(_UNIT + "return c.max(dim=1).values.mean().item()"),
        ),
        "best of each latent": (
            "best-feature-of-each-latent",
            _score(_UNIT + "return c.max(dim=0).values.mean().item()"),
        ),
        "absolute": (
            "sign-ignored",
            _score(
                _UNIT
                + "c = c.abs()\ni, j = linear_sum_assignment(c, maximize=True)\nreturn c[i, j].mean().item()"
            ),
        ),
        "absolute pairing": (
            "sign-ignored",
            _score(
                _UNIT + "i, j = linear_sum_assignment(c.abs(), maximize=True)\nreturn c[i, j].mean().item()"
            ),
        ),
        "minimised": (
            "worst-pairing",
            _score(_UNIT + "i, j = linear_sum_assignment(c)\nreturn c[i, j].mean().item()"),
        ),
        "products": (
            "lengths-left-in",
            _score(
                "c = truth @ directions.T\ni, j = linear_sum_assignment(c, maximize=True)\nreturn c[i, j].mean().item()"
            ),
        ),
        "only the truth scaled": (
            "lengths-left-in",
            _score(
                "c = F.normalize(truth, dim=1) @ directions.T\ni, j = linear_sum_assignment(c, maximize=True)\n"
                "return c[i, j].mean().item()"
            ),
        ),
        "only the latents scaled": (
            "lengths-left-in",
            _score(
                "c = truth @ F.normalize(directions, dim=1).T\ni, j = linear_sum_assignment(c, maximize=True)\n"
                "return c[i, j].mean().item()"
            ),
        ),
        "columns": (
            "columns-scaled",
            _score(
                "c = F.normalize(truth, dim=0) @ F.normalize(directions, dim=0).T\n"
                "i, j = linear_sum_assignment(c, maximize=True)\nreturn c[i, j].mean().item()"
            ),
        ),
        "greedy": (
            "greedy",
            _score(
                _UNIT + "total = 0.0\nfor row in c:\n    j = row.argmax()\n    total += row[j].item()\n"
                "    c[:, j] = -2\nreturn total / len(c)"
            ),
        ),
        "same order": ("no-pairing", _score(_UNIT + "return c.diagonal().mean().item()")),
        "sum": (
            "summed",
            _score(_UNIT + "i, j = linear_sum_assignment(c, maximize=True)\nreturn c[i, j].sum().item()"),
        ),
        "over the latents": (
            "divided-by-latents",
            _score(
                _UNIT
                + "i, j = linear_sum_assignment(c, maximize=True)\nreturn c[i, j].sum().item() / len(directions)"
            ),
        ),
        "all pairs": (
            "all-pairs",
            _score(
                _UNIT
                + "i, j = linear_sum_assignment(c, maximize=True)\nreturn c[i][:, list(range(len(d)))].mean().item()"
            ),
        ),
    },
)

BEST_LATENT = Answers(
    imports=_IMPORTS,
    right={
        "clamp": _latent("return (strength - l1_coefficient / 2).clamp(min=0)"),
        "relu": _latent("return F.relu(strength - 0.5 * l1_coefficient)"),
        "where": _latent(
            "a = strength - l1_coefficient / 2\nreturn torch.where(a > 0, a, torch.zeros_like(a))"
        ),
        "one by one": _latent(
            "return torch.tensor([max(0.0, s - l1_coefficient / 2) for s in strength.tolist()])"
        ),
    },
    wrong={
        "whole coefficient": (
            "whole-coefficient",
            _latent("return (strength - l1_coefficient).clamp(min=0)"),
        ),
        "twice": ("twice-the-coefficient", _latent("return (strength - 2 * l1_coefficient).clamp(min=0)")),
        "negative": ("negative", _latent("return strength - l1_coefficient / 2")),
        "unshrunk": ("not-shrunk", _latent("return strength.clone()")),
        "threshold only": (
            "only-switched-off",
            _latent("return torch.where(strength > l1_coefficient / 2, strength, 0.0)"),
        ),
        "a share": ("share-instead", _latent("return strength * (1 - l1_coefficient / 2)")),
        "a squared penalty's": ("share-instead", _latent("return strength / (1 + l1_coefficient)")),
        "added": ("stretched", _latent("return (strength + l1_coefficient / 2).clamp(min=0)")),
        "the loss": (
            "loss-returned",
            _latent(
                "a = (strength - l1_coefficient / 2).clamp(min=0)\nreturn (strength - a) ** 2 + l1_coefficient * a"
            ),
        ),
    },
)

_CENTRED = "m = x.mean(0)\na, y = x - m, reconstruction - m\n"

SHRINKAGE = Answers(
    imports=_IMPORTS,
    right={
        "sums": _shrinkage(_CENTRED + "return (y.square().sum() / (y * a).sum()).item()"),
        "einsum": _shrinkage(_CENTRED + "return einsum(y, y, 'b i, b i ->') / einsum(y, a, 'b i, b i ->')"),
        "means": _shrinkage(_CENTRED + "return float((y**2).sum(1).mean() / (y * a).sum(1).mean())"),
        "least squares": _shrinkage(
            _CENTRED
            + "c = torch.linalg.lstsq(y.reshape(-1, 1), a.reshape(-1, 1)).solution\nreturn 1 / c.item()"
        ),
    },
    wrong={
        "upside down": (
            "upside-down",
            _shrinkage(_CENTRED + "return ((y * a).sum() / y.square().sum()).item()"),
        ),
        "mean kept": (
            "mean-kept",
            _shrinkage("y = reconstruction\nreturn (y.square().sum() / (y * x).sum()).item()"),
        ),
        "mean kept in one": (
            "mean-kept",
            _shrinkage("y = reconstruction\nreturn (y.square().sum() / (y * (x - x.mean(0))).sum()).item()"),
        ),
        "own means": (
            "own-means",
            _shrinkage(
                "a, y = x - x.mean(0), reconstruction - reconstruction.mean(0)\nreturn (y.square().sum() / (y * a).sum()).item()"
            ),
        ),
        "one mean": (
            "one-mean-for-all",
            _shrinkage(
                "a, y = x - x.mean(), reconstruction - x.mean()\nreturn (y.square().sum() / (y * a).sum()).item()"
            ),
        ),
        "lengths": ("lengths-compared", _shrinkage(_CENTRED + "return (y.norm() / a.norm()).item()")),
        "squared lengths": (
            "lengths-compared",
            _shrinkage(_CENTRED + "return (y.square().sum() / a.square().sum()).item()"),
        ),
        "over x": ("divided-by-x", _shrinkage(_CENTRED + "return ((y * a).sum() / a.square().sum()).item()")),
        "mean of ratios": (
            "mean-of-ratios",
            _shrinkage(_CENTRED + "return (y.square().sum(1) / (y * a).sum(1)).mean().item()"),
        ),
        "what is missing": (
            "share-missing",
            _shrinkage(_CENTRED + "return 1 - (y.square().sum() / (y * a).sum()).item()"),
        ),
    },
)

_CACHE = "with torch.no_grad():\n    _, cache = model.run_with_cache(tokens)\n"

HARVEST = Answers(
    imports=_IMPORTS,
    right={
        "cache": _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, 1:].flatten(0, 1)"),
        "cache by its short name": _harvest(
            _CACHE + "a = cache['post', 0]\nreturn a[:, 1:, :].reshape(-1, a.shape[-1])"
        ),
        "a hook": _harvest("""
kept = []
with torch.no_grad():
    model.run_with_hooks(tokens, fwd_hooks=[(ACTIVATION_HOOK, lambda x, hook: kept.append(x))])
return torch.cat([sequence[1:] for sequence in kept[0]])
"""),
        "a mask": _harvest(
            _CACHE
            + "keep = torch.ones(tokens.shape, dtype=torch.bool)\nkeep[:, 0] = False\nreturn cache[ACTIVATION_HOOK][keep]"
        ),
        "sequence by sequence": _harvest(
            "rows = []\nfor one in tokens:\n    _, cache = model.run_with_cache(one[None])\n"
            "    rows.extend(cache[ACTIVATION_HOOK][0, 1:].detach())\nreturn torch.stack(rows)"
        ),
    },
    wrong={
        "start kept": ("start-kept", _harvest(_CACHE + "return cache[ACTIVATION_HOOK].flatten(0, 1)")),
        "last left out": (
            "last-left-out",
            _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, :-1].flatten(0, 1)"),
        ),
        "a sequence left out": (
            "sequence-left-out",
            _harvest(_CACHE + "return cache[ACTIVATION_HOOK][1:].flatten(0, 1)"),
        ),
        "start not run": (
            "start-not-run",
            _harvest(
                "with torch.no_grad():\n    _, cache = model.run_with_cache(tokens[:, 1:])\n"
                "return cache[ACTIVATION_HOOK].flatten(0, 1)"
            ),
        ),
        "before the relu": (
            "before-the-relu",
            _harvest(_CACHE + "return cache['blocks.0.mlp.hook_pre'][:, 1:].flatten(0, 1)"),
        ),
        "the layer's output": (
            "not-the-neurons",
            _harvest(_CACHE + "return cache['blocks.0.hook_mlp_out'][:, 1:].flatten(0, 1)"),
        ),
        "position by position": (
            "positions-first",
            _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, 1:].transpose(0, 1).flatten(0, 1)"),
        ),
        "not flattened": ("not-flattened", _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, 1:]")),
        "transposed": (
            "transposed",
            _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, 1:].flatten(0, 1).T"),
        ),
        "averaged": ("averaged", _harvest(_CACHE + "return cache[ACTIVATION_HOOK][:, 1:].mean(1)")),
        "a hook left": (
            "leaves-hooks",
            _harvest("""
kept = []
model.add_hook(ACTIVATION_HOOK, lambda x, hook: kept.append(x))
with torch.no_grad():
    model(tokens)
return kept[0][:, 1:].flatten(0, 1)
"""),
        ),
    },
)

ANSWERS = {
    "sae.relu_encode": RELU_ENCODE,
    "sae.l1_loss": L1_LOSS,
    "sae.tangent": TANGENT,
    "sae.matching_score": MATCHING_SCORE,
    "sae.best_latent": BEST_LATENT,
    "sae.shrinkage": SHRINKAGE,
    "sae.harvest": HARVEST,
}

_ROWS = "a batch has two dimensions, so dimension 1 is the last"
_FILTER = "without a filter the cache holds every hook point, the asked one among them"

EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.l1_loss": {
        "squared_error = (x - reconstruction).square().sum(dim=+1)": _ROWS,
        "penalty = l1_coefficient * latents.sum(dim=+1)": _ROWS,
    },
    "sae.harvest": {
        "_, cache = model.run_with_cache(tokens, names_filter=None)": _FILTER,
        "_, cache = model.run_with_cache(tokens, )": _FILTER,
    },
}
"""Mutants of the references that compute the same: exercise, mutated line, reason."""
