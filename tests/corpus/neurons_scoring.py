"""Chapter 2, how polysemantic and how good a detector: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nfrom torch import Tensor"

_SHARES = """
def domain_entropy(means):
    shares = means / means.sum(dim=1, keepdim=True).clamp_min(1e-12)
    terms = shares * shares.clamp_min(1e-12).log2()
"""

DOMAIN_ENTROPY = Answers(
    imports=_IMPORTS,
    right={
        "clamped": f"{_SHARES}    return -terms.sum(dim=1)\n",
        "xlogy": """
def domain_entropy(means):
    shares = (means / means.sum(1, keepdim=True)).nan_to_num(0)
    return -torch.special.xlogy(shares, shares).sum(1) / np.log(2)
""",
        "torch's own": """
def domain_entropy(means):
    shares = (means / means.sum(1, keepdim=True)).nan_to_num(0)
    return torch.special.entr(shares).sum(-1) / torch.log(torch.tensor(2.0))
""",
        "loops": """
def domain_entropy(means):
    found = []
    for row in means.numpy():
        p = row[row > 0] / max(row.sum(), 1e-12)
        found.append(float(-(p * np.log2(p)).sum()))
    return torch.tensor(found)
""",
        "nan to nothing": """
def domain_entropy(means):
    p = means / means.sum(1, keepdim=True)
    return -(p * p.log2()).nansum(dim=1)
""",
    },
    wrong={
        "nats": ("in-nats", f"{_SHARES}    return -terms.sum(dim=1) * np.log(2)\n"),
        "base ten": ("base-ten", f"{_SHARES}    return -terms.sum(dim=1) * np.log10(2)\n"),
        "no minus": ("sign-swapped", f"{_SHARES}    return terms.sum(dim=1)\n"),
        "nan for zero shares": (
            "zero-share-is-nan",
            """
def domain_entropy(means):
    p = means / means.sum(1, keepdim=True)
    return -(p * p.log2()).sum(dim=1)
""",
        ),
        "nan for zero shares only": (
            "zero-share-is-nan",
            """
def domain_entropy(means):
    p = means / means.sum(1, keepdim=True).clamp_min(1e-12)
    return -(p * p.log2()).sum(dim=1)
""",
        ),
        "nan for a silent neuron": (
            "silent-is-nan",
            """
def domain_entropy(means):
    p = means / means.sum(1, keepdim=True)
    return -torch.special.xlogy(p, p).sum(dim=1) / np.log(2)
""",
        ),
        "means as they are": (
            "not-normalised",
            """
def domain_entropy(means):
    return -torch.special.xlogy(means, means).sum(dim=1) / np.log(2)
""",
        ),
        "other axis": (
            "wrong-axis",
            """
def domain_entropy(means):
    p = means / means.sum(0, keepdim=True).clamp_min(1e-12)
    return -torch.special.xlogy(p, p).sum(dim=1) / np.log(2)
""",
        ),
        "one per domain": ("one-per-domain", f"{_SHARES}    return -terms.sum(dim=0)\n"),
        "share of the most": (
            "share-of-the-most",
            f"{_SHARES}    return -terms.sum(dim=1) / np.log2(means.shape[1])\n",
        ),
        "two to the power": ("number-of-domains", f"{_SHARES}    return 2 ** -terms.sum(dim=1)\n"),
        "mean of all": ("one-number", f"{_SHARES}    return -terms.sum(dim=1).mean()\n"),
    },
)

_COUNTS = """
def f1(fires, in_domain):
    hits, yeses, tokens = int((fires & in_domain).sum()), int(fires.sum()), int(in_domain.sum())
    p, r = hits / max(yeses, 1), hits / max(tokens, 1)
    f = 2 * hits / max(yeses + tokens, 1)
"""

F1 = Answers(
    imports=_IMPORTS,
    right={
        "counts": f"{_COUNTS}    return p, r, f\n",
        "tensors": """
def f1(fires, in_domain):
    hits = (fires * in_domain).sum()
    p, r = (hits / fires.sum()).nan_to_num(0), (hits / in_domain.sum()).nan_to_num(0)
    return p, r, (2 * p * r / (p + r)).nan_to_num(0)
""",
        "loops": """
def f1(fires, in_domain):
    both = only_yes = missed = 0
    for yes, truth in zip(fires.tolist(), in_domain.tolist()):
        both += yes and truth
        only_yes += yes and not truth
        missed += truth and not yes
    if both == 0:
        return 0.0, 0.0, 0.0
    return both / (both + only_yes), both / (both + missed), both / (both + (only_yes + missed) / 2)
