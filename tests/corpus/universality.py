"""Chapter 4: what learners write, right and wrong."""

from tests.corpus import universality_beyond, universality_capstone, universality_scale, universality_toy
from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport scipy.optimize\nimport torch\nimport torch.nn.functional as F\nfrom einops import einsum\nfrom torch import Tensor"

CORRELATION = Answers(
    imports=_IMPORTS,
    right={
        "centre and divide": """
def correlation(left, right):
    left, right = left - left.mean(0), right - right.mean(0)
    scale = torch.outer(left.norm(dim=0), right.norm(dim=0))
    return torch.where(scale > 0, left.T @ right / scale, torch.zeros(()))
""",
        "standardise with n - 1 throughout": """
def correlation(left, right):
    z_left = ((left - left.mean(0)) / left.std(0)).nan_to_num(0)
    z_right = ((right - right.mean(0)) / right.std(0)).nan_to_num(0)
    return z_left.T @ z_right / (len(left) - 1)
""",
        "numpy corrcoef": """
def correlation(left, right):
    with np.errstate(all="ignore"):
        whole = np.corrcoef(left.numpy().T, right.numpy().T)
    return torch.from_numpy(np.nan_to_num(whole[:left.shape[1], left.shape[1]:]))
""",
        "torch.corrcoef of both": """
def correlation(left, right):
    whole = torch.corrcoef(torch.cat([left, right], dim=1).T)
    return whole[: left.shape[1], left.shape[1] :].nan_to_num(0.0)
""",
        "einsum and normalize": """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(dim=0, keepdim=True), dim=0)
    return einsum(unit(left), unit(right), "token i, token j -> i j")
""",
        "loops": """
def correlation(left, right):
    result = torch.zeros(left.shape[1], right.shape[1])
    for i in range(left.shape[1]):
        for j in range(right.shape[1]):
            x, y = left[:, i] - left[:, i].mean(), right[:, j] - right[:, j].mean()
            length = x.norm() * y.norm()
            if length > 0:
                result[i, j] = (x * y).sum() / length
    return result
""",
        "moments, a small number below": """
def correlation(left, right):
    left, right = left.double(), right.double()
    covariance = (left.T @ right) / len(left) - torch.outer(left.mean(0), right.mean(0))
    spread = torch.outer(left.std(0, correction=0), right.std(0, correction=0))
    return covariance / (spread + 1e-10)
""",
    },
    wrong={
        "NaN for constant columns": (
            "constant-column",
            """
def correlation(left, right):
    left, right = left - left.mean(0), right - right.mean(0)
    return left.T @ right / torch.outer(left.norm(dim=0), right.norm(dim=0))
""",
        ),
        "corrcoef with its NaN": (
            "constant-column",
            """
def correlation(left, right):
    return torch.corrcoef(torch.cat([left, right], dim=1).T)[: left.shape[1], left.shape[1] :]
""",
        ),
        "safe for zeros only": (
            "zero-columns-only",
            """
def correlation(left, right):
    a, b = left - left.mean(0), right - right.mean(0)
    r = a.T @ b / torch.outer(a.norm(dim=0), b.norm(dim=0))
    r[(left == 0).all(0)] = 0
    r[:, (right == 0).all(0)] = 0
    return r
""",
        ),
        "cosine": (
            "not-centred",
            """
def correlation(left, right):
    return F.cosine_similarity(left.T[:, None], right.T[None], dim=-1)
""",
        ),
        "cosine, unit columns": (
            "not-centred",
            """
def correlation(left, right):
    return F.normalize(left, dim=0).T @ F.normalize(right, dim=0)
""",
        ),
        "cosine with NaN": (
            "not-centred",
            """
def correlation(left, right):
    return (left / left.norm(dim=0)).T @ (right / right.norm(dim=0))
""",
        ),
        "lengths before centring": (
            "lengths-not-centred",
            """
def correlation(left, right):
    scale = torch.outer(left.norm(dim=0), right.norm(dim=0))
    return ((left - left.mean(0)).T @ (right - right.mean(0)) / scale).nan_to_num(0)
""",
        ),
        "mean of each token": (
            "centred-over-features",
            """
def correlation(left, right):
    a, b = left - left.mean(1, keepdim=True), right - right.mean(1, keepdim=True)
    return (a / a.norm(dim=0)).T @ (b / b.norm(dim=0))
""",
        ),
        "mean of everything": (
            "centred-as-a-whole",
            """
def correlation(left, right):
    a, b = left - left.mean(), right - right.mean()
    return F.normalize(a, dim=0).T @ F.normalize(b, dim=0)
""",
        ),
        "covariance": (
            "covariance",
            """
def correlation(left, right):
    return (left - left.mean(0)).T @ (right - right.mean(0)) / len(left)
""",
        ),
        "unbiased covariance": (
            "covariance",
            """
def correlation(left, right):
    return torch.cov(torch.cat([left, right], dim=1).T)[: left.shape[1], left.shape[1] :]
""",
        ),
        "only the sum of products": (
            "covariance",
            """
def correlation(left, right):
    return (left - left.mean(0)).T @ (right - right.mean(0))
""",
        ),
        "standardised, not averaged": (
            "not-averaged",
            """
def correlation(left, right):
    z = lambda x: ((x - x.mean(0)) / x.std(0)).nan_to_num(0)
    return z(left).T @ z(right)
""",
        ),
        "n against n - 1": (
            "n-mixed",
            """
def correlation(left, right):
    z = lambda x: ((x - x.mean(0)) / x.std(0)).nan_to_num(0)
    return z(left).T @ z(right) / len(left)
""",
        ),
        "variances, not spreads": (
            "not-rooted",
            """
def correlation(left, right):
    c = (left - left.mean(0)).T @ (right - right.mean(0)) / len(left)
    return (c / torch.outer(left.var(0, correction=0), right.var(0, correction=0))).nan_to_num(0)
""",
        ),
        "absolute": (
            "absolute",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(0), dim=0)
    return (unit(left).T @ unit(right)).abs()
""",
        ),
        "r squared": (
            "squared",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(0), dim=0)
    return (unit(left).T @ unit(right)) ** 2
""",
        ),
        "only positive": (
            "cut-at-zero",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(0), dim=0)
    return torch.relu(unit(left).T @ unit(right))
""",
        ),
        "right by left": (
            "transposed",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(0), dim=0)
    return unit(right).T @ unit(left)
""",
        ),
        "the whole matrix": (
            "whole-matrix",
            """
def correlation(left, right):
    return torch.corrcoef(torch.cat([left, right], dim=1).T)
""",
        ),
        "left twice": (
            "left-with-left",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(0), dim=0)
    return unit(left).T @ unit(left)
