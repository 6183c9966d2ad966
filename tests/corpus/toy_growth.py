"""Chapter 1, section 6: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum\nfrom torch import Tensor"
)

LINEAR = Answers(
    imports=_IMPORTS,
    right={
        "matrix products": "def linear(x, W, b_final):\n    return x @ W.T @ W + b_final",
        "einsum": """
def linear(x, W, b_final):
    return einsum(x, W, W, "batch i, hidden i, hidden j -> batch j") + b_final
""",
        "functional": """
def linear(x, W, b_final):
    return torch.nn.functional.linear(torch.nn.functional.linear(x, W), W.T, b_final)
""",
        "sample by sample": "def linear(x, W, b_final):\n    return torch.stack([W.T @ (W @ s) + b_final for s in x])",
    },
    wrong={
        "ReLU kept": (
            "relu-kept",
            "def linear(x, W, b_final):\n    return torch.relu(x @ W.T @ W + b_final)",
        ),
        "no bias": ("bias-missing", "def linear(x, W, b_final):\n    return x @ W.T @ W"),
        "bias subtracted": (
            "bias-subtracted",
            "def linear(x, W, b_final):\n    return x @ W.T @ W - b_final",
        ),
        "hidden": ("hidden-returned", "def linear(x, W, b_final):\n    return x @ W.T"),
        "bias on the input": (
            "bias-on-input",
            "def linear(x, W, b_final):\n    return (x + b_final) @ W.T @ W",
        ),
        "absolute value": (
            "abs-taken",
            "def linear(x, W, b_final):\n    return (x @ W.T @ W + b_final).abs()",
        ),
        "detached": ("detached", "def linear(x, W, b_final):\n    return (x @ W.T @ W + b_final).detach()"),
        "not transposed": ("raises", "def linear(x, W, b_final):\n    return x @ W @ W.T + b_final"),
    },
)

_SUPERPOSITION = """
def superposition(W):
    norms = W.norm(dim=0)
    unit = W / norms.clamp(min=1e-9)
    overlaps = {overlaps}
    return {answer}
"""


def _super(overlaps="(unit.T @ W) ** 2", answer="norms, overlaps.sum(dim=1) - overlaps.diagonal()"):
    return _SUPERPOSITION.format(overlaps=overlaps, answer=answer)


SUPERPOSITION = Answers(
    imports=_IMPORTS,
    right={
        "diagonal taken away": _super(),
        "diagonal filled with zeros": _super(
            "(unit.T @ W).fill_diagonal_(0).square()", "norms, overlaps.sum(dim=-1)"
        ),
        "loops": """
def superposition(W):
    n = W.shape[1]
    lengths = [float(W[:, i].norm()) for i in range(n)]
    found = []
    for i in range(n):
        others = [float(W[:, i] @ W[:, j]) for j in range(n) if j != i]
        found.append(sum(o * o for o in others) / lengths[i] ** 2 if lengths[i] else 0.0)
    return torch.tensor(lengths), torch.tensor(found)
""",
        "numpy, where": """
def superposition(W):
    W = np.asarray(W, dtype=np.float64)
    gram = W.T @ W
    squared = np.diag(gram).copy()
    off = (gram**2).sum(axis=1) - squared**2
    return [np.sqrt(squared), np.divide(off, squared, out=np.zeros_like(off), where=squared > 0)]
