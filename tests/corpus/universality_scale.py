"""Chapter 4, sections 2 and 3: what learners write about sums, latents, luck and whole spaces, right and wrong."""

from tests.corpus.kinds import Answers

IMPORTS = """
import math
import numpy as np
import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from mechint_course.language import ACTIVATION_HOOK, activations
from torch import Tensor
"""


def writer(head: str):
    """Makes whole functions out of bodies."""

    def write(body: str) -> str:
        return f"def {head}:\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())

    return write


update = writer("update_moments(state, left, right)")
moments = writer("from_moments(state)")
read = writer("latents_of(model, sae, tokens)")
lucky = writer("luck(null, density, edges, level)")
space = writer("cka(left, right)")

_DOUBLE = "left, right = left.double(), right.double()\n"
_SUMS = """return {"n_tokens": state["n_tokens"] + %s,
        "sum_left": state["sum_left"] + %s, "sum_right": state["sum_right"] + %s,
        "squares_left": state["squares_left"] + %s, "squares_right": state["squares_right"] + %s,
        "products": state["products"] + %s}"""


def _sums(
    count="len(left)", sum_left="left.sum(0)", sum_right="right.sum(0)", squares_left="(left**2).sum(0)",
    squares_right="(right**2).sum(0)", products="left.T @ right",
) -> str:  # fmt: skip
    return _SUMS % (count, sum_left, sum_right, squares_left, squares_right, products)


UPDATE_MOMENTS = Answers(
    imports=IMPORTS,
    right={
        "sums": update(_DOUBLE + _sums()),
        "a copied dict": update(
            _DOUBLE
            + 'new = dict(state)\nnew["n_tokens"] = state["n_tokens"] + left.shape[0]\n'
            + 'new["sum_left"] = state["sum_left"] + left.sum(dim=0)\nnew["sum_right"] = state["sum_right"] + right.sum(dim=0)\n'
            + 'new["squares_left"] = state["squares_left"] + left.square().sum(dim=0)\n'
            + 'new["squares_right"] = state["squares_right"] + right.square().sum(dim=0)\n'
            + 'new["products"] = state["products"] + torch.einsum("ti,tj->ij", left, right)\nreturn new'
        ),
        "numpy": update(
            "x, y = left.numpy().astype(np.float64), right.numpy().astype(np.float64)\n"
            "more = {'n_tokens': len(x), 'sum_left': x.sum(0), 'sum_right': y.sum(0), 'squares_left': (x * x).sum(0),\n"
            "        'squares_right': (y * y).sum(0), 'products': x.T @ y}\n"
            "return {name: state[name] + (torch.from_numpy(v) if name != 'n_tokens' else v) for name, v in more.items()}"
        ),
        "token by token": update(
            "new = {k: v for k, v in state.items()}\nfor x, y in zip(left.double(), right.double()):\n"
            "    new['n_tokens'] = new['n_tokens'] + 1\n    new['sum_left'] = new['sum_left'] + x\n    new['sum_right'] = new['sum_right'] + y\n"
            "    new['squares_left'] = new['squares_left'] + x * x\n    new['squares_right'] = new['squares_right'] + y * y\n"
            "    new['products'] = new['products'] + torch.outer(x, y)\nreturn new"
        ),
    },
    wrong={
        "single precision": ("single-precision", update(_sums())),
        "state in single precision": (
            "single-precision",
            update(
                _DOUBLE
                + "new = "
                + _sums().removeprefix("return ")
                + "\nreturn {k: v.float() if k != 'n_tokens' else v for k, v in new.items()}"
            ),
        ),
        "this batch only": (
            "old-forgotten",
            update(
                _DOUBLE
                + "return dict(n_tokens=len(left), sum_left=left.sum(0), sum_right=right.sum(0), squares_left=(left**2).sum(0), "
                "squares_right=(right**2).sum(0), products=left.T @ right)"
            ),
        ),
        "counts batches": ("counts-batches", update(_DOUBLE + _sums(count="1"))),
        "count stays": ("count-kept", update(_DOUBLE + _sums(count="0"))),
        "numel": ("counts-numbers", update(_DOUBLE + _sums(count="left.numel()"))),
        "means": (
            "means-added",
            update(_DOUBLE + _sums("len(left)", "left.mean(0)", "right.mean(0)", "(left**2).mean(0)", "(right**2).mean(0)",
                                   "left.T @ right / len(left)")),
        ),
        "square of the sum": (
            "square-of-the-sum",
            update(_DOUBLE + _sums(squares_left="left.sum(0) ** 2", squares_right="right.sum(0) ** 2")),
        ),
        "outer of sums": ("product-of-sums", update(_DOUBLE + _sums(products="torch.outer(left.sum(0), right.sum(0))"))),
        "centred in the batch": (
            "centred-by-batch",
            update(
                "sums = left.double().sum(0), right.double().sum(0)\n"
                "left, right = left.double() - left.double().mean(0), right.double() - right.double().mean(0)\n"
                + _sums(sum_left="sums[0]", sum_right="sums[1]")
            ),
        ),
        "products the other way": (None, update(_DOUBLE + _sums(products="right.T @ left"))),
        "in place": (
            "mutates-input",
            update(
                'state["n_tokens"] += len(left)\nstate["sum_left"] += left.double().sum(0)\nstate["sum_right"] += right.double().sum(0)\n'
                'state["squares_left"] += left.double().square().sum(0)\nstate["squares_right"] += right.double().square().sum(0)\n'
                'state["products"] += left.double().T @ right.double()\nreturn state'
            ),
        ),
        "no products": ("products-forgotten", update(_DOUBLE + _sums(products="0"))),
        "absolute values": (
            "squares-without-square",
            update(_DOUBLE + _sums(squares_left="left.abs().sum(0)", squares_right="right.abs().sum(0)")),
        ),
        "nothing returned": ("wrong-type", update("new = dict(state)\nnew['n_tokens'] = 3")),
    },
)  # fmt: skip

