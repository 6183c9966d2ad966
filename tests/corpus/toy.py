"""Chapter 1: what learners write, right and wrong."""

from tests.corpus import (
    toy_attacks,
    toy_computing,
    toy_dynamics,
    toy_geometry,
    toy_growth,
    toy_phases,
    toy_points,
    toy_room,
    toy_structure,
)
from tests.corpus.kinds import Answers

_IMPORTS = "import math\n\nimport numpy as np\nimport torch\nfrom einops import einsum, reduce\nfrom torch import Tensor"

SPARSE_BATCH = Answers(
    imports=_IMPORTS,
    right={
        "two draws": """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    generator = torch.Generator().manual_seed(seed)
    present = torch.rand(n_samples, n_features, generator=generator) < feature_probability
    return torch.rand(n_samples, n_features, generator=generator) * present
""",
        "one draw, stretched": """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    u = torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed))
    return torch.where(u < feature_probability, u / feature_probability, 0.0)
""",
        "numpy": """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    rng = np.random.default_rng(seed)
    strength = rng.random((n_samples, n_features))
    strength[rng.random((n_samples, n_features)) > feature_probability] = 0
    return strength.astype(np.float32)
""",
        "loops": """
import random

def sparse_batch(n_samples, n_features, feature_probability, seed):
    dice = random.Random(seed)
    rows = []
    for _ in range(n_samples):
        rows.append([dice.random() if dice.random() < feature_probability else 0.0 for _ in range(n_features)])
    return torch.tensor(rows)
""",
        "bernoulli": """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.empty(n_samples, n_features).uniform_(generator=g)
    return x * torch.bernoulli(torch.full_like(x, feature_probability), generator=g)
""",
    },
    wrong={
        "one draw for both": (
            "one-draw",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    u = torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed))
    return u * (u < feature_probability)
""",
        ),
        "one draw, upper end": (
            "one-draw",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    u = torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed))
    return u * (u > 1 - feature_probability)
""",
        ),
        "magnitudes all 1": (
            "all-the-same",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    u = torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed))
    return (u < feature_probability).float()
""",
        ),
        "comparison turned round": (
            "density-inverted",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_samples, n_features, generator=g) > feature_probability
    return torch.rand(n_samples, n_features, generator=g) * mask
""",
        ),
        "no mask": (
            "never-zero",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    return torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed))
""",
        ),
        "one mask for a sample": (
            "same-mask",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_samples, 1, generator=g) < feature_probability
    return torch.rand(n_samples, n_features, generator=g) * mask
""",
        ),
        "one mask for the batch": (
            None,
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_features, generator=g) < feature_probability
    return torch.rand(n_samples, n_features, generator=g) * mask
""",
        ),
        "one strength for a sample": (
            "same-strength",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_samples, n_features, generator=g) < feature_probability
    return torch.rand(n_samples, 1, generator=g) * mask
""",
        ),
        "seed ignored": (
            "not-reproducible",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    mask = torch.rand(n_samples, n_features) < feature_probability
    return torch.rand(n_samples, n_features) * mask
""",
        ),
        "strength without the generator": (
            "not-reproducible",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.rand(n_samples, n_features) * (torch.rand(n_samples, n_features, generator=g) < feature_probability)
""",
        ),
        "always seed 0": (
            "ignores-seed",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(0)
    mask = torch.rand(n_samples, n_features, generator=g) < feature_probability
    return torch.rand(n_samples, n_features, generator=g) * mask
""",
        ),
        "normal strengths": (
            "out-of-range",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_samples, n_features, generator=g) < feature_probability
    return torch.randn(n_samples, n_features, generator=g) * mask
""",
        ),
        "strengths squared": (
            "not-uniform",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_samples, n_features, generator=g) < feature_probability
    return torch.rand(n_samples, n_features, generator=g) ** 2 * mask