""",
    },
    wrong={
        "itself included": ("itself-included", _super(answer="norms, overlaps.sum(dim=1)")),
        "not squared": ("not-squared", _super("unit.T @ W")),
        "direction not scaled": ("direction-not-scaled", _super("(W.T @ W) ** 2")),
        "both scaled": ("both-scaled", _super("(unit.T @ unit) ** 2")),
        "other axis": (
            "sum-over-the-wrong-axis",
            _super(answer="norms, overlaps.sum(dim=0) - overlaps.diagonal()"),
        ),
        "squared lengths": (
            "length-squared",
            _super(answer="norms**2, overlaps.sum(dim=1) - overlaps.diagonal()"),
        ),
        "rows": ("rows-for-columns", _super().replace("    norms =", "    W = W.T\n    norms =")),
        "order": ("order-swapped", _super(answer="overlaps.sum(dim=1) - overlaps.diagonal(), norms")),
        "0 / 0": ("zero-divided", _super().replace(".clamp(min=1e-9)", "")),
        "only the lengths": ("wrong-type", _super(answer="norms")),
        "changes W": (
            "mutates-input",
            _super().replace("unit = W / norms.clamp(min=1e-9)", "unit = W.div_(norms.clamp(min=1e-9))"),
        ),
    },
)

_LINEAR_LOSS = """
def linear_loss(W, importance):
    overlaps = W.T @ W
    squared = overlaps.diagonal()
    leaks = overlaps - torch.diag(squared)
    benefit = {benefit}
    interference = {interference}
    return {answer}
"""


def _linear(
    benefit="(importance * (1 - squared) ** 2).sum()",
    interference="(leaks**2 @ importance).sum()",
    answer="benefit, interference",
):
    return _LINEAR_LOSS.format(benefit=benefit, interference=interference, answer=answer)


LINEAR_LOSS = Answers(
    imports=_IMPORTS,
    right={
        "gram matrix": _linear(),
        "einsum": """
def linear_loss(W, importance):
    gram = einsum(W, W, "h i, h j -> i j")
    off = gram * (1 - torch.eye(len(gram)))
    return ((1 - W.pow(2).sum(0)) ** 2 @ importance, einsum(off, off, importance, "i j, i j, j ->"))
""",
        "loops": """
def linear_loss(W, importance):
    n = W.shape[1]
    benefit = sum(importance[i] * (1 - W[:, i] @ W[:, i]) ** 2 for i in range(n))
    cost = torch.tensor(0.0)
    for i in range(n):
        for j in range(n):
            if i != j:
                cost = cost + importance[j] * (W[:, i] @ W[:, j]) ** 2
    return [benefit, cost]
""",
        "all at once, then the diagonal": """
def linear_loss(W, importance):
    error = (torch.eye(W.shape[1]) - W.T @ W) ** 2 * importance
    benefit = error.diagonal().sum()
    return benefit, error.sum() - benefit
""",
    },
    wrong={
        "importance missing": (
            "importance-missing",
            _linear("((1 - squared) ** 2).sum()", "(leaks**2).sum()"),
        ),
        "interference unweighted": ("interference-unweighted", _linear(interference="(leaks**2).sum()")),
        "itself included": ("itself-included", _linear(interference="(overlaps**2 @ importance).sum()")),
        "length, not squared": (
            "length-not-squared",
            _linear("(importance * (1 - W.norm(dim=0)) ** 2).sum()"),
        ),
        "bracket not squared": ("bracket-not-squared", _linear("(importance * (1 - squared)).sum()")),
        "overlap not squared": ("overlap-not-squared", _linear(interference="(leaks @ importance).sum()")),
        "each pair once": ("half-the-pairs", _linear(interference="(leaks.tril()**2 @ importance).sum()")),
        "each pair once, other half": (
            "half-the-pairs",
            _linear(interference="(leaks.triu()**2 @ importance).sum()"),
        ),
        "added up": ("added-up", _linear(answer="benefit + interference")),
        "order": ("order-swapped", _linear(answer="interference, benefit")),
        "plain numbers": ("detached", _linear(answer="benefit.item(), interference.item()")),
        "overlaps detached": (None, _linear(interference="(leaks.detach()**2 @ importance).sum()")),
    },
)

ANSWERS = {"toy.linear": LINEAR, "toy.superposition": SUPERPOSITION, "toy.linear_loss": LINEAR_LOSS}

EQUIVALENT: dict[str, dict[str, str]] = {}
