"""Chapter 1, section 8: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import math\n\nimport numpy as np\nimport torch\nfrom einops import rearrange, repeat\nfrom torch import Tensor"

_TOGETHER = """
def correlated(u, strength, density):
    size = strength.shape[1] // u.shape[1]
    return {answer}
"""


def _together(answer="strength * (u < density).repeat_interleave(size, dim=1)"):
    return _TOGETHER.format(answer=answer)


CORRELATED = Answers(
    imports=_IMPORTS,
    right={
        "repeat_interleave": _together(),
        "reshaped": _together(
            "(strength.reshape(len(u), -1, size) * (u < density)[:, :, None]).reshape(strength.shape)"
        ),
        "einops": _together("strength * repeat((u < density).float(), 'b s -> b (s k)', k=size)"),
        "loops": """
def correlated(u, strength, density):
    x, size = strength.clone(), strength.shape[1] // u.shape[1]
    for k in range(x.shape[0]):
        for i in range(x.shape[1]):
            if u[k, i // size] >= density:
                x[k, i] = 0
    return x
""",
    },
    wrong={
        "repeat": ("sets-interleaved", _together("strength * (u < density).repeat(1, size)")),
        "comparison turned": (
            "density-inverted",
            _together("strength * (u > density).repeat_interleave(size, dim=1)"),
        ),
        "no strengths": (
            "strengths-missing",
            _together("(u < density).repeat_interleave(size, dim=1).float()"),
        ),
        "one strength": (
            "one-strength",
            _together("(strength[:, ::size] * (u < density)).repeat_interleave(size, dim=1)"),
        ),
        "u as strength": ("u-for-strength", _together("(u * (u < density)).repeat_interleave(size, dim=1)")),
        "not repeated": ("wrong-shape", _together("strength[:, ::size] * (u < density)")),
        "one at a time": (
            "one-at-a-time",
            """
def correlated(u, strength, density):
    size = strength.shape[1] // u.shape[1]
    member = (u / density * size).floor()
    return strength * (member[:, :, None] == torch.arange(size)).flatten(1)
""",
        ),
        "in place": (
            "mutates-input",
            _together("strength.mul_((u < density).repeat_interleave(size, dim=1))"),
        ),
    },
)

_ALONE = """
def anticorrelated(u, strength, density):
    size = strength.shape[1] // u.shape[1]
    member = {member}
    active = {active}
    return {answer}
"""


def _alone(
    member="(u / density * size).floor()",
    active="member[:, :, None] == torch.arange(size)",
    answer="strength * active.flatten(1)",
):
    return _ALONE.format(member=member, active=active, answer=answer)


ANTICORRELATED = Answers(
    imports=_IMPORTS,
    right={
        "pieces": _alone(),
        "one_hot": _alone(
            member="(u / density * size).long().clamp(max=size)",
            active="torch.nn.functional.one_hot(member, size + 1)[:, :, :size]",
        ),
        "two comparisons": """
def anticorrelated(u, strength, density):
    size = strength.shape[1] // u.shape[1]
    low = torch.arange(size) * density / size
    number = u[:, :, None]
    active = (number >= low) & (number < low + density / size)
    return strength * rearrange(active, "b s k -> b (s k)")
""",
        "loops": """
def anticorrelated(u, strength, density):
    size = strength.shape[1] // u.shape[1]
    x = torch.zeros_like(strength)
    for k, row in enumerate(u.tolist()):
        for s, number in enumerate(row):
            if number < density:
                i = s * size + int(number / density * size)
                x[k, i] = strength[k, i]
    return x
""",
    },
    wrong={
        "all together": ("all-together", _alone(active="(u < density)[:, :, None].expand(-1, -1, size)")),
        "not stretched": (
            "not-stretched",
            _alone(
                member="(u * size).floor()",
                active="(member[:, :, None] == torch.arange(size)) & (u < density)[:, :, None]",
            ),
        ),
        "always there": ("always-there", _alone(member="(u * size).floor()")),
        "every n-th": ("sets-interleaved", _alone(answer="strength * active.mT.flatten(1)")),
        "no strengths": ("strengths-missing", _alone(answer="active.flatten(1).float()")),
        "only the first": (
            "only-the-first",
            _alone(active="(u < density)[:, :, None] & (torch.arange(size) == 0)"),
        ),
        "reversed": (
            "order-reversed",
            _alone(active="(size - 1 - member)[:, :, None] == torch.arange(size)"),
        ),
        "rounded": (None, _alone(member="(u / density * size).round()")),
        "not flattened": ("raises", _alone(answer="strength * active")),
    },
)

ANSWERS = {"toy.correlated": CORRELATED, "toy.anticorrelated": ANTICORRELATED}

EQUIVALENT: dict[str, dict[str, str]] = {
    "toy.anticorrelated": {
        "size = strength.shape[1] / u.shape[1]": "a whole number all the same: torch.arange(3.0) counts like torch.arange(3)",
    },
}