""",
        ),
        "the generator seeded twice": (
            "one-draw",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    mask = torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed)) < feature_probability
    return torch.rand(n_samples, n_features, generator=torch.Generator().manual_seed(seed)) * mask
""",
        ),
        "exactly so many in each sample": (
            "fixed-count",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(n_samples, n_features, generator=g)
    order = torch.rand(n_samples, n_features, generator=g).argsort(1).argsort(1)
    wanted = n_features * feature_probability
    extra = (torch.rand(n_samples, 1, generator=g) < wanted % 1).float()
    return x * (order < math.floor(wanted) + extra)
""",
        ),
        "features and samples swapped": (
            "wrong-shape",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    mask = torch.rand(n_features, n_samples, generator=g) < feature_probability
    return torch.rand(n_features, n_samples, generator=g) * mask
""",
        ),
        "masked twice": (
            "density-squared",
            """
def sparse_batch(n_samples, n_features, feature_probability, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(n_samples, n_features, generator=g)
    for _ in range(2):
        x = x * (torch.rand(n_samples, n_features, generator=g) < feature_probability)
    return x
""",
        ),
    },
)

FORWARD = Answers(
    imports=_IMPORTS,
    right={
        "matrix products": "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W + b_final)",
        "einsum": """
def forward(x, W, b_final):
    hidden = einsum(x, W, "batch feature, hidden feature -> batch hidden")
    return torch.relu(einsum(hidden, W, "batch hidden, hidden feature -> batch feature") + b_final)
""",
        "overlaps first": """
def forward(x, W, b_final):
    overlaps = W.T @ W
    return (x @ overlaps + b_final).clamp(min=0)
""",
        "where": """
def forward(x, W, b_final):
    out = torch.nn.functional.linear(torch.nn.functional.linear(x, W), W.T, b_final)
    return torch.where(out > 0, out, torch.zeros_like(out))
""",
        "sample by sample": """
def forward(x, W, b_final):
    return torch.stack([torch.maximum(W.T @ (W @ sample) + b_final, torch.tensor(0.0)) for sample in x])
""",
    },
    wrong={
        "no bias": ("bias-missing", "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W)"),
        "bias subtracted": (
            "bias-subtracted",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W - b_final)",
        ),
        "bias after the ReLU": (
            "bias-after-relu",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W) + b_final",
        ),
        "no ReLU": ("relu-missing", "def forward(x, W, b_final):\n    return x @ W.T @ W + b_final"),
        "ReLU twice": (
            "relu-on-hidden",
            "def forward(x, W, b_final):\n    return torch.relu(torch.relu(x @ W.T) @ W + b_final)",
        ),
        "ReLU in the wrong place": (
            "relu-on-hidden-only",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T) @ W + b_final",
        ),
        "bias on the input": (
            "bias-on-input",
            "def forward(x, W, b_final):\n    return torch.relu((x + b_final) @ W.T @ W)",
        ),
        "stops at the hidden vector": ("hidden-returned", "def forward(x, W, b_final):\n    return x @ W.T"),
        "absolute value": (
            "abs-for-relu",
            "def forward(x, W, b_final):\n    return (x @ W.T @ W + b_final).abs()",
        ),
        "clipped": (
            "clipped-at-one",
            "def forward(x, W, b_final):\n    return (x @ W.T @ W + b_final).clamp(0, 1)",
        ),
        "sigmoid": (
            "sigmoid-for-relu",
            "def forward(x, W, b_final):\n    return torch.sigmoid(x @ W.T @ W + b_final)",
        ),
        "not transposed": (
            "raises",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W @ W.T + b_final)",
        ),
        "detached": (
            "detached",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W + b_final).detach()",
        ),
        "one use of W detached": (
            "wrong-gradient",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T.detach() @ W + b_final)",
        ),
        "bias detached": (
            "detached",
            "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W + b_final.data)",
        ),
        "only the first sample": (
            "wrong-shape",
            "def forward(x, W, b_final):\n    return torch.relu(x[0] @ W.T @ W + b_final)",
        ),
        "changes its input": (
            "mutates-input",
            "def forward(x, W, b_final):\n    out = x @ W.T @ W\n    b_final += out.mean(0)\n    return torch.relu(out + b_final)",
        ),
        "nothing returned": (
            "returns-nothing",
            "def forward(x, W, b_final):\n    torch.relu(x @ W.T @ W + b_final)",
        ),
    },
)

