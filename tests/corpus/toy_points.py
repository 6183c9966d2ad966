"""Chapter 1, data points instead of features: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum\nfrom torch import Tensor"
)

_FRACTIONS = """
def sample_dimensionality(x, W):
    hidden = {hidden}
    lengths = {lengths}
    unit = {unit}
    overlaps = {overlaps}
    return {answer}
"""


def _fractions(
    hidden="x @ W.T",
    lengths="hidden.norm(dim=1)",
    unit="hidden / lengths.clamp(min=1e-9)[:, None]",
    overlaps="(unit @ hidden.T) ** 2",
    answer="lengths**2 / overlaps.sum(dim=1).clamp(min=1e-9)",
):
    return _FRACTIONS.format(hidden=hidden, lengths=lengths, unit=unit, overlaps=overlaps, answer=answer)


SAMPLE_DIMENSIONALITY = Answers(
    imports=_IMPORTS,
    right={
        "unit vectors": _fractions(),
        "second moment": """
def sample_dimensionality(x, W):
    h = x @ W.T
    squared = (h**2).sum(1)
    below = torch.einsum("tk,kl,tl->t", h, h.T @ h, h)
    return torch.where(squared > 0, squared**2 / below.clamp(min=1e-12), 0.0)
""",
        "numpy, NaN to zero": """
def sample_dimensionality(x, W):
    h = x.numpy() @ W.numpy().T
    G = h @ h.T
    d = np.diag(G)
    with np.errstate(all="ignore"):
        return np.nan_to_num(d**2 / (G**2).sum(axis=1))
""",
        "loops": """
def sample_dimensionality(x, W):
    h = [W @ row for row in x]
    found = []
    for a in h:
        length = a.norm()
        if length == 0:
            found.append(0.0)
            continue
        below = sum(float((a / length) @ b) ** 2 for b in h)
        found.append(float(length) ** 2 / below)
    return torch.tensor(found)
""",
    },
    wrong={
        "features": ("features-for-examples", _fractions(hidden="W.T")),
        "inputs": ("inputs-for-hidden", _fractions(hidden="x")),
        "without itself": (
            "itself-excluded",
            _fractions(
                answer="torch.where(overlaps.sum(1) > overlaps.diagonal() + 1e-12, lengths**2 / (overlaps.sum(1) - overlaps.diagonal()), 0.0)"
            ),
        ),
        "both scaled": ("both-scaled", _fractions(overlaps="(unit @ unit.T) ** 2")),
        "none scaled": ("not-scaled", _fractions(unit="hidden")),
        "not squared": (
            "not-squared",
            _fractions(
                overlaps="unit @ hidden.T",
                answer="torch.where(lengths > 0, lengths**2 / overlaps.sum(dim=1), 0.0)",
            ),
        ),
        "length not squared": (
            "length-not-squared",
            _fractions(answer="lengths / overlaps.sum(dim=1).clamp(min=1e-9)"),
        ),
        "0 / 0": (
            "zero-divided",
            _fractions(
                unit="hidden / lengths[:, None]",
                overlaps="(unit @ hidden.T) ** 2",
                answer="torch.where(lengths > 0, lengths**2 / overlaps.nansum(dim=1), torch.nan)",
            ),
        ),
        "wrong way round": ("raises", _fractions(hidden="x @ W")),
    },
)

ANSWERS = {"toy.sample_dimensionality": SAMPLE_DIMENSIONALITY}

EQUIVALENT: dict[str, dict[str, str]] = {}
