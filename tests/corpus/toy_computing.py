"""Chapter 1, computing in superposition: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum\nfrom torch import Tensor, nn"
)


def _hidden(answer="torch.relu(torch.relu(x @ W.T) @ W + b_final)"):
    return f"def hidden_relu(x, W, b_final):\n    return {answer}\n"


HIDDEN_RELU = Answers(
    imports=_IMPORTS,
    right={
        "two products": _hidden(),
        "clamp": _hidden("((x @ W.T).clamp(min=0) @ W + b_final).clamp(min=0)"),
        "einsum": """
def hidden_relu(x, W, b_final):
    neurons = torch.relu(einsum(x, W, "b i, k i -> b k"))
    return torch.relu(einsum(neurons, W, "b k, k i -> b i") + b_final)
""",
        "linear layers": """
def hidden_relu(x, W, b_final):
    return nn.functional.relu(nn.functional.linear(nn.functional.relu(nn.functional.linear(x, W)), W.T, b_final))
""",
        "loops": """
def hidden_relu(x, W, b_final):
    rows = []
    for row in x:
        total = b_final
        for k in range(W.shape[0]):
            total = total + torch.relu(W[k] @ row) * W[k]
        rows.append(torch.relu(total))
    return torch.stack(rows)
""",
    },
    wrong={
        "the old model": ("hidden-relu-missing", _hidden("torch.relu(x @ W.T @ W + b_final)")),
        "open output": ("output-relu-missing", _hidden("torch.relu(x @ W.T) @ W + b_final")),
        "no bias": ("bias-missing", _hidden("torch.relu(torch.relu(x @ W.T) @ W)")),
        "bias subtracted": ("bias-subtracted", _hidden("torch.relu(torch.relu(x @ W.T) @ W - b_final)")),
        "bias last": ("bias-after-relu", _hidden("torch.relu(torch.relu(x @ W.T) @ W) + b_final")),
        "absolute neurons": ("absolute-hidden", _hidden("torch.relu((x @ W.T).abs() @ W + b_final)")),
        "not transposed": ("raises", _hidden("torch.relu(torch.relu(x @ W) @ W.T + b_final)")),
        "cut": ("detached", _hidden("torch.relu(torch.relu(x @ W.detach().T) @ W.detach() + b_final)")),
        "half cut": ("wrong-gradient", _hidden("torch.relu(torch.relu(x @ W.detach().T) @ W + b_final)")),
    },
)

_TURNED = """
def privileged(x, W, b_final, rotation):
    def error(V, neurons):
        hidden = {hidden}
        hidden = torch.relu(hidden) if neurons else hidden
        out = torch.relu(hidden @ V + b_final)
        return ((x - out) ** 2).sum(dim=1).mean()

    turned = {turned}
    return {answer}
"""


def _turned(
    hidden="x @ V.T",
    turned="rotation @ W",
    answer="error(turned, False) - error(W, False), error(turned, True) - error(W, True)",
):
    return _TURNED.format(hidden=hidden, turned=turned, answer=answer)


PRIVILEGED = Answers(
    imports=_IMPORTS,
    right={
        "helper": _turned(),
        "numpy": """
def privileged(x, W, b_final, rotation):
    x, W, b, R = (t.double().numpy() for t in (x, W, b_final, rotation))
    found = []
    for neurons in (False, True):
        errors = []
        for V in (W, R @ W):
            h = x @ V.T
            if neurons:
                h = np.maximum(h, 0)
            errors.append(((x - np.maximum(h @ V + b, 0)) ** 2).sum(1).mean())
        found.append(float(errors[1] - errors[0]))
    return tuple(found)
""",
        "the linear one by thought": """
def privileged(x, W, b_final, rotation):
    def error(V):
        return (x - torch.relu(torch.relu(x @ V.T) @ V + b_final)).square().sum() / len(x)
    return 0.0, error(rotation @ W) - error(W)
""",
        "einsum": """