LOSS = Answers(
    imports=_IMPORTS,
    right={
        "sum and mean": "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(dim=1).mean()",
        "matrix product": "def loss(x, x_hat, importance):\n    return ((x_hat - x).square() @ importance).mean()",
        "einops": """
def loss(x, x_hat, importance):
    weighted = importance * (x - x_hat).pow(2)
    return reduce(weighted, "batch feature -> batch", "sum").mean()
""",
        "loop over samples": """
def loss(x, x_hat, importance):
    total = 0
    for sample, guess in zip(x, x_hat):
        total = total + (importance * (sample - guess) ** 2).sum()
    return total / len(x)
""",
        "one number by the batch size": "def loss(x, x_hat, importance):\n    return torch.sum(importance * (x - x_hat) ** 2) / x.shape[0]",
    },
    wrong={
        "importance ignored": (
            "importance-missing",
            "def loss(x, x_hat, importance):\n    return ((x - x_hat) ** 2).sum(1).mean()",
        ),
        "importance inside the square": (
            "importance-squared",
            "def loss(x, x_hat, importance):\n    return ((importance * (x - x_hat)) ** 2).sum(1).mean()",
        ),
        "mean over everything": (
            "mean-over-features",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).mean()",
        ),
        "sum over everything": (
            "sum-over-samples",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum()",
        ),
        "dimensions swapped": (
            "dimensions-swapped",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(0).mean()",
        ),
        "a loss for each sample": (
            "one-per-sample",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(1)",
        ),
        "a loss for each feature": (
            "one-per-feature",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).mean(0)",
        ),
        "absolute error": (
            "absolute-error",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat).abs()).sum(1).mean()",
        ),
        "no square": (
            "not-squared",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat)).sum(1).mean()",
        ),
        "no square, turned round": (
            "not-squared",
            "def loss(x, x_hat, importance):\n    return (importance * (x_hat - x)).sum(1).mean()",
        ),
        "weighted average": (
            "weighted-average",
            "def loss(x, x_hat, importance):\n    return ((importance * (x - x_hat) ** 2).sum(1) / importance.sum()).mean()",
        ),
        "root": (
            "root-taken",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(1).mean().sqrt()",
        ),
        "root of each sample": (
            "root-taken",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(1).sqrt().mean()",
        ),
        "half": (
            "half",
            "def loss(x, x_hat, importance):\n    return 0.5 * (importance * (x - x_hat) ** 2).sum(1).mean()",
        ),
        "a plain number": (
            "detached",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat) ** 2).sum(1).mean().item()",
        ),
        "detached": (
            "detached",
            "def loss(x, x_hat, importance):\n    return (importance * (x - x_hat.detach()) ** 2).sum(1).mean()",
        ),
        "importance on the wrong axis": (
            "raises",
            "def loss(x, x_hat, importance):\n    return (importance[:, None] * (x - x_hat) ** 2).sum(1).mean()",
        ),
    },
)

_KEPT = "    kept = W[:, W.norm(dim=0) >= min_norm]\n"

