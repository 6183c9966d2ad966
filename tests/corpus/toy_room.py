"""Chapter 1, section 1: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\n\nimport numpy as np\nimport torch\nfrom scipy import optimize\nfrom torch import Tensor"
)

_COUNT = """
def nearly_orthogonal(directions, limit):
    unit = {unit}
    overlap = {overlap}
    kept = []
    for i in range(overlap.shape[0]):
        if {condition}:
            kept.append(i)
    return {answer}
"""


def _count(
    unit="directions / directions.norm(dim=0)",
    overlap="(unit.T @ unit).abs()",
    condition="(overlap[i, kept] <= limit).all()",
    answer="len(kept)",
):
    return _COUNT.format(unit=unit, overlap=overlap, condition=condition, answer=answer)


NEARLY_ORTHOGONAL = Answers(
    imports=_IMPORTS,
    right={
        "list of indices": _count(),
        "growing matrix": """
def nearly_orthogonal(directions, limit):
    kept = torch.zeros(0, directions.shape[0])
    for column in (directions / directions.norm(dim=0)).T:
        if not (kept @ column).abs().gt(limit).any():
            kept = torch.cat([kept, column[None]])
    return kept.shape[0]
""",
        "numpy": """
def nearly_orthogonal(directions, limit):
    d = np.asarray(directions, dtype=np.float64)
    d = d / np.linalg.norm(d, axis=0)
    kept = [0]
    for i in range(1, d.shape[1]):
        if np.abs(d[:, kept].T @ d[:, i]).max() <= limit:
            kept.append(i)
    return len(kept)
""",
        "cosine_similarity": """
def nearly_orthogonal(directions, limit):
    stay = []
    for d in directions.T:
        if all(abs(torch.cosine_similarity(d, other, dim=0).item()) <= limit for other in stay):
            stay.append(d)
    return torch.tensor(len(stay))
""",
    },
    wrong={
        "sign kept": ("sign-kept", _count(overlap="unit.T @ unit")),
        "not scaled": ("not-normalised", _count(unit="directions")),
        "rows scaled": (None, _count(unit="directions / directions.norm(dim=1, keepdim=True)")),
        "only the last": ("only-the-last", _count(condition="(overlap[i, kept[-1:]] <= limit).all()")),
        "only the first": ("only-the-first", _count(condition="(overlap[i, kept[:1]] <= limit).all()")),
        "everybody before": ("compared-with-all", _count(condition="(overlap[i, :i] <= limit).all()")),
        "strictly below": ("limit-left-out", _count(condition="(overlap[i, kept] < limit).all()")),
        "counts the others": ("counts-rejected", _count(answer="len(overlap) - len(kept)")),
        "loners": (
            "loners-only",
            """
def nearly_orthogonal(directions, limit):
    unit = directions / directions.norm(dim=0)
    overlap = (unit.T @ unit).abs().fill_diagonal_(0)
    return int((overlap <= limit).all(dim=1).sum())
""",
        ),
        "returns the list": ("wrong-type", _count(answer="kept")),
        "scales in place": (
            "mutates-input",
            """
def nearly_orthogonal(directions, limit):
    directions /= directions.norm(dim=0)
    overlap, kept = (directions.T @ directions).abs(), []
    for i in range(len(overlap)):
        if (overlap[i, kept] <= limit).all():
            kept.append(i)
    return len(kept)
""",
        ),
    },
)

_LEAK = """
def leak(x, W):
    readings = x @ W.T @ W
    absent = x == 0
    return {answer}
"""

LEAK = Answers(
    imports=_IMPORTS,
    right={
        "masked sum": _LEAK.format(answer="((readings**2 * absent).sum(dim=1) / absent.sum(dim=1)).sqrt()"),
        "masked fill and nanmean": _LEAK.format(
            answer="readings.square().masked_fill(~absent, float('nan')).nanmean(dim=1).sqrt()"
        ),
        "sample by sample": """
def leak(x, W):
    found = []
    for sample in x:
        readings = W.T @ (W @ sample)
        found.append(readings[sample == 0].pow(2).mean().sqrt())
    return torch.stack(found)
""",
        "numpy": """
def leak(x, W):
    x, W = np.asarray(x), np.asarray(W)
    r = np.ma.masked_array((x @ W.T @ W) ** 2, mask=x != 0)
    return np.sqrt(r.mean(axis=1).filled(0.0))