def privileged(x, W, b_final, rotation):
    turned = einsum(rotation, W, "a k, k i -> a i")
    changes = []
    for act in (lambda h: h, torch.relu):
        before, after = (torch.relu(act(x @ V.T) @ V + b_final) for V in (W, turned))
        changes.append(((after - x) ** 2 - (before - x) ** 2).sum(1).mean())
    return changes
""",
    },
    wrong={
        "turned once": (
            "rotated-once",
            """
def privileged(x, W, b_final, rotation):
    def error(V, neurons):
        hidden = x @ V.T
        hidden = torch.relu(hidden) if neurons else hidden
        return ((x - torch.relu(hidden @ W + b_final)) ** 2).sum(dim=1).mean()

    return error(rotation @ W, False) - error(W, False), error(rotation @ W, True) - error(W, True)
""",
        ),
        "the other way round": ("rotation-transposed", _turned(turned="rotation.T @ W")),
        "before minus after": (
            "before-minus-after",
            _turned(answer="error(W, False) - error(turned, False), error(W, True) - error(turned, True)"),
        ),
        "only after": ("not-a-change", _turned(answer="error(turned, False), error(turned, True)")),
        "no neurons": (
            "neurons-missing",
            _turned(answer="error(turned, False) - error(W, False), error(turned, False) - error(W, False)"),
        ),
        "neurons in both": (
            "neurons-in-both",
            _turned(answer="error(turned, True) - error(W, True), error(turned, True) - error(W, True)"),
        ),
        "swapped": (
            "order-swapped",
            _turned(answer="error(turned, True) - error(W, True), error(turned, False) - error(W, False)"),
        ),
        "mean over everything": (
            "mean-over-features",
            _turned().replace(".sum(dim=1).mean()", ".mean()"),
        ),
        "no bias": ("bias-missing", _turned().replace(" + b_final", "")),
        "features turned": ("raises", _turned(turned="W @ rotation")),
        "no answer for the first": ("wrong-shape", _turned(answer="(error(turned, True) - error(W, True),)")),
    },
)

_ABSOLUTE = """
def absolute(x, W1, W2, b_final, importance):
    neurons = {neurons}
    out = {out}
    return {answer}
"""


def _absolute(
    neurons="torch.relu(x @ W1.T)",
    out="torch.relu(neurons @ W2.T + b_final)",
    answer="(importance * (x.abs() - out) ** 2).sum(dim=1).mean()",
):
    return _ABSOLUTE.format(neurons=neurons, out=out, answer=answer)


ABSOLUTE = Answers(
    imports=_IMPORTS,
    right={
        "plain": _absolute(),
        "einsum": _absolute(
            neurons='einsum(x, W1, "b i, k i -> b k").clamp(min=0)',
            out='(einsum(neurons, W2, "b k, i k -> b i") + b_final).clamp(min=0)',
            answer='einsum((x.abs() - out) ** 2, importance, "b i, i ->") / len(x)',
        ),
        "both halves": _absolute(
            answer="((torch.relu(x) + torch.relu(-x) - out).square() @ importance).mean()"
        ),
        "loops": """
def absolute(x, W1, W2, b_final, importance):
    total = 0
    for row in x:
        out = torch.relu(W2 @ torch.relu(W1 @ row) + b_final)
        for i in range(len(row)):
            total = total + importance[i] * (row[i].abs() - out[i]) ** 2
    return total / x.shape[0]
