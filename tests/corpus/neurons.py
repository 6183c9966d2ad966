"""Chapter 2: what learners write, right and wrong."""

from tests.corpus import (
    neurons_acting,
    neurons_basis,
    neurons_reading,
    neurons_scoring,
    neurons_steering,
    neurons_vision,
    neurons_why,
)
from tests.corpus.kinds import Answers

_PARTS = (
    neurons_acting,
    neurons_reading,
    neurons_scoring,
    neurons_why,
    neurons_basis,
    neurons_steering,
    neurons_vision,
)

_IMPORTS = "import numpy as np\nimport torch\nfrom torch import Tensor"

TOP_EXAMPLES = Answers(
    imports=_IMPORTS,
    right={
        "topk of the peaks": """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]], dim=1)
""",
        "sort in python": """
def top_examples(activation, k):
    places = [(max(row), i, row.index(max(row))) for i, row in enumerate(activation.tolist())]
    places.sort(reverse=True)
    return torch.tensor([[i, j] for _, i, j in places[:k]])
""",
        "numpy": """
def top_examples(activation, k):
    a = activation.numpy()
    rows = np.argsort(-a.max(axis=1))[:k]
    return np.column_stack([rows, a[rows].argmax(axis=1)])
""",
        "flat walk": """
def top_examples(activation, k):
    n_ctx = activation.shape[1]
    found, seen = [], set()
    for place in activation.flatten().argsort(descending=True).tolist():
        row, position = divmod(place, n_ctx)
        if row not in seen:
            seen.add(row)
            found.append((row, position))
        if len(found) == k:
            break
    return torch.tensor(found)
""",
    },
    wrong={
        "topk of everything": (
            "same-sequence-twice",
            """
def top_examples(activation, k):
    flat = activation.flatten().topk(k).indices
    return torch.stack([flat // activation.shape[1], flat % activation.shape[1]], dim=1)
""",
        ),
        "ascending": (
            "weakest-first",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.argsort()[-k:]
    return torch.stack([rows, positions[rows]], dim=1)
""",
        ),
        "the weakest sequences": (
            "weakest-sequences",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.argsort()[:k]
    return torch.stack([rows, positions[rows]], dim=1)
""",
        ),
        "pairs the other way": (
            "position-first",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([positions[rows], rows], dim=1)
""",
        ),
        "stacked as rows": (
            "two-rows",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[rows]])
""",
        ),
        "only the sequences": (
            "sequences-only",
            """
def top_examples(activation, k):
    return activation.max(dim=1).values.topk(k).indices
""",
        ),
        "flattened places": (
            "flat-places",
            """
def top_examples(activation, k):
    return activation.reshape(-1).topk(k).indices
""",
        ),
        "by the mean": (
            "mean-not-peak",
            """
def top_examples(activation, k):
    rows = activation.mean(dim=1).topk(k).indices
    return torch.stack([rows, activation[rows].argmax(dim=1)], dim=1)
""",
        ),
        "by the sum": (
            "mean-not-peak",
            """
def top_examples(activation, k):
    rows = activation.sum(dim=1).topk(k).indices
    return torch.stack([rows, activation[rows].argmax(dim=1)], dim=1)
""",
        ),
        "positions not chosen": (
            "wrong-place",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices
    return torch.stack([rows, positions[:k]], dim=1)
""",
        ),
        "not ranked": (
            "unranked",
            """
def top_examples(activation, k):
    positions = activation.argmax(dim=1)
    return torch.stack([torch.arange(len(positions)), positions], dim=1)[:k]
""",
        ),
        "in the order of the text": (
            "text-order",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.topk(k).indices.sort().values
    return torch.stack([rows, positions[rows]], dim=1)
""",
        ),
        "the activations": (
            "values-returned",
            """
def top_examples(activation, k):
    return activation.max(dim=1).values.topk(k).values
""",
        ),
        "sorts in place": (
            "mutates-input",
            """
def top_examples(activation, k):
    found = []
    for _ in range(k):
        place = int(activation.argmax())
        row, position = divmod(place, activation.shape[1])
        found.append((row, position))
        activation[row] = -1
    return torch.tensor(found)
""",
        ),
        "one too many": (
            "wrong-shape",
            """
def top_examples(activation, k):
    peaks, positions = activation.max(dim=1)
    rows = peaks.sort(descending=True).indices[: k + 1]
    return torch.stack([rows, positions[rows]], dim=1)
""",
        ),
    },
)