_N = 'n = state["n_tokens"]\n'
_DEVIATIONS = (
    _N + 'together = state["products"] - torch.outer(state["sum_left"], state["sum_right"]) / n\n'
    'left = state["squares_left"] - state["sum_left"] ** 2 / n\nright = state["squares_right"] - state["sum_right"] ** 2 / n\n'
)
_SAFE = (
    'left = torch.where(left <= 1e-9 * state["squares_left"], 0.0, left)\n'
    'right = torch.where(right <= 1e-9 * state["squares_right"], 0.0, right)\n'
)
_DIVIDED = "scale = torch.outer(left, right).sqrt()\nreturn torch.where(scale > 0, together / scale, 0.0)"

FROM_MOMENTS = Answers(
    imports=IMPORTS,
    right={
        "where": moments(_DEVIATIONS + _SAFE + _DIVIDED),
        "means": moments(
            _N
            + 'ml, mr = state["sum_left"] / n, state["sum_right"] / n\nvl, vr = state["squares_left"] / n - ml**2, state["squares_right"] / n - mr**2\n'
            'c = state["products"] / n - ml[:, None] * mr\nsl = torch.where(vl > 1e-9 * state["squares_left"] / n, vl, torch.inf).sqrt()\n'
            'sr = torch.where(vr > 1e-9 * state["squares_right"] / n, vr, torch.inf).sqrt()\nreturn c / sl[:, None] / sr'
        ),
        "masks at the end": moments(
            _DEVIATIONS
            + 'r = together / (left.clamp(min=0).sqrt()[:, None] * right.clamp(min=0).sqrt()[None])\n'
            'r[left <= 1e-9 * state["squares_left"]] = 0\nr[:, right <= 1e-9 * state["squares_right"]] = 0\nreturn r'
        ),
        "numpy": moments(
            "s = {k: (v.numpy() if k != 'n_tokens' else v) for k, v in state.items()}\nn = s['n_tokens']\n"
            "l = s['squares_left'] - s['sum_left'] ** 2 / n\nr = s['squares_right'] - s['sum_right'] ** 2 / n\n"
            "l = np.where(l > 1e-9 * s['squares_left'], l, np.inf)\nr = np.where(r > 1e-9 * s['squares_right'], r, np.inf)\n"
            "return (s['products'] - np.outer(s['sum_left'], s['sum_right']) / n) / np.sqrt(np.outer(l, r))"
        ),
    },
    wrong={
        "NaN for constants": ("constant-column", moments(_DEVIATIONS + "return together / torch.outer(left, right).sqrt()")),
        "only zero guarded": ("rounding-counted", moments(_DEVIATIONS + "left, right = left.clamp(min=0), right.clamp(min=0)\n" + _DIVIDED)),
        "nan_to_num": ("rounding-counted", moments(_DEVIATIONS + "return (together / torch.outer(left, right).sqrt()).nan_to_num(0.0)")),
        "a fixed small number": (
            "rare-drowned",
            moments(_DEVIATIONS + "left = torch.where(left < 1e-3, 0.0, left)\nright = torch.where(right < 1e-3, 0.0, right)\n" + _DIVIDED),
        ),
        "an epsilon on variances": (
            "rare-drowned",
            moments(_DEVIATIONS + _SAFE + "return together / n / ((left / n + 1e-10).sqrt()[:, None] * (right / n + 1e-10).sqrt())"),
        ),
        "cosine": (
            "not-centred",
            moments('return (state["products"] / torch.outer(state["squares_left"], state["squares_right"]).sqrt()).nan_to_num(0.0)'),
        ),
        "products keep their means": (
            "products-not-centred",
            moments(_DEVIATIONS + 'together = state["products"]\n' + _SAFE + _DIVIDED),
        ),
        "lengths keep theirs": (
            "lengths-not-centred",
            moments(_DEVIATIONS + 'left, right = state["squares_left"], state["squares_right"]\n' + _SAFE + _DIVIDED),
        ),
        "n forgotten": ("n-forgotten", moments("state = dict(state)\n" + _DEVIATIONS.replace(" / n", "") + "return (together / torch.outer(left, right).sqrt()).nan_to_num(0.0, 0.0, 0.0)")),
        "no root": ("not-rooted", moments(_DEVIATIONS + _SAFE + "scale = torch.outer(left, right)\nreturn torch.where(scale > 0, together / scale, 0.0)")),
        "covariance": ("covariance", moments(_DEVIATIONS + "return together / n")),
        "sums of products": ("covariance", moments(_DEVIATIONS + "return together")),
        "n against n - 1": ("n-mixed", moments(_DEVIATIONS + _SAFE + _DIVIDED.replace("together / scale", "together / (n - 1) / (scale / n)"))),
        "absolute": ("absolute", moments(_DEVIATIONS + _SAFE + _DIVIDED + ".abs()")),
        "squared": ("squared", moments(_DEVIATIONS + _SAFE + _DIVIDED + " ** 2")),
        "cut at zero": ("cut-at-zero", moments(_DEVIATIONS + _SAFE + _DIVIDED + ".relu()")),
        "right by left": ("transposed", moments(_DEVIATIONS + _SAFE + _DIVIDED.replace("return ", "return (") + ").T")),
    },
)  # fmt: skip

