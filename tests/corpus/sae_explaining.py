"""Chapter 3, sections 11 and 12: what learners write, right and wrong."""

from tests.corpus.kinds import Answers
from tests.corpus.sae_doubting import _IMPORTS, _body


def _interval(body: str) -> str:
    return _body("interval_of(values, n)", body)


_WHOLE = "number = (values / values.max() * n).long()\n"

INTERVAL_OF = Answers(
    imports=_IMPORTS,
    right={
        "whole part": _interval(_WHOLE + "return torch.where(values > 0, number.clamp_max(n - 1), -1)"),
        "bucketize": _interval(
            "edges = torch.arange(1, n) / n * values.max()\nfound = torch.bucketize(values, edges, right=True)\nfound[values <= 0] = -1\nreturn found"
        ),
        "loop": _interval(
            """
width = float(values.max()) / n
return torch.tensor([min(int(v / width), n - 1) if v > 0 else -1 for v in values.tolist()])
"""
        ),
        "numpy": _interval(
            """
v = values.double().numpy()
edges = np.linspace(0, v.max(), n + 1)
return torch.tensor(np.where(v > 0, np.digitize(v, edges[1:-1]), -1))
"""
        ),
    },
    wrong={
        "n": ("maximum-beyond", _interval(_WHOLE + "return torch.where(values > 0, number, -1)")),
        "off is 0": ("off-not-minus-one", _interval(_WHOLE + "return number.clamp_max(n - 1)")),
        "from 1": ("counted-from-one", _interval(_WHOLE + "return torch.where(values > 0, number.clamp_max(n - 1) + 1, -1)")),
        "quantiles": (
            "quantiles",
            _interval("number = values.argsort().argsort() * n // len(values)\nreturn torch.where(values > 0, number, -1)"),
        ),
        "from the minimum": (
            "from-the-minimum",
            _interval("low = values[values > 0].min()\nnumber = ((values - low) / (values.max() - low) * n).long().clamp_max(n - 1)\nreturn torch.where(values > 0, number, -1)"),
        ),
        "round": ("rounded", _interval("number = (values / values.max() * n).round().long().clamp_max(n - 1)\nreturn torch.where(values > 0, number, -1)")),
        "n - 1 steps": ("one-too-few", _interval("number = (values / values.max() * (n - 1)).long()\nreturn torch.where(values > 0, number, -1)")),
        "strong first": ("strongest-first", _interval(_WHOLE + "return torch.where(values > 0, n - 1 - number.clamp_max(n - 1), -1)")),
        "no maximum": ("not-divided-by-maximum", _interval("number = (values * n).long().clamp_max(n - 1)\nreturn torch.where(values > 0, number, -1)")),
        "nothing": ("returns-nothing", _interval(_WHOLE)),
    },
)  # fmt: skip


def _token(body: str) -> str:
    return _body("token_table(values, tokens, new_tokens, d_vocab)", body)


_SUMS = "sums = torch.zeros(d_vocab).index_add_(0, tokens, values)\ncounts = torch.bincount(tokens, minlength=d_vocab)\n"

TOKEN_TABLE = Answers(
    imports=_IMPORTS,
    right={
        "index_add": _token(_SUMS + "return (sums / counts.clamp_min(1))[new_tokens]"),
        "bincount": _token(
            "sums = torch.bincount(tokens, weights=values.double(), minlength=d_vocab)\nreturn (sums / torch.bincount(tokens, minlength=d_vocab)).nan_to_num(0.0)[new_tokens].float()"
        ),
        "loop": _token(
            """
out = torch.zeros(len(new_tokens))
for i, token in enumerate(new_tokens):
    same = tokens == token
    if same.any():
        out[i] = values[same].mean()
return out
"""
        ),
        "one-hot": _token(
            "hot = F.one_hot(tokens, d_vocab).float()\nreturn (hot.T @ values / hot.sum(0).clamp(min=1))[new_tokens]"
        ),
    },
    wrong={
        "NaN": ("unseen-is-nan", _token(_SUMS + "return (sums / counts)[new_tokens]")),
        "sums": ("sums-not-means", _token(_SUMS + "return sums[new_tokens]")),
        "where on": (
            "firing-only",
            _token("on = values > 0\nsums = torch.zeros(d_vocab).index_add_(0, tokens[on], values[on])\nreturn (sums / torch.bincount(tokens[on], minlength=d_vocab).clamp_min(1))[new_tokens]"),
        ),
        "max": ("maximum", _token("return torch.zeros(d_vocab).scatter_reduce(0, tokens, values, 'amax')[new_tokens]")),
        "last": (
            "last-seen",
            _token("table = {}\nfor t, v in zip(tokens.tolist(), values.tolist()):\n    table[t] = v\nreturn torch.tensor([table.get(t, 0.0) for t in new_tokens.tolist()])"),
        ),
        "overall mean": (
            "overall-mean-for-unseen",
            _token(_SUMS + "table = torch.where(counts > 0, sums / counts, values.mean())\nreturn table[new_tokens]"),
        ),
        "the table": ("table-returned", _token(_SUMS + "return sums / counts.clamp_min(1)")),
        "its own tokens": ("own-tokens", _token(_SUMS + "return (sums / counts.clamp_min(1))[tokens]")),
        "by all": ("divided-by-all", _token(_SUMS + "return (sums / len(values))[new_tokens]")),
        "on or off": (
            "on-or-off",
            _token(_SUMS.replace(", values)", ", (values > 0).float())") + "return (sums / counts.clamp_min(1))[new_tokens]"),
        ),
    },
)  # fmt: skip