""",
        ),
        "tokens instead of features": (
            "raises",
            """
def correlation(left, right):
    unit = lambda x: F.normalize(x - x.mean(1, keepdim=True), dim=1)
    return unit(left) @ unit(right).T
""",
        ),
        "centres in place": (
            "mutates-input",
            """
def correlation(left, right):
    left -= left.mean(0)
    right -= right.mean(0)
    return F.normalize(left, dim=0).T @ F.normalize(right, dim=0)
""",
        ),
    },
)

BEST_MATCH = Answers(
    imports=_IMPORTS,
    right={
        "max": """
def best_match(correlation):
    best = correlation.max(dim=1)
    return best.indices, best.values
""",
        "argmax and gather": """
def best_match(correlation):
    partner = correlation.argmax(dim=1)
    return partner, correlation.gather(1, partner[:, None]).squeeze(1)
""",
        "numpy": """
def best_match(correlation):
    c = correlation.numpy()
    return c.argmax(axis=1), c.max(axis=1)
""",
        "sort": """
def best_match(correlation):
    values, indices = correlation.sort(dim=1, descending=True)
    return indices[:, 0], values[:, 0]
""",
        "loops": """
def best_match(correlation):
    partner, value = [], []
    for row in correlation:
        j = max(range(len(row)), key=lambda j: row[j])
        partner.append(j)
        value.append(float(row[j]))
    return torch.tensor(partner), torch.tensor(value)
""",
    },
    wrong={
        "max as it comes": (
            "swapped",
            """
def best_match(correlation):
    return correlation.max(dim=1)
""",
        ),
        "columns": (
            "wrong-direction",
            """
def best_match(correlation):
    best = correlation.max(dim=0)
    return best.indices, best.values
""",
        ),
        "columns, as it comes": (
            "wrong-direction",
            """
def best_match(correlation):
    return correlation.max(0)
""",
        ),
        "largest size, with its sign": (
            "absolute",
            """
def best_match(correlation):
    partner = correlation.abs().argmax(1)
    return partner, correlation[range(len(correlation)), partner]
""",
        ),
        "largest size": (
            "absolute",
            """
def best_match(correlation):
    best = correlation.abs().max(1)
    return best.indices, best.values
""",
        ),
        "smallest": (
            "smallest",
            """
def best_match(correlation):
    best = correlation.min(1)
    return best.indices, best.values
""",
        ),
        "one for all": (
            "flattened",
            """
def best_match(correlation):
    return correlation.argmax(), correlation.max()
""",
        ),
        "partners only": (
            "partner-only",
            """
def best_match(correlation):
    return correlation.argmax(dim=1)
""",
        ),
        "values only": (
            "value-only",
            """
def best_match(correlation):
    return correlation.max(dim=1).values
""",
        ),
        "one to one": (
            "one-to-one",
            """
def best_match(correlation):
    rows, columns = scipy.optimize.linear_sum_assignment(-correlation.numpy())
    return torch.from_numpy(columns), correlation[rows, columns]
""",
        ),
        "the same number": (
            "same-number",
            """