""",
    },
    wrong={
        "target x": (
            "target-not-absolute",
            _absolute(answer="(importance * (x - out) ** 2).sum(dim=1).mean()"),
        ),
        "no importance": ("importance-missing", _absolute(answer="((x.abs() - out) ** 2).sum(dim=1).mean()")),
        "tied": ("weights-tied", _absolute(out="torch.relu(neurons @ W1 + b_final)")),
        "linear middle": ("hidden-relu-missing", _absolute(neurons="x @ W1.T")),
        "open output": ("output-relu-missing", _absolute(out="neurons @ W2.T + b_final")),
        "no bias": ("bias-missing", _absolute(out="torch.relu(neurons @ W2.T)")),
        "|x| goes in": ("absolute-going-in", _absolute(neurons="torch.relu(x.abs() @ W1.T)")),
        "not squared": (
            "not-squared",
            _absolute(answer="(importance * (x.abs() - out).abs()).sum(dim=1).mean()"),
        ),
        "mean over everything": (
            "mean-over-features",
            _absolute(answer="(importance * (x.abs() - out) ** 2).mean()"),
        ),
        "added up": ("summed-over-batch", _absolute(answer="(importance * (x.abs() - out) ** 2).sum()")),
        "cut": ("detached", _absolute(neurons="torch.relu(x @ W1.detach().T)")),
        "a plain number": (
            "detached",
            _absolute(answer="(importance * (x.abs() - out) ** 2).sum(dim=1).mean().item()"),
        ),
        "per sample": ("wrong-shape", _absolute(answer="(importance * (x.abs() - out) ** 2).sum(dim=1)")),
    },
)


def _counts(
    answer="((W1.abs() >= share * largest) & (largest > 0)).sum(dim=1)",
    largest="W1.abs().amax(dim=1, keepdim=True)",
):
    return f"def polysemanticity(W1, share):\n    largest = {largest}\n    return {answer}\n"


POLYSEMANTICITY = Answers(
    imports=_IMPORTS,
    right={
        "mask": _counts(),
        "scaled, NaN is never at least": _counts("((W1 / largest).abs() >= share).sum(dim=1)"),
        "numpy": """
def polysemanticity(W1, share):
    size = np.abs(W1.numpy())
    largest = size.max(axis=1, keepdims=True)
    return np.where(largest[:, 0] > 0, (size >= share * largest).sum(axis=1), 0)
""",
        "loops": """
def polysemanticity(W1, share):
    counts = []
    for neuron in W1:
        largest = neuron.abs().max()
        count = 0
        for weight in neuron:
            if weight != 0 and weight.abs() >= share * largest:
                count += 1
        counts.append(count)
    return torch.tensor(counts)
""",
    },
    wrong={
        "not scaled": ("not-scaled", _counts("(W1.abs() >= share).sum(dim=1)")),
        "positive only": ("signs-matter", _counts("((W1 >= share * largest) & (largest > 0)).sum(dim=1)")),
        "largest with its sign": (
            "largest-signed",
            _counts(
                "((W1.abs() >= share * largest) & (W1 != 0).any(dim=1, keepdim=True)).sum(dim=1)",
                "W1.amax(dim=1, keepdim=True)",
            ),
        ),
        "columns": (
            "scaled-by-feature",
            _counts(
                largest="W1.abs().amax(dim=0, keepdim=True)",
                answer="((W1.abs() >= share * largest) & (W1 != 0)).sum(dim=1)",
            ),
        ),
        "whole matrix": ("scaled-by-all", _counts(largest="W1.abs().max()")),
        "length": ("scaled-by-length", _counts(largest="W1.norm(dim=1, keepdim=True)")),
        "more than": ("limit-left-out", _counts("(W1.abs() > share * largest).sum(dim=1)")),
        "silent ones": ("silent-counted", _counts("(W1.abs() >= share * largest).sum(dim=1)")),
        "per feature": (
            "neurons-per-feature",
            _counts("((W1.abs() >= share * largest) & (largest > 0)).sum(dim=0)"),
        ),
        "largest left out": (
            None,
            _counts("((W1.abs() >= share * largest) & (W1.abs() < largest)).sum(dim=1)"),
        ),
    },
)

ANSWERS = {
    "toy.hidden_relu": HIDDEN_RELU,
    "toy.privileged": PRIVILEGED,
    "toy.absolute": ABSOLUTE,
    "toy.polysemanticity": POLYSEMANTICITY,
}

EQUIVALENT: dict[str, dict[str, str]] = {}
