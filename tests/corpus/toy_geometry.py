"""Chapter 1, sections 9 to 11: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum, reduce\nfrom torch import Tensor"


def _room(answer):
    return f"def dimensions_per_feature(W):\n    return {answer}\n"


ROOM = Answers(
    imports=_IMPORTS,
    right={
        "squares": _room("W.shape[0] / (W**2).sum()"),
        "frobenius": _room("len(W) / torch.linalg.matrix_norm(W) ** 2"),
        "einops": _room("W.shape[0] / reduce(W.square(), 'm n -> ', 'sum')"),
        "trace": _room("W.size(0) / torch.trace(W.T @ W)"),
        "numpy": _room("W.shape[0] / np.sum(W.numpy() ** 2)"),
        "loops": """
def dimensions_per_feature(W):
    total = 0.0
    for row in W.tolist():
        for value in row:
            total += value * value
    return len(W) / total
""",
    },
    wrong={
        "upside down": ("upside-down", _room("W.square().sum() / W.shape[0]")),
        "lengths": ("lengths-not-squared", _room("W.shape[0] / W.norm(dim=0).sum()")),
        "norm": ("norm-not-squared", _room("W.shape[0] / W.norm()")),
        "features": ("features-for-dimensions", _room("W.shape[1] / W.square().sum()")),
        "a threshold": (
            "counted-by-threshold",
            _room("W.shape[0] / (W.square().sum(dim=0) > 0.5).sum()"),
        ),
        "all columns": ("every-column-counts", _room("W.shape[0] / W.shape[1]")),
        "no m": ("one-divided", _room("1 / W.square().sum()")),
        "a share for each column": ("wrong-shape", _room("W.shape[0] / W.square().sum(dim=0)")),
        "spectral norm": (None, _room("W.shape[0] / torch.linalg.matrix_norm(W, ord=2) ** 2")),
    },
)

_SHARE = """
def dimensionality(W):
    norms = W.norm(dim=0)
    unit = {unit}
    shared = {shared}
    return {answer}
"""


def _share(
    unit="W / norms.clamp(min=1e-9)",
    shared="((unit.T @ W) ** 2).sum(dim=1)",
    answer="norms**2 / shared.clamp(min=1e-9)",
):
    return _SHARE.format(unit=unit, shared=shared, answer=answer)


DIMENSIONALITY = Answers(
    imports=_IMPORTS,
    right={
        "clamped": _share(),
        "where": _share(
            unit="torch.where(norms > 0, W / norms, 0.0)",
            answer="torch.where(norms > 0, norms**2 / shared, 0.0)",
        ),
        "fourth powers": """
def dimensionality(W):
    overlaps = W.T @ W
    squared = overlaps.diagonal()
    return torch.nan_to_num(squared**2 / overlaps.square().sum(dim=0))
""",
        "einsum": _share(shared="einsum(unit, W, 'm i, m j -> i j').square().sum(-1)"),
        "numpy": """
def dimensionality(W):
    W = W.numpy()
    length = np.linalg.norm(W, axis=0)
    unit = np.divide(W, length, out=np.zeros_like(W), where=length > 0)
    shared = ((unit.T @ W) ** 2).sum(1)
    return np.divide(length**2, shared, out=np.zeros_like(length), where=shared > 0)
""",
        "loops": """
def dimensionality(W):
    n = W.shape[1]
    out = torch.zeros(n)
    for i in range(n):
        length = W[:, i].norm()
        if length > 0:
            direction = W[:, i] / length
            out[i] = length**2 / sum((direction @ W[:, j]) ** 2 for j in range(n))
    return out
""",
    },
    wrong={
        "without itself": (
            "itself-left-out",
            _share(shared="((unit.T @ W) ** 2).fill_diagonal_(0).sum(dim=1)"),
        ),
        "no squares": (
            "overlaps-not-squared",
            _share(shared="(unit.T @ W).sum(dim=1)", answer="torch.where(norms > 0, norms**2 / shared, 0.0)"),
        ),
        "length above": ("length-not-squared", _share(answer="norms / shared.clamp(min=1e-9)")),
        "not scaled": ("direction-not-scaled", _share(unit="W")),
        "both scaled": ("both-scaled", _share(shared="((unit.T @ unit) ** 2).sum(dim=1)")),
        "one over cosines": (
            "one-over-cosines",
            _share(
                shared="((unit.T @ unit) ** 2).sum(dim=1)",
                answer="torch.where(norms > 0, 1 / shared.clamp(min=1e-9), 0.0)",
            ),
        ),
        "other axis": ("one-over-cosines", _share(shared="((unit.T @ W) ** 2).sum(dim=0)")),
        "rows": (
            "rows-for-columns",
            """