""",
    },
    wrong={
        "all features": ("present-included", _LEAK.format(answer="(readings**2).mean(dim=1).sqrt()")),
        "divided by all": (
            "divided-by-all",
            _LEAK.format(answer="(readings**2 * absent).mean(dim=1).sqrt()"),
        ),
        "those that are there": (
            "present-only",
            _LEAK.format(answer="((readings**2 * ~absent).sum(dim=1) / (~absent).sum(dim=1)).sqrt()"),
        ),
        "absolute values": (
            "mean-absolute",
            _LEAK.format(answer="(readings.abs() * absent).sum(dim=1) / absent.sum(dim=1)"),
        ),
        "plain mean": (
            "plain-mean",
            _LEAK.format(answer="(readings * absent).sum(dim=1) / absent.sum(dim=1)"),
        ),
        "no root": (
            "root-missing",
            _LEAK.format(answer="(readings**2 * absent).sum(dim=1) / absent.sum(dim=1)"),
        ),
        "no mean": ("mean-missing", _LEAK.format(answer="(readings**2 * absent).sum(dim=1).sqrt()")),
        "one for the batch": ("one-for-all", _LEAK.format(answer="readings[absent].square().mean().sqrt()")),
        "standard deviation": (
            None,
            "def leak(x, W):\n    r = x @ W.T @ W\n    return torch.stack([a[b == 0].std(correction=0) for a, b in zip(r, x)])",
        ),
        "W not transposed": (
            "raises",
            "def leak(x, W):\n    r = x @ W @ W.T\n    return r.square().mean(dim=1).sqrt()",
        ),
    },
)

_RECOVER = """
def recover(h, W):
    answer = optimize.linprog({c}, A_eq=W.numpy(), b_eq=h.numpy(), bounds={bounds})
    return torch.tensor(answer.x)
"""

RECOVER = Answers(
    imports=_IMPORTS,
    right={
        "linprog": _RECOVER.format(c="np.ones(W.shape[1])", bounds="(0, None)"),
        "default bounds, plain lists": """
def recover(h, W):
    return torch.tensor(optimize.linprog([1.0] * len(W.T), A_eq=W.tolist(), b_eq=h.tolist()).x.tolist())
""",
        "simplex, numpy returned": """
def recover(h, W):
    return optimize.linprog(np.full(W.shape[1], 2.0), A_eq=np.array(W), b_eq=np.array(h), method="highs-ds").x
""",
        "milp": """
def recover(h, W):
    inside = optimize.LinearConstraint(W.numpy(), h.numpy(), h.numpy())
    return optimize.milp(np.ones(W.shape[1]), constraints=inside, bounds=optimize.Bounds(0, np.inf)).x
""",
    },
    wrong={
        "pseudo-inverse": ("least-squares", "def recover(h, W):\n    return torch.linalg.pinv(W) @ h"),
        "pseudo-inverse, cut": (
            "least-squares",
            "def recover(h, W):\n    return torch.relu(torch.linalg.pinv(W) @ h)",
        ),
        "lstsq": (
            "least-squares",
            "def recover(h, W):\n    return np.linalg.lstsq(W.numpy(), h.numpy(), rcond=None)[0]",
        ),
        "projections": ("plain-readout", "def recover(h, W):\n    return W.T @ h"),
        "projections, cut": ("plain-readout", "def recover(h, W):\n    return torch.relu(W.T @ h)"),
        "negative allowed": (
            "negative-allowed",
            """
def recover(h, W):
    n = W.shape[1]
    both = np.hstack([W.numpy(), -W.numpy()])
    x = optimize.linprog(np.ones(2 * n), A_eq=both, b_eq=h.numpy()).x
    return torch.tensor(x[:n] - x[n:])
""",
        ),
        "capped": ("raises", _RECOVER.format(c="np.ones(W.shape[1])", bounds="(0, 1)")),
        "no bounds": ("raises", _RECOVER.format(c="np.ones(W.shape[1])", bounds="(None, None)")),
        "nothing minimised": ("any-solution", _RECOVER.format(c="np.zeros(W.shape[1])", bounds="(0, None)")),
        "largest": ("raises", _RECOVER.format(c="-np.ones(W.shape[1])", bounds="(0, None)")),
        "the whole result": (
            "raises",
            "def recover(h, W):\n    return torch.tensor(optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy()))",
        ),
    },
)

ANSWERS = {
    "toy.nearly_orthogonal": NEARLY_ORTHOGONAL,
    "toy.leak": LEAK,
    "toy.recover": RECOVER,
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "toy.nearly_orthogonal": {"for i in range(overlap.shape[1]):": "the matrix of cosines is square"},
    "toy.recover": {
        "answer = optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy(), bounds=None)": (
            "scipy's default bounds are 0 and no upper end"
        ),
        "answer = optimize.linprog(np.ones(W.shape[1]), A_eq=W.numpy(), b_eq=h.numpy(), )": (
            "scipy's default bounds are 0 and no upper end"
        ),
    },
}