_X = "x = activations(model, tokens)"
LATENTS_OF = Answers(
    imports=IMPORTS,
    right={
        "in one line": read("return sae.encode(activations(model, tokens)[:, 1:].flatten(0, 1))"),
        "cache": read(
            "with torch.no_grad():\n    _, cache = model.run_with_cache(tokens, names_filter=ACTIVATION_HOOK)\n"
            "    x = cache[ACTIVATION_HOOK][:, 1:]\n    return sae.encode(x.reshape(-1, x.shape[-1]))"
        ),
        "encoded first": read(
            f"{_X}\nreturn rearrange(sae.encode(x.flatten(0, 1)).unflatten(0, tokens.shape)[:, 1:], 'b t l -> (b t) l')"
        ),
        "sequence by sequence": read(
            "return torch.cat([sae.encode(activations(model, row[None])[0, 1:]) for row in tokens])"
        ),
    },
    wrong={
        "start kept": ("start-kept", read(f"{_X}\nreturn sae.encode(x.flatten(0, 1))")),
        "last left out": ("last-left-out", read(f"{_X}\nreturn sae.encode(x[:, :-1].flatten(0, 1))")),
        "first sequence left out": (
            "sequence-left-out",
            read(f"{_X}\nreturn sae.encode(x[1:].flatten(0, 1))"),
        ),
        "start not run": (
            "start-not-run",
            read("return sae.encode(activations(model, tokens[:, 1:]).flatten(0, 1))"),
        ),
        "positions first": (
            "positions-first",
            read(f"{_X}\nreturn sae.encode(x[:, 1:].transpose(0, 1).flatten(0, 1))"),
        ),
        "not flattened": (
            "not-flattened",
            read(f"{_X}\nreturn sae.encode(x[:, 1:].flatten(0, 1)).unflatten(0, (len(tokens), -1))"),
        ),
        "neurons": ("not-encoded", read(f"{_X}\nreturn x[:, 1:].flatten(0, 1)")),
        "there and back": (
            "reconstruction",
            read(f"{_X}\nreturn sae.decode(sae.encode(x[:, 1:].flatten(0, 1)))"),
        ),
        "on or off": ("on-or-off", read(f"{_X}\nreturn sae.encode(x[:, 1:].flatten(0, 1)) > 0")),
        "transposed": ("transposed", read(f"{_X}\nreturn sae.encode(x[:, 1:].flatten(0, 1)).T")),
    },
)

