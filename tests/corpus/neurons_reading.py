"""Chapter 2, a neuron from weak to strong and the kinds at its top: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nfrom torch import Tensor"

_GROUPS = """
def quantile_groups(activation, n_groups):
    firing = activation > 0
    ranks = activation[firing].argsort().argsort()
    groups = torch.zeros(activation.shape, dtype=torch.long)
    groups[firing] = 1 + ranks * n_groups // len(ranks)
"""

QUANTILE_GROUPS = Answers(
    imports=_IMPORTS,
    right={
        "ranks": f"{_GROUPS}    return groups\n",
        "quantiles as borders": """
def quantile_groups(activation, n_groups):
    firing = activation[activation > 0]
    borders = firing.quantile(torch.arange(1, n_groups) / n_groups)
    return torch.where(activation > 0, 1 + torch.bucketize(activation, borders), 0)
""",
        "numpy split": """
def quantile_groups(activation, n_groups):
    flat = activation.numpy().ravel()
    groups = np.zeros(flat.shape, dtype=int)
    order = [i for i in np.argsort(flat) if flat[i] > 0]
    for number, part in enumerate(np.array_split(order, n_groups), start=1):
        groups[part] = number
    return groups.reshape(activation.shape)
""",
        "one by one": """
def quantile_groups(activation, n_groups):
    strengths = sorted(v for v in activation.flatten().tolist() if v > 0)
    size = len(strengths) // n_groups
    rows = [[strengths.index(v) // size + 1 if v > 0 else 0 for v in row] for row in activation.tolist()]
    return torch.tensor(rows)
""",
    },
    wrong={
        "strongest first": (
            "strongest-is-one",
            f"{_GROUPS}    groups[firing] = n_groups + 1 - groups[firing]\n    return groups\n",
        ),
        "equal widths": (
            "equal-width",
            """
def quantile_groups(activation, n_groups):
    return (activation / activation.max() * n_groups).ceil().clamp(max=n_groups).long()
""",
        ),
        "silent ranked too": (
            "silent-ranked",
            """
def quantile_groups(activation, n_groups):
    ranks = activation.flatten().argsort(stable=True).argsort()
    groups = 1 + ranks * n_groups // len(ranks)
    return torch.where(activation > 0, groups.view(activation.shape), 0)
""",
        ),
        "from zero": (
            "from-zero",
            f"{_GROUPS}    groups[firing] -= 1\n    return groups\n",
        ),
        "one too low": ("silent-negative", f"{_GROUPS}    return groups - 1\n"),
        "each sequence": (
            "by-sequence",
            """
def quantile_groups(activation, n_groups):
    groups = torch.zeros(activation.shape, dtype=torch.long)
    for i, row in enumerate(activation):
        ranks = row[row > 0].argsort().argsort()
        if len(ranks):
            groups[i, row > 0] = 1 + ranks * n_groups // len(ranks)
    return groups
""",
        ),
        "flat": ("flat", f"{_GROUPS}    return groups.flatten()\n"),
        "firing only": ("firing-only", f"{_GROUPS}    return groups[firing]\n"),
        "borders": (
            "edges-returned",
            """
def quantile_groups(activation, n_groups):
    firing = activation[activation > 0].sort().values
    return firing[:: len(firing) // n_groups]
""",
        ),
        "ranks": (
            "ranks-returned",
            f"{_GROUPS}    groups[firing] = 1 + ranks\n    return groups\n",
        ),
        "argsort once": (
            None,
            """
def quantile_groups(activation, n_groups):
    firing = activation > 0
    ranks = activation[firing].argsort()
    groups = torch.zeros(activation.shape, dtype=torch.long)
    groups[firing] = 1 + ranks * n_groups // len(ranks)
    return groups
""",
        ),
    },
)

_COUNTS = """
def kinds_at_top(activations, domain, k, least):
    kinds = domain[activations.amax(dim=1).topk(k, dim=0).indices]
    counts = torch.stack([(kinds == number).sum(dim=0) for number in domain.unique()])
"""

KINDS_AT_TOP = Answers(
    imports=_IMPORTS,
    right={
        "counts": f"{_COUNTS}    return (counts >= least).sum(dim=0)\n",
        "neuron by neuron": """
def kinds_at_top(activations, domain, k, least):
    found = []
    for neuron in range(activations.shape[2]):
        rows = activations[:, :, neuron].max(dim=1).values.argsort(descending=True)[:k]
        found.append(int((torch.bincount(domain[rows]) >= least).sum()))
    return torch.tensor(found)
""",
        "one-hot": """
def kinds_at_top(activations, domain, k, least):
    kinds = torch.nn.functional.one_hot(domain[activations.amax(1).topk(k, dim=0).indices])
    return (kinds.sum(0) >= least).sum(-1)
""",
        "numpy": """
def kinds_at_top(activations, domain, k, least):
    peaks, labels = activations.numpy().max(axis=1), domain.numpy()
    tops = np.argsort(-peaks, axis=0)[:k]
    return np.array([(np.unique(labels[t], return_counts=True)[1] >= least).sum() for t in tops.T])
""",
    },
    wrong={
        "least ignored": ("least-ignored", f"{_COUNTS}    return (counts > 0).sum(dim=0)\n"),
        "more than least": ("more-than-least", f"{_COUNTS}    return (counts > least).sum(dim=0)\n"),
        "tokens": (
            "tokens-not-sequences",
            """
def kinds_at_top(activations, domain, k, least):
    by_token = domain[:, None].expand(activations.shape[:2]).flatten()
    kinds = by_token[activations.flatten(0, 1).topk(k, dim=0).indices]
    return (torch.stack([(kinds == d).sum(0) for d in domain.unique()]) >= least).sum(0)
""",
        ),
        "means": (
            "mean-not-peak",
            """
def kinds_at_top(activations, domain, k, least):
    kinds = domain[activations.mean(dim=1).topk(k, dim=0).indices]
    return (torch.stack([(kinds == d).sum(0) for d in domain.unique()]) >= least).sum(0)
""",
        ),
        "the weakest": (
            "weakest",
            """
def kinds_at_top(activations, domain, k, least):
    kinds = domain[activations.amax(dim=1).argsort(dim=0)[:k]]
    return (torch.stack([(kinds == d).sum(0) for d in domain.unique()]) >= least).sum(0)
""",
        ),
        "all sequences": (
            "k-ignored",
            """
def kinds_at_top(activations, domain, k, least):
    kinds = int((torch.bincount(domain) >= least).sum())
    return torch.full((activations.shape[2],), kinds)
""",
        ),
        "the counts": (
            None,  # domains that no sequence has are left out or not: two answers in one
            f"{_COUNTS}    return counts.T\n",
        ),
        "counts of every domain": (
            "counts-returned",
            """
def kinds_at_top(activations, domain, k, least):
    kinds = domain[activations.amax(dim=1).topk(k, dim=0).indices]
    return torch.stack([(kinds == d).sum(0) for d in range(int(domain.max()) + 1)], dim=1)
""",
        ),
        "the commonest": ("most-common", f"{_COUNTS}    return counts.amax(dim=0)\n"),
        "their sequences": (
            "sequences-counted",
            f"{_COUNTS}    return (counts * (counts >= least)).sum(dim=0)\n",
        ),
        "one ranking": (
            "same-for-all",
            """
def kinds_at_top(activations, domain, k, least):
    kinds = domain[activations.amax(dim=(1, 2)).topk(k).indices]
    count = sum(int((kinds == d).sum() >= least) for d in domain.unique())
    return torch.full((activations.shape[2],), count)
""",
        ),
        "the first neuron": (
            "one-neuron",
            f"{_COUNTS}    return (counts >= least).sum(dim=0)[0]\n",
        ),
    },
)

ANSWERS = {"neurons.quantile_groups": QUANTILE_GROUPS, "neurons.kinds_at_top": KINDS_AT_TOP}
EQUIVALENT: dict[str, dict[str, str]] = {}
"""Mutants of the references that compute the same."""
