"""Chapter 2, why it happens: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import math\n\nimport numpy as np\nimport torch\nfrom torch import Tensor"

_GROUPED = """
def one_neuron_loss(chance, fires):
    firing = chance[fires].sum()
    group = torch.where(fires, firing, 1 - firing)
    return {answer}
"""


def _grouped(answer: str) -> str:
    return _GROUPED.format(answer=answer)


ONE_NEURON_LOSS = Answers(
    imports=_IMPORTS,
    right={
        "where": _grouped("-(chance * (chance / group).log()).sum()"),
        "loops": """
def one_neuron_loss(chance, fires):
    total = 0.0
    for i in range(len(chance)):
        group = sum(float(chance[j]) for j in range(len(chance)) if fires[j] == fires[i])
        total -= float(chance[i]) * math.log(float(chance[i]) / group)
    return total
""",
        "entropies": """
def one_neuron_loss(chance, fires):
    def entropy(p):
        return -torch.special.xlogy(p, p).sum()
    firing = chance[fires].sum()
    return entropy(chance) - entropy(torch.stack([firing, chance[~fires].sum()]))
""",
        "numpy, group by group": """
def one_neuron_loss(chance, fires):
    p, on = chance.numpy(), fires.numpy()
    loss = 0.0
    for group in (p[on], p[~on]):
        if len(group):
            share = group / group.sum()
            loss += group.sum() * -(share * np.log(share)).sum()
    return loss
""",
        "cross-entropy with soft targets": """
def one_neuron_loss(chance, fires):
    same = fires[:, None] == fires[None, :]
    readout = (same * chance).float()
    logits = readout.clamp(min=1e-30).log()
    losses = torch.nn.functional.cross_entropy(logits, torch.arange(len(chance)), reduction="none")
    return chance @ losses
""",
    },
    wrong={
        "firing group only": (
            "firing-group-only",
            """
def one_neuron_loss(chance, fires):
    p = chance[fires]
    return -(p * (p / p.sum()).log()).sum()
""",
        ),
        "silent group only": (
            "silent-group-only",
            """
def one_neuron_loss(chance, fires):
    p = chance[~fires]
    return -(p * (p / p.sum()).log()).sum()
""",
        ),
        "as if all came equally often in a group": (
            "group-counted-not-weighed",
            """
def one_neuron_loss(chance, fires):
    k = fires.sum()
    size = torch.where(fires, k, len(fires) - k)
    return (chance * size.float().log()).sum()
""",
        ),
        "entropy of everything": ("neuron-ignored", _grouped("-(chance * chance.log()).sum()")),
        "mean over features": ("features-weigh-alike", _grouped("-(chance / group).log().mean()")),
        "sum over features": ("not-averaged", _grouped("-(chance / group).log().sum()")),
        "groups weigh alike": (
            "groups-weigh-alike",
            """
def one_neuron_loss(chance, fires):
    total = 0.0
    for p in (chance[fires], chance[~fires]):
        if len(p):
            total = total - ((p / p.sum()) * (p / p.sum()).log()).sum()
    return total / 2
""",
        ),
        "groups added": ("groups-added", _grouped("-((chance / group) * (chance / group).log()).sum()")),
        "in bits": ("bits", _grouped("-(chance * (chance / group).log2()).sum()")),
        "no minus": ("sign-swapped", _grouped("(chance * (chance / group).log()).sum()")),
        "what it tells": ("information-returned", _grouped("-(chance * group.log()).sum()")),
        "empty group is 0 / 0": (
            "empty-group",
            """
def one_neuron_loss(chance, fires):
    loss = 0.0
    for p in (chance[fires], chance[~fires]):
        share = p.sum()
        loss = loss + share * -((p / share) * (p / share).log()).sum() if len(p) else loss + share * (share / share)
    return loss
""",
        ),
        "group of the other side": (
            "wrong-value",
            """
def one_neuron_loss(chance, fires):
    firing = chance[fires].sum()
    group = torch.where(fires, 1 - firing, firing).clamp(min=1e-6)
    return -(chance * (chance / group).log()).sum()
""",
        ),
        "one loss for each feature": ("wrong-shape", _grouped("-chance * (chance / group).log()")),
    },
)

ANSWERS = {"neurons.one_neuron_loss": ONE_NEURON_LOSS}
EQUIVALENT: dict[str, dict[str, str]] = {}