_BINS = """thresholds = %s
for low, high in zip(edges, edges[1:]):
    inside = %s
    if inside.any():
        thresholds[inside] = %s
return thresholds"""
_ONES, _ALIVE = "torch.ones_like(null)", "(density > 0) & "
_INSIDE = "(density >= low) & ((density < high) | (high == edges[-1]) & (density == high))"
_LEVEL = "null[inside].quantile(level)"


def _bins(start=_ONES, inside=_ALIVE + _INSIDE, value=_LEVEL) -> str:
    return lucky(_BINS % (start, inside, value))


LUCK = Answers(
    imports=IMPORTS,
    right={
        "loop over bins": _bins(),
        "numpy": lucky(
            "x, d, out = null.double().numpy(), density.double().numpy(), np.ones(len(null))\n"
            "for k in range(len(edges) - 1):\n    last = k == len(edges) - 2\n"
            "    own = (d > 0) & (d >= edges[k]) & ((d <= edges[k + 1]) if last else (d < edges[k + 1]))\n"
            "    if own.any():\n        out[own] = np.quantile(x[own], level)\nreturn out"
        ),
        "bucketize": lucky(
            "place = torch.bucketize(density, torch.tensor(edges[1:-1]), right=True)\nout = torch.ones_like(null)\n"
            "for k in place.unique():\n    own = (place == k) & (density > 0)\n    if own.any():\n        out[own] = torch.quantile(null[own], level)\nreturn out"
        ),
        "feature by feature": lucky(
            "def place(d):\n    return min(sum(d >= e for e in edges), len(edges) - 1)\n"
            "places = [place(d) for d in density.tolist()]\nout = []\n"
            "for d, k in zip(density.tolist(), places):\n"
            "    own = [x for x, e, other in zip(null.tolist(), density.tolist(), places) if other == k and e > 0]\n"
            "    out.append(float(np.quantile(own, level)) if d > 0 else 1.0)\nreturn torch.tensor(out)"
        ),
    },
    wrong={
        "one for all": ("one-for-all", lucky("return torch.full_like(null, null.quantile(level).item())")),
        "one for all alive": (
            "one-for-all",
            lucky("return torch.where(density > 0, null[density > 0].quantile(level), 1.0)"),
        ),
        "the other tail": ("wrong-tail", _bins(value="null[inside].quantile(1 - level)")),
        "mean": ("mean-of-bin", _bins(value="null[inside].mean()")),
        "median": ("median-of-bin", _bins(value="null[inside].quantile(0.5)")),
        "maximum": ("largest-of-bin", _bins(value="null[inside].max()")),
        "edges below": ("wrong-side-of-edge", _bins(inside="(density > low) & (density <= high)")),
        "end left out": ("end-left-out", _bins(inside=_ALIVE + "(density >= low) & (density < high)")),
        "dead counted": ("dead-counted", _bins(inside=_INSIDE)),
        "zeros": ("rest-is-zero", _bins(start="torch.zeros_like(null)")),
        "densities": ("density-not-null", _bins(value="density[inside].quantile(level)")),
        "empty bins": (
            "raises",
            lucky(_BINS.replace("    if inside.any():\n    ", "") % (_ONES, _ALIVE + _INSIDE, _LEVEL)),
        ),
    },
)

