"""Chapter 1, section 11: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum\nfrom torch import Tensor"
)

_ATTACK = """
def attack(W, size):
    rows = {rows}
    return {answer}
"""


def _attack(rows="W.T @ W", answer="size * rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)"):
    return _ATTACK.format(rows=rows, answer=answer)


ATTACK = Answers(
    imports=_IMPORTS,
    right={
        "clamped": _attack(),
        "normalize": _attack(answer="size * torch.nn.functional.normalize(rows, dim=1)"),
        "einsum": _attack(
            rows="einsum(W, W, 'm i, m j -> i j')",
            answer="torch.nan_to_num(size * rows / rows.norm(dim=1)[:, None])",
        ),
        "numpy": """
def attack(W, size):
    rows = W.numpy().T @ W.numpy()
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return size * np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
""",
        "loops": """
def attack(W, size):
    n = W.shape[1]
    pushes = torch.zeros(n, n)
    for i in range(n):
        row = torch.stack([W[:, i] @ W[:, j] for j in range(n)])
        if row.norm() > 0:
            pushes[i] = size * row / row.norm()
    return pushes
""",
    },
    wrong={
        "not scaled": ("not-scaled", _attack(answer="size * rows")),
        "size forgotten": (
            "size-ignored",
            _attack(answer="rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)"),
        ),
        "the feature alone": (
            "one-feature-only",
            _attack(rows="torch.diag((W.norm(dim=0) > 0).float())", answer="size * rows"),
        ),
        "one norm": ("scaled-together", _attack(answer="size * rows / rows.norm()")),
        "columns scaled": (
            "scaled-by-the-other",
            _attack(answer="size * rows / rows.norm(dim=0).clamp(min=1e-9)"),
        ),
        "downhill": (
            "sign-turned",
            _attack(answer="-size * rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-9)"),
        ),
        "in the hidden space": (
            "hidden-directions",
            _attack(answer="(size * W / W.norm(dim=0).clamp(min=1e-9)).T"),
        ),
        "largest entry": (
            "largest-entry-scaled",
            _attack(answer="size * rows / rows.abs().amax(dim=1, keepdim=True).clamp(min=1e-9)"),
        ),
        "sum": (
            "sum-scaled",
            _attack(answer="size * rows / rows.abs().sum(dim=1, keepdim=True).clamp(min=1e-9)"),
        ),
        "no care for zero": ("zero-divided", _attack(answer="size * rows / rows.norm(dim=1, keepdim=True)")),
        "W W^T": ("wrong-shape", _attack(rows="W @ W.T")),
        "only the strongest": ("wrong-shape", _attack(answer="size * rows[0] / rows[0].norm()")),
        "squared length": (
            None,
            _attack(answer="size * rows / rows.square().sum(dim=1, keepdim=True).clamp(min=1e-9)"),
        ),
    },
)

_DAMAGE = """
def vulnerability(x, pushes, W, b_final):
    def loss(moved):
        out = {out}
        return {loss}
    losses = torch.stack([loss({moved}) for push in pushes])
    return {answer}
"""


def _damage(
    out="torch.relu(moved @ W.T @ W + b_final)",
    loss="(x - out).square().sum(dim=1).mean()",
    moved="x + push",
    answer="losses.max() - loss(x)",
):
    return _DAMAGE.format(out=out, loss=loss, moved=moved, answer=answer)


VULNERABILITY = Answers(
    imports=_IMPORTS,
    right={
        "one by one": _damage(),
        "all at once": """
def vulnerability(x, pushes, W, b_final):
    moved = x[None] + pushes[:, None]
    out = torch.relu(moved @ W.T @ W + b_final)
    losses = ((x - out) ** 2).sum(-1).mean(-1)
    still = ((x - torch.relu(x @ W.T @ W + b_final)) ** 2).sum(-1).mean()
    return losses.max() - still
""",
        "numpy": """
def vulnerability(x, pushes, W, b_final):
    x, pushes, W, b = (t.numpy() for t in (x, pushes, W, b_final))
    def loss(moved):
        return np.mean(np.sum((x - np.maximum(moved @ W.T @ W + b, 0)) ** 2, axis=1))
    return max(loss(x + push) for push in pushes) - loss(x)
""",
        "loops": """
def vulnerability(x, pushes, W, b_final):
    worst = None
    still = 0.0
    for push in [torch.zeros(x.shape[1])] + list(pushes):
        total = 0.0
        for sample in x:
            out = torch.relu(W.T @ (W @ (sample + push)) + b_final)
            total += float(((sample - out) ** 2).sum())
        total /= len(x)
        if not push.any():
            still = total
        elif worst is None or total > worst:
            worst = total
    return worst - still
""",
    },
    wrong={
        "pushed target": ("target-pushed", _damage(loss="(moved - out).square().sum(dim=1).mean()")),
        "not subtracted": ("not-subtracted", _damage(answer="losses.max()")),
        "mean over pushes": ("mean-push", _damage(answer="losses.mean() - loss(x)")),
        "each sample its own": (
            "worst-for-each-sample",
            _damage(
                loss="(x - out).square().sum(dim=1)",
                answer="losses.max(dim=0).values.mean() - loss(x).mean()",
            ),
        ),
        "the mildest": ("mildest-push", _damage(answer="losses.min() - loss(x)")),
        "no bias": ("bias-missing", _damage(out="torch.relu(moved @ W.T @ W)")),
        "no ReLU": ("relu-missing", _damage(out="moved @ W.T @ W + b_final")),
        "mean over features": ("averaged-over-features", _damage(loss="(x - out).square().mean()")),
        "sum over samples": ("summed-over-samples", _damage(loss="(x - out).square().sum()")),
        "ratio": ("ratio", _damage(answer="losses.max() / loss(x)")),
        "subtracted": ("push-subtracted", _damage(moved="x - push")),
        "one for each push": ("wrong-shape", _damage(answer="losses - loss(x)")),
        "bias outside": (None, _damage(out="torch.relu(moved @ W.T @ W) + b_final")),
        "absolute errors": (None, _damage(loss="(x - out).abs().sum(dim=1).mean()")),
    },
)

ANSWERS = {"toy.attack": ATTACK, "toy.vulnerability": VULNERABILITY}

EQUIVALENT: dict[str, dict[str, str]] = {}