def best_match(correlation):
    return torch.arange(len(correlation)), correlation.diagonal()
""",
        ),
    },
)

MEDIAN_MATCH = Answers(
    imports=_IMPORTS,
    right={
        "torch": """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density >= at_least].median()
""",
        "quantile of kept rows": """
def median_match(correlation, density, at_least):
    return correlation[density >= at_least].amax(1).quantile(0.5).item()
""",
        "numpy": """
def median_match(correlation, density, at_least):
    best = correlation.numpy().max(axis=1)
    return float(np.median(best[density.numpy() >= at_least]))
""",
        "loops": """
def median_match(correlation, density, at_least):
    best = []
    for row, share in zip(correlation, density):
        if share.item() >= at_least:
            best.append(max(row.tolist()))
    best.sort()
    return best[len(best) // 2]
""",
        "nanmedian": """
def median_match(correlation, density, at_least):
    best = correlation.amax(1)
    return torch.where(density < at_least, torch.nan, best).nanmedian()
""",
    },
    wrong={
        "mean": (
            "mean",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density >= at_least].mean()
""",
        ),
        "mean of all": (
            "mean",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values.mean()
""",
        ),
        "every feature": (
            "rare-counted",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values.median()
""",
        ),
        "every feature, numpy": (
            "rare-counted",
            """
def median_match(correlation, density, at_least):
    return np.median(correlation.numpy().max(1))
""",
        ),
        "only the dead dropped": (
            "dead-only-dropped",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density > 0].median()
""",
        ),
        "turned round": (
            "rare-only",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density < at_least].median()
""",
        ),
        "strictly more": (
            "strictly-more",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density > at_least].median()
""",
        ),
        "rare set to zero": (
            "zeros-kept",
            """
def median_match(correlation, density, at_least):
    return (correlation.max(dim=1).values * (density >= at_least)).median()
""",
        ),
        "no best": (
            "no-best",
            """
def median_match(correlation, density, at_least):
    return correlation[density >= at_least].median()
""",
        ),
        "columns": (
            "wrong-direction",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=0).values.median()
""",
        ),
        "largest size": (
            "absolute",
            """
def median_match(correlation, density, at_least):
    return correlation.abs().max(dim=1).values[density >= at_least].median()
""",
        ),
        "weighted": (
            "weighted",
            """
def median_match(correlation, density, at_least):
    best, keep = correlation.amax(1), density >= at_least
    return (best * density)[keep].sum() / density[keep].sum()
""",
        ),
        "the best of all": (
            "best-of-all",
            """
def median_match(correlation, density, at_least):
    return correlation[density >= at_least].max()
""",
        ),
        "not reduced": (
            "not-reduced",
            """
def median_match(correlation, density, at_least):
    return correlation.max(dim=1).values[density >= at_least]
""",
        ),
    },
)

ANSWERS = {
    "universality.correlation": CORRELATION,
    "universality.best_match": BEST_MATCH,
    "universality.median_match": MEDIAN_MATCH,
    **universality_toy.ANSWERS,
    **universality_scale.ANSWERS,
    **universality_beyond.ANSWERS,
    **universality_capstone.ANSWERS,
}

_ON_THE_LINE = (
    "differs only where the deviations are exactly 1e-9 of the squares, and there is 0 where both are 0"
)
_OF_FLOATS = "activations are float32, which is PyTorch's default"
_ROWS = "the directions have two dimensions, so the last one is dimension 1"
EQUIVALENT: dict[str, dict[str, str]] = {
    "universality.from_moments": {
        'left = torch.where(left >= 1e-9 * state["squares_left"], left, 0.0)': _ON_THE_LINE,
        'right = torch.where(right >= 1e-9 * state["squares_right"], right, 0.0)': _ON_THE_LINE,
    },
    "universality.token_part": {
        "n_vocab = int(tokens.max()) + 2": "one more token, which never occurs",
        "sums = torch.zeros(n_vocab, activations.shape[1], dtype=None).index_add(0, tokens, activations)": _OF_FLOATS,
        "sums = torch.zeros(n_vocab, activations.shape[1], ).index_add(0, tokens, activations)": _OF_FLOATS,
        "count = torch.bincount(tokens, ).clamp(min=1)": "n_vocab is one more than the largest token, as bincount counts by itself",
    },
    "universality.says_the_same": {
        "written = written - written.mean(dim=+1, keepdim=True)": _ROWS,
        "return said - said.mean(dim=+1, keepdim=True)": _ROWS,
        "return torch.cosine_similarity(said_left, said_right, )": "dimension 1 is what it takes by itself",
    },
    "universality.surprised": {
        "log_p = model(tokens[:, :-1], ).log_softmax(dim=-1)": "logits are what a model returns by itself"
    },
    "universality.capstone": {'return "WEATHER"': "a name counts in any letters"},
}
"""Mutants of the references that compute the same: exercise, mutated line, reason."""
