"""Chapter 2, directions instead of neurons: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nfrom einops import einsum\nfrom torch import Tensor"


def _difference(answer: str) -> str:
    return f"""
def difference_of_means(x, inside):
    d = x[inside].mean(dim=0) - x[~inside].mean(dim=0)
    return {answer}
"""


DIFFERENCE_OF_MEANS = Answers(
    imports=_IMPORTS,
    right={
        "masks": _difference("d / d.norm()"),
        "normalize": _difference("torch.nn.functional.normalize(d, dim=0)"),
        "weights": """
def difference_of_means(x, inside):
    member = inside.float()
    d = (member / member.sum()) @ x - ((1 - member) / (1 - member).sum()) @ x
    return d / (d @ d).sqrt()
""",
        "numpy": """
def difference_of_means(x, inside):
    a, m = x.numpy(), inside.numpy()
    d = a[m].mean(axis=0) - a[~m].mean(axis=0)
    return d / np.linalg.norm(d)
""",
        "against all, scaled": """
def difference_of_means(x, inside):
    d = x[inside].mean(0) - x.mean(0)
    return d / d.norm()
""",
    },
    wrong={
        "not scaled": ("not-scaled", _difference("d")),
        "out of the domain": ("sign-swapped", _difference("-d / d.norm()")),
        "inside only": (
            "outside-not-subtracted",
            """
def difference_of_means(x, inside):
    mean = x[inside].mean(dim=0)
    return mean / mean.norm()
""",
        ),
        "against all, not scaled": (
            "against-all",
            """
def difference_of_means(x, inside):
    return x[inside].mean(dim=0) - x.mean(dim=0)
""",
        ),
        "sums": (
            "sums",
            """
def difference_of_means(x, inside):
    d = x[inside].sum(dim=0) - x[~inside].sum(dim=0)
    return d / d.norm()
""",
        ),
        "scaled first": (
            "scaled-too-early",
            """
def difference_of_means(x, inside):
    a, b = x[inside].mean(dim=0), x[~inside].mean(dim=0)
    d = a / a.norm() - b / b.norm()
    return d / d.norm()
""",
        ),
        "sum 1": ("scaled-by-sum", _difference("d / d.sum()")),
        "absolute sum 1": ("scaled-by-absolute-sum", _difference("d / d.abs().sum()")),
        "largest 1": ("scaled-by-largest", _difference("d / d.abs().max()")),
        "root forgotten": ("squared-length", _difference("d / (d**2).sum()")),
        "medians": (
            "medians",
            """
def difference_of_means(x, inside):
    d = x[inside].median(dim=0).values - x[~inside].median(dim=0).values
    return d / d.norm()
""",
        ),
        "over everything": (
            "one-number",
            """
def difference_of_means(x, inside):
    return x[inside].mean() - x[~inside].mean()
""",
        ),
        "over neurons": (
            "raises",
            """
def difference_of_means(x, inside):
    d = x[inside].mean(dim=1) - x[~inside].mean(dim=1)
    return d / d.norm()
""",
        ),
    },
)


def _steer(
    push: str = "x + strength * direction", returned: str = "logits[:, -1]", hook: str = "mlp.hook_post"
) -> str:
    return f"""
def steer(model, tokens, direction, strength):
    def push(x, hook):
        return {push}
    logits = model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.{hook}", push)])
    return {returned}
"""


STEER = Answers(
    imports=_IMPORTS,
    right={
        "hook": _steer(),
        "in place": """
def steer(model, tokens, direction, strength):
    def push(x, hook):
        x += strength * direction
        return x
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", push)])[:, -1, :]
""",
        "at the last token, nothing after it": """
def steer(model, tokens, direction, strength):
    def push(x, hook):
        x = x.clone()
        x[:, -1] += strength * direction
        return x
    with model.hooks(fwd_hooks=[("blocks.0.mlp.hook_post", push)]):
        return model(tokens)[:, -1]
""",
        "through what the MLP writes": """
