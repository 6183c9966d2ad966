"""Chapter 2, a vision neuron: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nfrom torch import Tensor"

_CLIMB = """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    x = image
    for _ in range({steps}):
        x = x.detach().clone().requires_grad_()
        z = {z}
        (g,) = torch.autograd.grad(z, x)
        x = {moved}
    return {returned}
"""


def _climb(
    z: str = "(torch.relu(x @ W1 + b1) @ W2 + b2)[neuron]",
    moved: str = "(x + step * g / g.norm()).clamp(0, 1)",
    steps: str = "n_steps",
    returned: str = "x.detach()",
) -> str:
    return _CLIMB.format(z=z, moved=moved, steps=steps, returned=returned)


EXCITE = Answers(
    imports=_IMPORTS,
    right={
        "autograd": _climb(),
        "by hand": """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    x = image.clone()
    for _ in range(n_steps):
        open_ = (x @ W1 + b1 > 0).float()
        g = W1 @ (open_ * W2[:, neuron])
        x = torch.clamp(x + step * g / g.norm(), 0.0, 1.0)
    return x
""",
        "backward": """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    x = image.clone().requires_grad_(True)
    for _ in range(n_steps):
        x.grad = None
        hidden = torch.nn.functional.relu(x @ W1 + b1)
        (hidden @ W2[:, neuron] + b2[neuron]).backward()
        with torch.no_grad():
            x += step * x.grad / x.grad.norm()
            x.clamp_(0, 1)
    return x.detach()
""",
        "numpy": """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    W, b, v, x = W1.numpy(), b1.numpy(), W2.numpy()[:, neuron], image.numpy()
    for _ in range(n_steps):
        g = W @ (v * (x @ W + b > 0))
        x = np.clip(x + step * g / np.linalg.norm(g), 0, 1)
    return x
""",
    },
    wrong={
        "downhill": ("downhill", _climb(moved="(x - step * g / g.norm()).clamp(0, 1)")),
        "gradient as it is": ("not-scaled", _climb(moved="(x + step * g).clamp(0, 1)")),
        "no clamp": ("ink-not-kept", _climb(moved="x + step * g / g.norm()")),
        "clamp at the end": (
            "ink-kept-at-the-end",
            _climb(moved="x + step * g / g.norm()", returned="x.detach().clamp(0, 1)"),
        ),
        "gradient of the start": (
            "gradient-frozen",
            """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    x = image.clone().requires_grad_()
    (g,) = torch.autograd.grad((torch.relu(x @ W1 + b1) @ W2 + b2)[neuron], x)
    x = image
    for _ in range(n_steps):
        x = (x + step * g / g.norm()).clamp(0, 1)
    return x
""",
        ),
        "the weights' product": (
            "first-layer-linear",
            """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    g = (W1 @ W2)[:, neuron]
    x = image
    for _ in range(n_steps):
        x = (x + step * g / g.norm()).clamp(0, 1)
    return x
""",
        ),
        "one step": ("one-step", _climb(steps="1")),
        "one too many": ("one-step-too-many", _climb(steps="n_steps + 1")),
        "all neurons": ("all-neurons", _climb(z="(torch.relu(x @ W1 + b1) @ W2 + b2).sum()")),
        "after the second ReLU": (
            "second-relu",
            _climb(
                z="torch.relu(torch.relu(x @ W1 + b1) @ W2 + b2)[neuron]",
                moved="(x + step * g / g.norm().clamp(min=1e-9)).clamp(0, 1)",
            ),
        ),
        "sign": ("sign-of-gradient", _climb(moved="(x + step * g.sign()).clamp(0, 1)")),
        "nothing done": (
            "picture-unchanged",
            """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    x = image.clone()
    for _ in range(n_steps):
        y = x + step
    return x
""",
        ),
        "what the neuron gets": ("wrong-shape", _climb(returned="z.detach()")),
        "in place": (
            "mutates-input",
            """
def excite(W1, b1, W2, b2, image, neuron, n_steps, step):
    for _ in range(n_steps):
        g = W1 @ (W2[:, neuron] * (image @ W1 + b1 > 0))
        image += step * g / g.norm()
        image.clamp_(0, 1)
    return image
""",
        ),
    },
)

ANSWERS = {"neurons.excite": EXCITE}
EQUIVALENT: dict[str, dict[str, str]] = {
    "neurons.excite": {
        "z = (torch.relu(x @ W1 + b1) @ W2 - b2)[neuron]": "a constant has no gradient: b2 stands there because the formula has it",
    },
}