ANGLES = Answers(
    imports=_IMPORTS,
    right={
        "bearings": f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        "numpy": """
def angles(W, min_norm=0.5):
    W = np.asarray(W)
    kept = W[:, np.linalg.norm(W, axis=0) >= min_norm]
    b = np.sort(np.degrees(np.arctan2(kept[1], kept[0])) % 360)
    return np.sort(np.diff(np.append(b, b[:1] + 360)))
""",
        "complex numbers": f"""
def angles(W, min_norm=0.5):
{_KEPT}    turn = torch.sort(torch.complex(kept[0], kept[1]).angle() / (2 * math.pi) % 1).values
    return torch.sort(torch.diff(turn, append=turn[:1] + 1)).values * 360
""",
        "loops": """
def angles(W, min_norm=0.5):
    bearings = []
    for x, y in W.T.tolist():
        if math.sqrt(x * x + y * y) >= min_norm:
            bearings.append(math.degrees(math.atan2(x, y)))
    bearings.sort()
    turns = [b - a for a, b in zip(bearings, bearings[1:])]
    if bearings:
        turns.append(bearings[0] - bearings[-1] + 360)
    return torch.tensor(sorted(turns))
""",
    },
    wrong={
        "not closed": (
            "not-closed",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    return torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values.diff().sort().values
""",
        ),
        "short ones kept": (
            "short-ones-kept",
            """
def angles(W, min_norm=0.5):
    b = torch.rad2deg(torch.atan2(W[1], W[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        ),
        "radians": (
            "radians",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.atan2(kept[1], kept[0]).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 2 * math.pi - b[-1:]]).sort().values
""",
        ),
        "not sorted": (
            "not-sorted",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]])
""",
        ),
        "largest first": (
            "largest-first",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort(descending=True).values
""",
        ),
        "bearings": (
            "bearings",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    return torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
""",
        ),
        "arc cosine in the order of the numbers": (
            "not-neighbours",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    unit = kept / kept.norm(dim=0)
    cosine = (unit * unit.roll(1, dims=1)).sum(0).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cosine)).sort().values
""",
        ),
        "atan of the quotient": (
            "lines-not-arrows",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.rad2deg(torch.atan(kept[1] / kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        ),
        "squared length": (
            "squared-norm",
            """
def angles(W, min_norm=0.5):
    kept = W[:, (W**2).sum(0) >= min_norm]
    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        ),
        "strictly longer": (
            "limit-left-out",
            """
def angles(W, min_norm=0.5):
    kept = W[:, W.norm(dim=0) > min_norm]
    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        ),
        "always 0.5": (
            None,
            """
def angles(W, min_norm=0.5):
    kept = W[:, W.norm(dim=0) >= 0.5]
    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    return torch.cat([b[1:] - b[:-1], b[:1] + 360 - b[-1:]]).sort().values
""",
        ),
        "fails where nothing is kept": (
            "raises",
            f"""
def angles(W, min_norm=0.5):
{_KEPT}    b = torch.rad2deg(torch.atan2(kept[1], kept[0])).sort().values
    turns = (b[1:] - b[:-1]).tolist() + [float(b[0] + 360 - b[-1])]
    return torch.tensor(sorted(turns))
""",
        ),
    },
)

ANSWERS = (
    toy_room.ANSWERS
    | toy_growth.ANSWERS
    | toy_phases.ANSWERS
    | toy_structure.ANSWERS
    | toy_geometry.ANSWERS
    | toy_dynamics.ANSWERS
    | toy_attacks.ANSWERS
    | toy_computing.ANSWERS
    | toy_points.ANSWERS
    | {
        "toy.sparse_batch": SPARSE_BATCH,
        "toy.forward": FORWARD,
        "toy.loss": LOSS,
        "toy.angles": ANGLES,
    }
)

EQUIVALENT: dict[str, dict[str, str]] = (
    toy_room.EQUIVALENT
    | toy_growth.EQUIVALENT
    | toy_phases.EQUIVALENT
    | toy_structure.EQUIVALENT
    | toy_geometry.EQUIVALENT
    | toy_dynamics.EQUIVALENT
    | toy_attacks.EQUIVALENT
    | toy_computing.EQUIVALENT
    | toy_points.EQUIVALENT
) | {
    "toy.sparse_batch": {
        "present = torch.rand(n_samples, n_features, generator=generator) <= feature_probability": (
            "a uniform draw equals the probability once in 16 million times"
        ),
    },
}