def dimensionality(W):
    norms = W.norm(dim=1)
    unit = W / norms[:, None]
    return norms**2 / ((unit @ W.T) ** 2).sum(dim=1)
""",
        ),
        "upside down": ("upside-down", _share(answer="shared / norms**2")),
        "no care for zero": ("zero-divided", _share(unit="W / norms", answer="norms**2 / shared")),
        "one for nothing": (
            "nothing-counts-one",
            _share(answer="torch.nan_to_num(norms**2 / shared, nan=1.0)"),
        ),
        "only the clamp of lengths": ("zero-divided", _share(answer="norms**2 / shared")),
        "one number": ("wrong-shape", _share(answer="(norms**2 / shared.clamp(min=1e-9)).mean()")),
        "in place": ("mutates-input", _share(unit="W.div_(norms.clamp(min=1e-9))")),
    },
)

_STICKY = """
def sticky(D, values, tolerance):
    distance = (D[:, None] - values).abs()
    {rest}
"""


def _sticky(rest):
    return _STICKY.format(rest=rest)


STICKY = Answers(
    imports=_IMPORTS,
    right={
        "bincount": _sticky(
            "near = distance.min(dim=1)\n    return torch.bincount(near.indices[near.values <= tolerance], minlength=len(values))"
        ),
        "nearest of a table": _sticky(
            "nearest = distance == distance.min(dim=1, keepdim=True).values\n    return (nearest & (distance <= tolerance)).sum(dim=0)"
        ),
        "numpy": """
def sticky(D, values, tolerance):
    D, values = D.numpy(), values.numpy()
    counts = np.zeros(len(values), dtype=int)
    distance = np.abs(D[:, None] - values[None])
    np.add.at(counts, distance.argmin(1)[distance.min(1) <= tolerance], 1)
    return counts
""",
        "loops": """
def sticky(D, values, tolerance):
    counts = [0] * len(values)
    for d in D.tolist():
        k = min(range(len(values)), key=lambda i: abs(d - float(values[i])))
        if abs(d - float(values[k])) <= tolerance:
            counts[k] += 1
    return torch.tensor(counts)
""",
    },
    wrong={
        "twice": ("counted-twice", _sticky("return (distance <= tolerance).sum(dim=0)")),
        "no tolerance": (
            "tolerance-ignored",
            _sticky("return torch.bincount(distance.argmin(dim=1), minlength=len(values))"),
        ),
        "shares": (
            "shares-not-counts",
            _sticky(
                "near = distance.min(dim=1)\n    return torch.bincount(near.indices[near.values <= tolerance], minlength=len(values)) / len(D)"
            ),
        ),
        "the first": (
            "first-not-nearest",
            _sticky(
                "close = distance <= tolerance\n    first = close.int().argmax(dim=1)[close.any(dim=1)]\n"
                "    return torch.bincount(first, minlength=len(values))"
            ),
        ),
        "above only": (
            "one-sided",
            _sticky("over = D[:, None] - values\n    return ((over >= 0) & (over <= tolerance)).sum(dim=0)"),
        ),
        "below only": (
            "one-sided",
            _sticky(
                "under = values - D[:, None]\n    return ((under >= 0) & (under <= tolerance)).sum(dim=0)"
            ),
        ),
        "the value of each": ("per-feature", _sticky("return distance.argmin(dim=1)")),
        "no minlength": (
            "wrong-shape",
            _sticky(
                "near = distance.min(dim=1)\n    return torch.bincount(near.indices[near.values <= tolerance])"
            ),
        ),
        "over features": ("wrong-shape", _sticky("return (distance <= tolerance).sum(dim=1)")),
        "half the tolerance": (
            None,
            _sticky(
                "near = distance.min(dim=1)\n    return torch.bincount(near.indices[near.values <= tolerance / 2], minlength=len(values))"
            ),
        ),
    },
)

ANSWERS = {
    "toy.dimensions_per_feature": ROOM,
    "toy.dimensionality": DIMENSIONALITY,
    "toy.sticky": STICKY,
}

EQUIVALENT: dict[str, dict[str, str]] = {}
