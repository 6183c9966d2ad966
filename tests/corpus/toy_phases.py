"""Chapter 1, section 7: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import math\n\nimport numpy as np\nimport torch\nfrom torch import Tensor"

_BRANCHES = """
def branch_losses(density, importance):
    variance = {variance}
    return {answer}
"""


def _branches(
    variance="density / 3 - density**2 / 4",
    answer="importance * variance, variance, (1 + importance) * density**2 / 6",
):
    return _BRANCHES.format(variance=variance, answer=answer)


BRANCH_LOSSES = Answers(
    imports=_IMPORTS,
    right={
        "closed forms": _branches(),
        "numpy list": """
def branch_losses(density, importance):
    p, w = np.asarray(density), np.asarray(importance)
    left = p * (4 - 3 * p) / 12
    return [w * left, left, p * p * (w + 1) / 6]
""",
        "one by one": """
def branch_losses(density, importance):
    rows = []
    for p, w in zip(density.tolist(), importance.tolist()):
        spread = (1 - p) * (p / 2) ** 2 + p * (1 / 12 + (1 / 2 - p / 2) ** 2)
        rows.append([w * spread, spread, p**2 / 6 + w * p**2 / 6])
    return tuple(torch.tensor(rows).T)
""",
        "by a fine grid": """
def branch_losses(density, importance):
    u = (torch.arange(1000) + 0.5) / 1000
    both = torch.minimum(u[:, None], u).square().mean() * density**2
    spread = density * u.square().mean() - (density * u.mean()) ** 2
    return importance * spread, spread, both + importance * both
""",
    },
    wrong={
        "bias forgotten": ("bias-forgotten", _branches("density / 3")),
        "uniform's variance": ("absence-forgotten", _branches("density / 12")),
        "one factor of p": (
            "one-factor-of-p",
            _branches(answer="importance * variance, variance, (1 + importance) * density / 6"),
        ),
        "one of the pair": (
            "one-side-of-the-pair",
            _branches(answer="importance * variance, variance, density**2 / 6"),
        ),
        "pair unweighted": (
            "importance-missing",
            _branches(answer="importance * variance, variance, density**2 / 3"),
        ),
        "nothing weighted": ("importance-missing", _branches(answer="variance, variance, density**2 / 3")),
        "mean not squared": ("absence-forgotten", _branches("density / 3 - density / 4")),
        "order": (
            "order-swapped",
            _branches(answer="variance, importance * variance, (1 + importance) * density**2 / 6"),
        ),
        "two of three": (
            "wrong-shape",
            _branches(answer="importance * variance, (1 + importance) * density**2 / 6"),
        ),
        "added up": ("wrong-type", _branches(answer="importance * variance + variance")),
    },
)

_EXPECTED = """
def expected_loss(W, b, importance, density, n_points):
    u = {u}
    total = 0
    for x1, p1 in ((torch.zeros(1), {absent}), (u, {there})):
        for x2, p2 in ((torch.zeros(1), {absent}), (u, {there})):
            x1, x2 = x1.reshape(-1, 1), x2.reshape(1, -1)
            h = W[0] * x1 + W[1] * x2
            first = (x1 - {first}) ** 2
            second = (x2 - {second}) ** 2
            total = total + p1 * p2 * ({error}).mean()
    return {answer}
"""


def _expected(
    u="(torch.arange(n_points) + 0.5) / n_points",
    absent="1 - density",
    there="density",
    first="torch.relu(W[0] * h + b[0])",
    second="torch.relu(W[1] * h + b[1])",
    error="first + importance * second",
    answer="total",
):
    return _EXPECTED.format(
        u=u, absent=absent, there=there, first=first, second=second, error=error, answer=answer
    )


EXPECTED_LOSS = Answers(
    imports=_IMPORTS,
    right={
        "two loops": _expected(),
        "all samples with weights": """
def expected_loss(W, b, importance, density, n_points):
    u = torch.linspace(0.5 / n_points, 1 - 0.5 / n_points, n_points)
    x = torch.cat([torch.zeros(1), u])
    p = torch.cat([torch.tensor([1 - density]), torch.full((n_points,), density / n_points)])
    grid = torch.cartesian_prod(x, x)
    weight = torch.outer(p, p).flatten()
    out = torch.relu((grid @ W)[:, None] * W + b)
    return weight @ ((grid - out) ** 2 @ torch.tensor([1.0, importance]))
""",
        "four terms written out": """