def _beyond(body: str) -> str:
    return _body("beyond_token(simulated, values, tokens)", body)


_REST = """
def rest(side):
    sums = torch.zeros(2048).index_add_(0, tokens, side)
    return side - (sums / torch.bincount(tokens, minlength=2048).clamp_min(1))[tokens]
"""
_CORRELATED = """
scale = a.norm() * b.norm()
return float(a @ b / scale) if scale > 1e-6 else 0.0
"""

BEYOND_TOKEN = Answers(
    imports=_IMPORTS,
    right={
        "index_add": _beyond(_REST + "a, b = rest(simulated), rest(values)" + _CORRELATED),
        "loop": _beyond(
            """
a, b = simulated.clone(), values.clone()
for t in tokens.unique():
    here = tokens == t
    a[here] -= a[here].mean()
    b[here] -= b[here].mean()
if a.norm() < 1e-4 or b.norm() < 1e-4:
    return 0.0
return F.cosine_similarity(a, b, dim=0)
"""
        ),
        "numpy": _beyond(
            """
t, s, v = tokens.numpy(), simulated.double().numpy(), values.double().numpy()
_, place = np.unique(t, return_inverse=True)
n = np.bincount(place)
a = s - (np.bincount(place, s) / n)[place]
b = v - (np.bincount(place, v) / n)[place]
if a.std() < 1e-7 or b.std() < 1e-7:
    return 0.0
return float(np.corrcoef(a, b)[0, 1])
"""
        ),
    },
    wrong={
        "plain": ("plain", _beyond("a, b = simulated - simulated.mean(), values - values.mean()" + _CORRELATED)),
        "unit only": ("one-side", _beyond(_REST + "a, b = simulated - simulated.mean(), rest(values)" + _CORRELATED)),
        "simulation only": ("one-side", _beyond(_REST + "a, b = rest(simulated), values - values.mean()" + _CORRELATED)),
        "means": (
            "means-correlated",
            _beyond(_REST + "a, b = simulated - rest(simulated), values - rest(values)\na, b = a - a.mean(), b - b.mean()" + _CORRELATED),
        ),
        "squared": ("squared", _beyond(_REST + "a, b = rest(simulated), rest(values)\nscale = a.norm() * b.norm()\nreturn float((a @ b / scale) ** 2) if scale > 1e-6 else 0.0")),
        "covariance": ("covariance", _beyond(_REST + "a, b = rest(simulated), rest(values)\nreturn float((a * b).mean())")),
        "product": ("covariance", _beyond(_REST + "a, b = rest(simulated), rest(values)\nreturn float(a @ b)")),
        "absolute": ("absolute", _beyond(_REST + "a, b = rest(simulated), rest(values)\nscale = a.norm() * b.norm()\nreturn abs(float(a @ b / scale)) if scale > 1e-6 else 0.0")),
        "mean of correlations": (
            "mean-of-correlations",
            _beyond(
                """
found = []
for t in tokens.unique():
    a, b = simulated[tokens == t].double(), values[tokens == t].double()
    if len(a) > 1:
        a, b = a - a.mean(), b - b.mean()
        scale = float(a.norm() * b.norm())
        found.append(float(a @ b) / scale if scale > 1e-6 else 0.0)
return sum(found) / max(1, len(found))
"""
            ),
        ),
        "nothing": ("returns-nothing", _beyond(_REST + "a, b = rest(simulated), rest(values)")),
    },
)  # fmt: skip

ANSWERS = {"sae.interval_of": INTERVAL_OF, "sae.token_table": TOKEN_TABLE, "sae.beyond_token": BEYOND_TOKEN}
EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.beyond_token": {
        "return float(a @ b / scale) if scale >= 1e-6 else 0.0": "no case has a scale of exactly 1e-6",
    },
}