""",
        "harmonic": """
def f1(fires, in_domain):
    hits = float((fires & in_domain).sum())
    if hits == 0:
        return 0.0, 0.0, 0.0
    p, r = hits / float(fires.sum()), hits / float(in_domain.sum())
    return p, r, 2 / (1 / p + 1 / r)
""",
    },
    wrong={
        "swapped": ("swapped", f"{_COUNTS}    return r, p, f\n"),
        "f1 alone": ("f1-only", f"{_COUNTS}    return f\n"),
        "plain mean": ("arithmetic-mean", f"{_COUNTS}    return p, r, (p + r) / 2\n"),
        "product": ("product", f"{_COUNTS}    return p, r, p * r\n"),
        "not doubled": ("not-doubled", f"{_COUNTS}    return p, r, f / 2\n"),
        "geometric": ("geometric-mean", f"{_COUNTS}    return p, r, (p * r) ** 0.5\n"),
        "the smaller": ("minimum", f"{_COUNTS}    return p, r, min(p, r)\n"),
        "jaccard": (
            "union",
            f"{_COUNTS}    return p, r, hits / max(int((fires | in_domain).sum()), 1)\n",
        ),
        "accuracy": (
            "accuracy",
            f"{_COUNTS}    return float((fires == in_domain).float().mean()), r, f\n",
        ),
        "percent": ("in-percent", f"{_COUNTS}    return 100 * p, 100 * r, 100 * f\n"),
        "nan": (
            "undefined-is-nan",
            """
def f1(fires, in_domain):
    hits = (fires & in_domain).sum()
    p, r = hits / fires.sum(), hits / in_domain.sum()
    return p, r, 2 * p * r / (p + r)
""",
        ),
        "divides by zero": (
            "raises",
            """
def f1(fires, in_domain):
    hits = int((fires & in_domain).sum())
    p, r = hits / int(fires.sum()), hits / int(in_domain.sum())
    return p, r, 2 * p * r / (p + r)
""",
        ),
    },
)

_TRY = """
def best_threshold(activation, in_domain):
    found = {{}}
    for t in activation.unique().tolist():
        yes = activation {sign} t
        hits, yeses, tokens = int((yes & in_domain).sum()), int(yes.sum()), int(in_domain.sum())
        p, r = hits / max(yeses, 1), hits / max(tokens, 1)
        f = 2 * hits / (yeses + tokens)
        found[t] = {score}
    best = max(found, key=found.get)
    return {answer}
"""


def _tried(score: str = "f", answer: str = "best", sign: str = ">=") -> str:
    return _TRY.format(score=score, answer=answer, sign=sign)


BEST_THRESHOLD = Answers(
    imports=_IMPORTS,
    right={
        "every value": _tried(),
        "sorted": """
def best_threshold(activation, in_domain):
    ordered, order = activation.sort(descending=True)
    hits = in_domain[order].cumsum(0)
    f = 2 * hits / (torch.arange(1, len(ordered) + 1) + in_domain.sum())
    last = torch.cat([ordered[1:] != ordered[:-1], torch.tensor([True])])
    return ordered[torch.where(last, f, -1.0).argmax()].item()
""",
        "scikit-learn": """
def best_threshold(activation, in_domain):
    from sklearn.metrics import precision_recall_curve
    p, r, t = precision_recall_curve(in_domain.numpy(), activation.numpy())
    f = 2 * p * r / np.maximum(p + r, 1e-12)
    return float(t[f[:-1].argmax()])
""",
        "all at once": """
def best_threshold(activation, in_domain):
    thresholds = activation.unique()
    yes = activation[None] >= thresholds[:, None]
    f = 2 * (yes & in_domain).sum(1) / (yes.sum(1) + in_domain.sum())
    return thresholds[f.argmax()]