DOMAIN_MEANS = Answers(
    imports=_IMPORTS,
    right={
        "masks": """
def domain_means(activation, domain, n_domains):
    means = torch.zeros(n_domains)
    for d in range(n_domains):
        chosen = activation[domain == d]
        if len(chosen):
            means[d] = chosen.mean()
    return means
""",
        "index_add": """
def domain_means(activation, domain, n_domains):
    totals = torch.zeros(n_domains).index_add_(0, domain, activation.sum(dim=1))
    counts = torch.bincount(domain, minlength=n_domains) * activation.shape[1]
    return totals / counts.clamp(min=1)
""",
        "one-hot product": """
def domain_means(activation, domain, n_domains):
    member = torch.nn.functional.one_hot(domain, n_domains).float()
    return (member.T @ activation.mean(dim=1)) / member.sum(dim=0).clamp(min=1)
""",
        "numpy": """
def domain_means(activation, domain, n_domains):
    a, d = activation.numpy(), domain.numpy()
    return np.array([a[d == i].mean() if (d == i).any() else 0.0 for i in range(n_domains)])
""",
        "nan_to_num": """
def domain_means(activation, domain, n_domains):
    return torch.stack([activation[domain == d].mean() for d in range(n_domains)]).nan_to_num(0.0)
""",
    },
    wrong={
        "empty domain": (
            "empty-domain",
            """
def domain_means(activation, domain, n_domains):
    return torch.stack([activation[domain == d].mean() for d in range(n_domains)])
""",
        ),
        "sums": (
            "not-divided",
            """
def domain_means(activation, domain, n_domains):
    return torch.stack([activation[domain == d].sum() for d in range(n_domains)])
""",
        ),
        "over sequences": (
            "per-sequence",
            """
def domain_means(activation, domain, n_domains):
    totals = torch.zeros(n_domains).index_add_(0, domain, activation.sum(dim=1))
    return totals / torch.bincount(domain, minlength=n_domains).clamp(min=1)
""",
        ),
        "over everything": (
            "divided-by-all",
            """
def domain_means(activation, domain, n_domains):
    totals = torch.zeros(n_domains).index_add_(0, domain, activation.sum(dim=1))
    return totals / activation.numel()
""",
        ),
        "where it fires": (
            "firing-only",
            """
def domain_means(activation, domain, n_domains):
    means = torch.zeros(n_domains)
    for d in range(n_domains):
        chosen = activation[domain == d]
        if (chosen > 0).any():
            means[d] = chosen[chosen > 0].mean()
    return means
""",
        ),
        "of the peaks": (
            "mean-of-peaks",
            """
def domain_means(activation, domain, n_domains):
    peaks = activation.max(dim=1).values
    return torch.tensor([peaks[domain == d].mean() if (domain == d).any() else 0.0 for d in range(n_domains)])
""",
        ),
        "largest": (
            "maximum",
            """
def domain_means(activation, domain, n_domains):
    return torch.tensor([activation[domain == d].max() if (domain == d).any() else 0.0 for d in range(n_domains)])
""",
        ),
        "how often": (
            "firing-share",
            """
def domain_means(activation, domain, n_domains):
    fires = (activation > 0).float()
    return torch.tensor([fires[domain == d].mean() if (domain == d).any() else 0.0 for d in range(n_domains)])
""",
        ),
        "only those present": (
            "empty-left-out",
            """
def domain_means(activation, domain, n_domains):
    return torch.stack([activation[domain == d].mean() for d in domain.unique()])
""",
        ),
        "without the first token": (
            "first-token-left-out",
            """
def domain_means(activation, domain, n_domains):
    a = activation[:, 1:]
    return torch.tensor([a[domain == d].mean() if (domain == d).any() else 0.0 for d in range(n_domains)])
""",
        ),
        "shares": (
            "normalised",
            """
def domain_means(activation, domain, n_domains):
    means = torch.tensor([activation[domain == d].mean() if (domain == d).any() else 0.0 for d in range(n_domains)])
    return means / means.sum()
""",
        ),
        "one a position": (
            "wrong-shape",
            """
def domain_means(activation, domain, n_domains):
    return torch.stack([activation[domain == d].mean(dim=0) for d in range(n_domains)]).nan_to_num(0.0)
""",
        ),
    },
)