def expected_loss(W, b, importance, density, n_points):
    u = (torch.arange(n_points) + 0.5) / n_points

    def term(x1, x2):
        h = x1 * W[0] + x2 * W[1]
        e1 = x1 - (W[0] * h + b[0]).clamp(min=0)
        e2 = x2 - (W[1] * h + b[1]).clamp(min=0)
        return (e1**2 + importance * e2**2).mean()

    none = term(torch.zeros(1), torch.zeros(1))
    one = term(u, 0 * u) + term(0 * u, u)
    two = term(*torch.meshgrid(u, u, indexing="ij"))
    return (1 - density) ** 2 * none + density * (1 - density) * one + density**2 * two
""",
    },
    wrong={
        "no bias": ("bias-missing", _expected(first="torch.relu(W[0] * h)", second="torch.relu(W[1] * h)")),
        "no ReLU": ("relu-missing", _expected(first="(W[0] * h + b[0])", second="(W[1] * h + b[1])")),
        "importance missing": ("importance-missing", _expected(error="first + second")),
        "importance on the first": (
            "importance-on-the-first",
            _expected(error="importance * first + second"),
        ),
        "only both": (
            "only-both",
            _expected(absent="0", there="1"),
        ),
        "no probabilities": ("probabilities-missing", _expected(absent="1", there="1")),
        "left ends": ("ends-for-midpoints", _expected(u="torch.arange(n_points) / n_points")),
        "none forgotten": (
            "none-forgotten",
            _expected(
                answer="total - (1 - density) ** 2 * (torch.relu(b[0]) ** 2 + importance * torch.relu(b[1]) ** 2)"
            ),
        ),
        "plain number": ("detached", _expected(answer="total.item()")),
        "W detached": ("detached", _expected().replace("    total = 0", "    W = W.detach()\n    total = 0")),
        "one use of W detached": (
            None,
            _expected().replace("h = W[0] * x1 + W[1] * x2", "h = W[0].detach() * x1 + W[1].detach() * x2"),
        ),
    },
)

_FATE = """
def fate(W):
    extra = {extra}
    length = extra.norm()
    if {short}:
        return "not learned"
    pull = {pull}
    return {answer}
"""


def _fate(
    extra="W[:, -1]",
    short="length < 0.5",
    pull="((extra / length) @ W[:, :-1]).square().sum()",
    answer='"own dimension" if pull < 0.25 else "superposed"',
):
    return _FATE.format(extra=extra, short=short, pull=pull, answer=answer)


FATE = Answers(
    imports=_IMPORTS,
    right={
        "two questions": _fate(),
        "loop over the others": """
def fate(W):
    *others, extra = W.T
    if extra.norm().item() < 0.5:
        return "not learned"
    pull = sum(float(extra @ other / extra.norm()) ** 2 for other in others)
    return "superposed" if pull >= 0.25 else "own dimension"
""",
        "numpy": """
def fate(W):
    W = np.asarray(W)
    length = np.linalg.norm(W[:, -1])
    if length < 0.5:
        return "not learned"
    if np.sum((W[:, -1] @ W[:, :-1] / length) ** 2) < 0.25:
        return "own dimension"
    return "superposed"
""",
    },
    wrong={
        "squared length": ("length-squared", _fate(short="length**2 < 0.5")),
        "first feature": (
            "first-for-last",
            _fate(extra="W[:, 0]", pull="((extra / length) @ W[:, 1:]).square().sum()"),
        ),
        "not squared": ("not-squared", _fate(pull="((extra / length) @ W[:, :-1]).sum()")),
        "not scaled": ("direction-not-scaled", _fate(pull="(extra @ W[:, :-1]).square().sum()")),
        "itself included": ("itself-included", _fate(pull="((extra / length) @ W).square().sum()")),
        "words swapped": ("words-swapped", _fate(answer='"superposed" if pull < 0.25 else "own dimension"')),
        "length ignored": (
            "length-ignored",
            _fate(short="False").replace("length = extra.norm()", "length = extra.norm().clamp(min=1e-9)"),
        ),
        "a number": ("wrong-type", _fate(answer="0 if pull < 0.25 else 1").replace('"not learned"', "2")),
    },
)

ANSWERS = {"toy.branch_losses": BRANCH_LOSSES, "toy.expected_loss": EXPECTED_LOSS, "toy.fate": FATE}

EQUIVALENT: dict[str, dict[str, str]] = {
    "toy.expected_loss": {
        "for x1, p1 in ((torch.zeros(2), 1 - density), (u, density)):": "the mean over two zeros is that over one",
        "for x2, p2 in ((torch.zeros(2), 1 - density), (u, density)):": "the mean over two zeros is that over one",
    },
}