""",
    },
    wrong={
        "the score": ("score-returned", _tried(answer="found[best]")),
        "the place": ("index-returned", _tried(answer="activation.unique().tolist().index(best)")),
        "strictly above": ("strictly-above", _tried(sign=">")),
        "in between": (
            "between-two-values",
            _tried(answer="(best + max(t for t in found if t < best)) / 2"),
        ),
        "most precise": ("most-precise", _tried(score="(p, t)")),
        "recall": ("most-recall", _tried(score="r")),
        "accuracy": ("most-accurate", _tried(score="float((yes == in_domain).float().mean())")),
        "plain mean": ("arithmetic-mean", _tried(score="p + r")),
        "the weakest inside": (
            None,  # on a lucky text that is the best threshold itself
            "\ndef best_threshold(activation, in_domain):\n    return activation[in_domain].min()\n",
        ),
        "the strongest outside": (
            "strongest-outside",
            "\ndef best_threshold(activation, in_domain):\n    return activation[~in_domain].max()\n",
        ),
        "mean inside": (
            "mean",
            "\ndef best_threshold(activation, in_domain):\n    return activation[in_domain].mean()\n",
        ),
        "the worst": ("worst", _tried(score="-f")),
        "precision and recall as well": ("wrong-type", _tried(answer="(best, found[best])")),
    },
)

_BOTH = """
def token_shares(tokens, in_domain, d_vocab):
    inside = torch.bincount(tokens[in_domain], minlength=d_vocab)
    everywhere = torch.bincount(tokens, minlength=d_vocab)
"""

TOKEN_SHARES = Answers(
    imports=_IMPORTS,
    right={
        "bincount": f"{_BOTH}    return inside / everywhere.clamp(min=1)\n",
        "weights": """
def token_shares(tokens, in_domain, d_vocab):
    inside = torch.bincount(tokens, weights=in_domain.float(), minlength=d_vocab)
    return (inside / torch.bincount(tokens, minlength=d_vocab)).nan_to_num(0)
""",
        "numpy": """
def token_shares(tokens, in_domain, d_vocab):
    t, d = tokens.numpy(), in_domain.numpy()
    return np.array([d[t == i].mean() if (t == i).any() else 0.0 for i in range(d_vocab)])
""",
        "scatter": """
def token_shares(tokens, in_domain, d_vocab):
    means = torch.zeros(d_vocab)
    return means.scatter_reduce(0, tokens, in_domain.float(), reduce="mean", include_self=False)
""",
    },
    wrong={
        "nan": ("unseen-is-nan", f"{_BOTH}    return inside / everywhere\n"),
        "share of the domain": ("share-of-the-domain", f"{_BOTH}    return inside / in_domain.sum()\n"),
        "counts": ("counts-returned", f"{_BOTH}    return inside\n"),
        "of all tokens": ("divided-by-all", f"{_BOTH}    return inside / len(tokens)\n"),
        "outside": ("outside", f"{_BOTH}    return (everywhere - inside) / everywhere.clamp(min=1)\n"),
        "one minus": ("outside", f"{_BOTH}    return 1 - inside / everywhere.clamp(min=1)\n"),
        "odds": ("inside-to-outside", f"{_BOTH}    return inside / (everywhere - inside).clamp(min=1)\n"),
        "seen": ("seen-in-the-domain", f"{_BOTH}    return (inside > 0).float()\n"),
        "plus one": ("smoothed", f"{_BOTH}    return inside / (everywhere + 1)\n"),
        "laplace": ("smoothed", f"{_BOTH}    return (inside + 1) / (everywhere + 2)\n"),
        "a number each place": (
            "per-place",
            f"{_BOTH}    return (inside / everywhere.clamp(min=1))[tokens]\n",
        ),
        "only those seen": (
            "unseen-left-out",
            f"{_BOTH}    return inside[everywhere > 0] / everywhere[everywhere > 0]\n",
        ),
        "normalised": (
            "normalised",
            f"{_BOTH}    share = inside / everywhere.clamp(min=1)\n    return share / share.sum()\n",
        ),
        "no minlength": (
            "raises",
            """
def token_shares(tokens, in_domain, d_vocab):
    return torch.bincount(tokens[in_domain]) / torch.bincount(tokens).clamp(min=1)
""",
        ),
    },
)

ANSWERS = {
    "neurons.domain_entropy": DOMAIN_ENTROPY,
    "neurons.f1": F1,
    "neurons.best_threshold": BEST_THRESHOLD,
    "neurons.token_shares": TOKEN_SHARES,
}
EQUIVALENT: dict[str, dict[str, str]] = {
    "neurons.f1": {
        "return hits / max(yeses, 1), hits / max(tokens, 1), 2 * hits / max(yeses + tokens, 2)": (
            "one yes or one token in the domain, but not both, leaves no hit: 0 either way"
        ),
    },
    "neurons.best_threshold": {
        "best.append(3 * (fires & in_domain).sum() / (fires.sum() + in_domain.sum()))": (
            "the place of the largest F1 is that of the largest 1.5 * F1"
        ),
    },
}
"""Mutants of the references that compute the same."""