def steer(model, tokens, direction, strength):
    written = strength * direction @ model.W_out[0]
    return model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.hook_mlp_out", lambda x, hook: x + written)])[:, -1]
""",
    },
    wrong={
        "the hook returns nothing": (
            "no-effect",
            """
def steer(model, tokens, direction, strength):
    def push(x, hook):
        x = x + strength * direction
    return model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", push)])[:, -1]
""",
        ),
        "replaced": ("replaced", _steer("(strength * direction).expand_as(x)")),
        "taken away": ("sign-swapped", _steer("x - strength * direction")),
        "no strength": ("strength-ignored", _steer("x + direction")),
        "length 1": ("direction-rescaled", _steer("x + strength * direction / direction.norm()")),
        "multiplied": ("multiplied", _steer("x * strength * direction")),
        "kept positive": ("cut-at-zero", _steer("torch.relu(x + strength * direction)")),
        "before the ReLU": ("before-the-relu", _steer(hook="mlp.hook_pre")),
        "all positions": ("all-positions", _steer(returned="logits")),
        "probabilities": ("probabilities", _steer(returned="logits[:, -1].softmax(-1)")),
        "the change": ("change-returned", _steer(returned="(logits - model(tokens))[:, -1]")),
        "the likeliest token": ("wrong-shape", _steer(returned="logits[:, -1].argmax(-1)")),
        "the hook stays": (
            "leaves-hooks",
            """
def steer(model, tokens, direction, strength):
    model.add_hook("blocks.0.mlp.hook_post", lambda x, hook: x + strength * direction)
    return model(tokens)[:, -1]
""",
        ),
    },
)


def _set(answer: str) -> str:
    return f"""
def set_component(x, direction, level):
    unit = direction / direction.norm()
    part = (x @ unit)[..., None]
    return {answer}
"""


SET_COMPONENT = Answers(
    imports=_IMPORTS,
    right={
        "moved": _set("x + (level - part) * unit"),
        "out, then in": _set("x - part * unit + level * unit"),
        "projection matrix": """
def set_component(x, direction, level):
    d = direction[:, None]
    out = torch.eye(len(direction)) - d @ d.T / (d.T @ d)
    return x @ out + level * direction / direction.norm()
""",
        "einsum": """
def set_component(x, direction, level):
    unit = direction / direction.norm()
    there = einsum(x, unit, "b t d, d -> b t")
    return x + einsum(level - there, unit, "b t, d -> b t d")
""",
        "numpy": """
def set_component(x, direction, level):
    a, u = x.numpy(), direction.numpy() / np.linalg.norm(direction.numpy())
    return a + (level - a @ u)[..., None] * u
""",
    },
    wrong={
        "not scaled": (
            "direction-not-scaled",
            """
def set_component(x, direction, level):
    return x + (level - x @ direction)[..., None] * direction
""",
        ),
        "scaled once": ("length-half-forgotten", _set("x + (level - part) * direction")),
        "taken out only": ("level-ignored", _set("x - part * unit")),
        "level added": ("level-added", _set("x + level * unit")),
        "minus the level": ("level-subtracted", _set("x - (part + level) * unit")),
        "the component alone": ("component-kept-only", _set("part * unit")),
        "the level alone": ("everything-replaced", _set("torch.zeros_like(x) + level * unit")),
        "mirrored": ("doubled", _set("x + (level - 2 * part) * unit")),
        "the mean component": ("mean-component", _set("x + (level - part.mean()) * unit")),
        "kept positive": ("cut-at-zero", _set("(x + (level - part) * unit).relu()")),
        "the components": ("component-returned", _set("part[..., 0]")),
        "in place": (
            "mutates-input",
            """
def set_component(x, direction, level):
    unit = direction / direction.norm()
    x += (level - x @ unit)[..., None] * unit
    return x
""",
        ),
    },
)

ANSWERS = {
    "neurons.difference_of_means": DIFFERENCE_OF_MEANS,
    "neurons.steer": STEER,
    "neurons.set_component": SET_COMPONENT,
}
EQUIVALENT: dict[str, dict[str, str]] = {}