_CENTRED = "left, right = left - left.mean(0), right - right.mean(0)\n"
_RATIO = "return (left.T @ right).norm() ** 2 / ((left.T @ left).norm() * (right.T @ right).norm())"
CKA = Answers(
    imports=IMPORTS,
    right={
        "norms": space(_CENTRED + _RATIO),
        "by tokens": space(
            _CENTRED + "k, l = left @ left.T, right @ right.T\nreturn float((k * l).sum() / (k.norm() * l.norm()))"
        ),
        "centring matrix": space(
            "n = len(left)\nh = torch.eye(n) - torch.ones(n, n) / n\nk, l = h @ left @ left.T @ h, h @ right @ right.T @ h\n"
            "return torch.trace(k @ l) / torch.sqrt(torch.trace(k @ k) * torch.trace(l @ l))"
        ),
        "numpy": space(
            "x, y = left.double().numpy(), right.double().numpy()\nx, y = x - x.mean(0), y - y.mean(0)\n"
            "f = np.linalg.norm\nreturn float(f(x.T @ y) ** 2 / (f(x.T @ x) * f(y.T @ y)))"
        ),
    },
    wrong={
        "not centred": ("not-centred", space(_RATIO)),
        "each token centred": (
            "centred-over-features",
            space("left, right = left - left.mean(1, keepdim=True), right - right.mean(1, keepdim=True)\n" + _RATIO),
        ),
        "centred as a whole": ("centred-as-a-whole", space("left, right = left - left.mean(), right - right.mean()\n" + _RATIO)),
        "no square": ("not-squared", space(_CENTRED + _RATIO.replace(" ** 2", ""))),
        "rooted": ("rooted", space(_CENTRED + "return ((left.T @ right).norm() ** 2 / ((left.T @ left).norm() * (right.T @ right).norm())).sqrt()")),
        "denominator squared": (
            "squared-again",
            space(_CENTRED + "return (left.T @ right).norm() ** 2 / ((left.T @ left).norm() ** 2 * (right.T @ right).norm() ** 2)"),
        ),
        "lengths of activations": (
            "lengths-of-activations",
            space(_CENTRED + "return (left.T @ right).norm() ** 2 / (left.norm() ** 2 * right.norm() ** 2)"),
        ),
        "standardised": (
            "columns-standardised",
            space(_CENTRED + "left, right = left / left.std(0).clamp_min(1e-12), right / right.std(0).clamp_min(1e-12)\n" + _RATIO),
        ),
        "numerator only": ("covariance", space(_CENTRED + "return (left.T @ right).norm() ** 2")),
        "mean correlation": (
            "mean-correlation",
            space(_CENTRED + "return (F.normalize(left, dim=0).T @ F.normalize(right, dim=0)).mean()"),
        ),
        "lengths not centred": (
            "lengths-not-centred",
            space("bottom = (left.T @ left).norm() * (right.T @ right).norm()\n" + _CENTRED + "return (left.T @ right).norm() ** 2 / bottom"),
        ),
    },
)  # fmt: skip

ANSWERS = {
    "universality.update_moments": UPDATE_MOMENTS,
    "universality.from_moments": FROM_MOMENTS,
    "universality.latents_of": LATENTS_OF,
    "universality.luck": LUCK,
    "universality.cka": CKA,
}
