"""Chapter 2, privileged basis: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport scipy.stats\nimport torch\nfrom einops import rearrange\nfrom torch import Tensor"


def _kurtosis(answer: str) -> str:
    return f"""
def kurtosis(x):
    d = x - x.mean(dim=0)
    return {answer}
"""


KURTOSIS = Answers(
    imports=_IMPORTS,
    right={
        "moments": _kurtosis("(d**4).mean(dim=0) / (d**2).mean(dim=0) ** 2"),
        "standardised": """
def kurtosis(x):
    z = (x - x.mean(dim=0)) / x.std(dim=0, unbiased=False)
    return z.pow(4).mean(dim=0)
""",
        "scipy": """
def kurtosis(x):
    return scipy.stats.kurtosis(x.numpy(), axis=0, fisher=False)
""",
        "raw moments": """
def kurtosis(x):
    x = x.double()
    m1, m2, m3, m4 = (x.pow(k).mean(0) for k in (1, 2, 3, 4))
    return (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / (m2 - m1**2) ** 2
""",
    },
    wrong={
        "minus 3": ("excess", _kurtosis("(d**4).mean(0) / (d**2).mean(0) ** 2 - 3")),
        "scipy's default": (
            "excess",
            """
def kurtosis(x):
    return scipy.stats.kurtosis(x.numpy(), axis=0)
""",
        ),
        "mean left in": ("mean-not-removed", _kurtosis("(x**4).mean(0) / (x**2).mean(0) ** 2")),
        "torch.var": ("unbiased-variance", _kurtosis("(d**4).mean(0) / x.var(0) ** 2")),
        "torch.std": ("unbiased-variance", _kurtosis("((d / x.std(0)) ** 4).mean(0)")),
        "variance to the first": ("variance-not-squared", _kurtosis("(d**4).mean(0) / (d**2).mean(0)")),
        "fourth moment": ("not-divided", _kurtosis("(d**4).mean(0)")),
        "skewness": ("third-power", _kurtosis("(d**3).mean(0) / (d**2).mean(0) ** 1.5")),
        "along rows": (
            "rows-for-columns",
            """
def kurtosis(x):
    d = x - x.mean(dim=1, keepdim=True)
    return (d**4).mean(dim=1) / (d**2).mean(dim=1) ** 2
""",
        ),
        "all together": (
            "one-number",
            """
def kurtosis(x):
    d = x - x.mean()
    return (d**4).mean() / (d**2).mean() ** 2
""",
        ),
        "mean of the units": ("averaged", _kurtosis("((d**4).mean(0) / (d**2).mean(0) ** 2).mean()")),
        "one mean for all": (
            "common-mean",
            """
def kurtosis(x):
    d = x - x.mean()
    return (d**4).mean(dim=0) / (d**2).mean(dim=0) ** 2
""",
        ),
        "upside down": ("upside-down", _kurtosis("(d**2).mean(0) ** 2 / (d**4).mean(0)")),
        "squares squared": ("mean-of-ratios", _kurtosis("(d**4).mean(0) / ((d**2) ** 2).mean(0)")),
        "in place": (
            "mutates-input",
            """
def kurtosis(x):
    x -= x.mean(dim=0)
    return (x**4).mean(dim=0) / (x**2).mean(dim=0) ** 2
""",
        ),
    },
)

IN_BASIS = Answers(
    imports=_IMPORTS,
    right={
        "cache": """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook].flatten(0, 1) @ rotation
""",
        "a hook that keeps": """
def in_basis(model, tokens, hook, rotation):
    kept = []
    def keep(value, hook):
        kept.append(value.detach().clone())
        return value
    model.run_with_hooks(tokens, fwd_hooks=[(hook, keep)])
    return torch.cat([sequence @ rotation for sequence in kept[0]])
""",
        "einops and numpy": """
def in_basis(model, tokens, hook, rotation):
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=hook)
    rows = rearrange(cache[hook], "b t d -> (b t) d").numpy()
    return rows @ rotation.numpy()
""",
        "axis by axis": """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    x = cache[hook].reshape(-1, rotation.shape[0])
    return torch.stack([x @ rotation[:, j] for j in range(rotation.shape[1])], dim=1)
""",
    },
    wrong={
        "rows": (
            "rows-for-axes",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook].flatten(0, 1) @ rotation.T
""",
        ),
        "not turned": (
            "not-turned",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook].flatten(0, 1)
""",
        ),
        "not flattened": (
            "not-flattened",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook] @ rotation
""",
        ),
        "positions first": (
            "positions-first",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return rearrange(cache[hook], "b t d -> (t b) d") @ rotation
""",
        ),
        "last token": (
            "last-token-only",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook][:, -1] @ rotation
""",
        ),
        "without the start": (
            "first-token-dropped",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache[hook][:, 1:].flatten(0, 1) @ rotation
""",
        ),
        "centred": (
            "centred",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    x = cache[hook].flatten(0, 1)
    return (x - x.mean(dim=0)) @ rotation
""",
        ),
        "always the MLP": (
            "raises",
            """
def in_basis(model, tokens, hook, rotation):
    _, cache = model.run_with_cache(tokens)
    return cache["blocks.0.mlp.hook_post"].flatten(0, 1) @ rotation
""",
        ),
        "the hook stays": (
            "leaves-hooks",
            """
def in_basis(model, tokens, hook, rotation):
    kept = []
    model.add_hook(hook, lambda value, hook: kept.append(value.detach()))
    model(tokens)
    return kept[0].flatten(0, 1) @ rotation
""",
        ),
    },
)

ANSWERS = {"neurons.kurtosis": KURTOSIS, "neurons.in_basis": IN_BASIS}
EQUIVALENT: dict[str, dict[str, str]] = {}