SILENCE = Answers(
    imports=_IMPORTS,
    right={
        "in place in the hook": """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        "context manager": """
def silence(model, tokens, neuron):
    keep = torch.ones(model.cfg.d_mlp)
    keep[neuron] = 0
    clean = model(tokens, return_type="loss", loss_per_token=True)
    with model.hooks(fwd_hooks=[("blocks.0.mlp.hook_post", lambda x, hook: x * keep)]):
        return model(tokens, return_type="loss", loss_per_token=True) - clean
""",
        "before the relu": """
def silence(model, tokens, neuron):
    def hook(pre, hook):
        pre = pre.clone()
        pre[..., neuron] = -1.0
        return pre
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_pre", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        "from the logits": """
def silence(model, tokens, neuron):
    def surprise(logits):
        chances = logits.log_softmax(-1)[:, :-1]
        return -chances.gather(-1, tokens[:, 1:, None])[..., 0]
    def hook(activation, hook):
        return torch.cat([activation[..., :neuron], torch.zeros_like(activation[..., :1]), activation[..., neuron + 1:]], -1)
    logits = model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return surprise(logits) - surprise(model(tokens))
""",
    },
    wrong={
        "other way round": (
            "sign-swapped",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return model(tokens, return_type="loss", loss_per_token=True) - quiet
""",
        ),
        "not subtracted": (
            "clean-not-subtracted",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
""",
        ),
        "the hook returns nothing": (
            "no-effect",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        quiet = activation.clone()
        quiet[:, :, neuron] = 0
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "all neurons": (
            "all-silenced",
            """
def silence(model, tokens, neuron):
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", lambda x, hook: torch.zeros_like(x))])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "a position": (
            "position-silenced",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "a sequence": (
            "sequence-silenced",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "the others": (
            "others-silenced",
            """
def silence(model, tokens, neuron):
    keep = torch.zeros(model.cfg.d_mlp)
    keep[neuron] = 1
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", lambda x, hook: x * keep)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "another hook": (
            "wrong-hook",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.hook_mlp_out", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "one number": (
            "mean-returned",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss")
""",
        ),
        "mean instead of zero": (
            "mean-for-zero",
            """
def silence(model, tokens, neuron):
    def hook(activation, hook):
        activation[:, :, neuron] = activation[:, :, neuron].mean()
        return activation
    quiet = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True,
                                 fwd_hooks=[("blocks.0.mlp.hook_post", hook)])
    return quiet - model(tokens, return_type="loss", loss_per_token=True)
""",
        ),
        "the hook stays": (
            "leaves-hooks",
            """
def silence(model, tokens, neuron):
    clean = model(tokens, return_type="loss", loss_per_token=True)
    def hook(activation, hook):
        activation[:, :, neuron] = 0
        return activation
    model.add_hook("blocks.0.mlp.hook_post", hook)
    return model(tokens, return_type="loss", loss_per_token=True) - clean
""",
        ),
        "the weights are cut": (
            "changes-weights",
            """
def silence(model, tokens, neuron):
    clean = model(tokens, return_type="loss", loss_per_token=True)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "fc_out" in name and "weight" in name:
                value[:, neuron] = 0
    return model(tokens, return_type="loss", loss_per_token=True) - clean
""",
        ),
    },
)

ANSWERS = {
    "neurons.top_examples": TOP_EXAMPLES,
    "neurons.domain_means": DOMAIN_MEANS,
    "neurons.silence": SILENCE,
}

EQUIVALENT: dict[str, dict[str, str]] = {}
"""Mutants of the references that compute the same."""

for _part in _PARTS:
    ANSWERS |= _part.ANSWERS
    EQUIVALENT |= _part.EQUIVALENT
