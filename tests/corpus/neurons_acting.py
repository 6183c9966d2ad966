"""Chapter 2, what a neuron writes, moves and speaks for: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nfrom torch import Tensor\nPOST = 'blocks.0.mlp.hook_post'"

WRITTEN = Answers(
    imports=_IMPORTS,
    right={
        "from the cache": """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache[POST][:, :, neuron, None] * model.W_out[0, neuron]
""",
        "einsum": """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens, names_filter=POST)
    return torch.einsum("bc,d->bcd", cache[POST][..., neuron], model.W_out[0][neuron])
""",
        "a hook that listens": """
def written(model, tokens, neuron):
    kept = []
    model.run_with_hooks(tokens, fwd_hooks=[(POST, lambda x, hook: kept.append(x[:, :, neuron].clone()))])
    return kept[0].unsqueeze(-1) * model.W_out[-1][neuron]
""",
        "by the formula": """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    reads = cache["blocks.0.ln2.hook_out"] @ model.W_in[0][:, neuron] + model.b_in[0][neuron]
    return torch.relu(reads)[..., None] * model.W_out[0][neuron]
""",
        "all others silenced": """
def written(model, tokens, neuron):
    keep = torch.zeros(model.cfg.d_mlp)
    keep[neuron] = 1
    kept = []
    model.run_with_hooks(tokens, fwd_hooks=[(POST, lambda x, hook: x * keep),
                                            ("blocks.0.hook_mlp_out", lambda x, hook: kept.append(x.clone()))])
    return kept[0] - model.b_out[0]
""",
    },
    wrong={
        "before the relu": (
            "before-relu",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache["blocks.0.mlp.hook_pre"][:, :, neuron, None] * model.W_out[0, neuron]
""",
        ),
        "the column of W_in": (
            "reads-not-writes",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache[POST][:, :, neuron, None] * model.W_in[0][:, neuron]
""",
        ),
        "the whole mlp": (
            "whole-mlp",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache["blocks.0.hook_mlp_out"]
""",
        ),
        "with the bias": (
            "bias-added",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache[POST][:, :, neuron, None] * model.W_out[0, neuron] + model.b_out[0]
""",
        ),
        "in the stream": (
            "residual-added",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache["blocks.0.hook_resid_mid"] + cache[POST][:, :, neuron, None] * model.W_out[0, neuron]
""",
        ),
        "the activation": (
            "activation-only",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache[POST][:, :, neuron]
""",
        ),
        "added up": (
            "summed-over-tokens",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return torch.einsum("bc,d->bd", cache[POST][:, :, neuron], model.W_out[0, neuron])
""",
        ),
        "the direction": (
            "direction-only",
            """
def written(model, tokens, neuron):
    return model.W_out[0, neuron].detach().expand(*tokens.shape, -1).clone()
""",
        ),
        "where it fires": (
            "wherever-it-fires",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return (cache[POST][:, :, neuron, None] > 0).float() * model.W_out[0, neuron]
""",
        ),
        "the others": (
            "everything-else",
            """
def written(model, tokens, neuron):
    _, cache = model.run_with_cache(tokens)
    return cache["blocks.0.hook_mlp_out"] - cache[POST][:, :, neuron, None] * model.W_out[0, neuron]
""",
        ),
        "a hook left behind": (
            "leaves-hooks",
            """
def written(model, tokens, neuron):
    kept = []
    def keep(x, hook):
        kept.append(x.clone())
        return x
    model.add_hook(POST, keep)
    model(tokens)
    return kept[0][:, :, neuron, None] * model.W_out[0, neuron]
""",
        ),
    },
)

_CLEAN = "    p = model(tokens).softmax(-1)\n"
_PIN = """
    def pin(x, hook):
        x[:, :, neuron] = value
        return x
"""
_RUN = f"{_PIN}    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)]).softmax(-1)\n{_CLEAN}"
_DEF = "\ndef stimulate(model, tokens, neuron, value):"


def _hooked(edit: str) -> str:
    return (
        f"{_DEF}\n    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, lambda x, hook: {edit})]).softmax(-1)\n"
        f"{_CLEAN}    return (q - p).abs().sum(-1) / 2\n"
    )


STIMULATE = Answers(
    imports=_IMPORTS,
    right={
        "half the absolute sum": f"{_DEF}{_RUN}    return (q - p).abs().sum(-1) / 2\n",
        "what rises": f"{_DEF}{_RUN}    return (q - p).clamp(min=0).sum(dim=-1)\n",
        "one minus the overlap": f"{_DEF}{_RUN}    return 1 - torch.minimum(p, q).sum(-1)\n",
        "numpy": f"""{_DEF}{_RUN}
    return np.abs(q.detach().numpy() - p.detach().numpy()).sum(axis=2) / 2
""",
        "before the relu": f"""{_DEF}
    def pin(x, hook):
        x = x.clone()
        x[..., neuron] = value
        return x
    with model.hooks(fwd_hooks=[("blocks.0.mlp.hook_pre", pin)]):
        q = model(tokens).softmax(-1)
{_CLEAN}    return 0.5 * torch.linalg.vector_norm(q - p, ord=1, dim=-1)
""",
    },
    wrong={
        "not halved": ("not-halved", f"{_DEF}{_RUN}    return (q - p).abs().sum(-1)\n"),
        "no absolute value": ("all-zero", f"{_DEF}{_RUN}    return (q - p).sum(-1) / 2\n"),
        "logits": (
            "logits-not-probabilities",
            f"""{_DEF}{_PIN}
    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)])
    return (q - model(tokens)).abs().sum(-1) / 2
""",
        ),
        "log probabilities": (
            "log-probabilities",
            f"""{_DEF}{_PIN}
    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)]).log_softmax(-1)
    return (q - model(tokens).log_softmax(-1)).abs().sum(-1) / 2
""",
        ),
        "softmax over positions": (
            "softmax-over-positions",
            f"""{_DEF}{_PIN}
    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)]).softmax(1)
    return (q - model(tokens).softmax(1)).abs().sum(-1) / 2
""",
        ),
        "the largest": ("largest-only", f"{_DEF}{_RUN}    return (q - p).abs().max(-1).values\n"),
        "mean": ("mean-over-vocabulary", f"{_DEF}{_RUN}    return (q - p).abs().mean(-1)\n"),
        "every token": ("every-token-returned", f"{_DEF}{_RUN}    return q - p\n"),
        "one number": ("mean-returned", f"{_DEF}{_RUN}    return ((q - p).abs().sum(-1) / 2).mean()\n"),
        "last position": ("last-position-only", f"{_DEF}{_RUN}    return (q - p)[:, -1].abs().sum(-1) / 2\n"),
        "returns nothing from the hook": (
            "all-zero",
            f"""{_DEF}
    def pin(x, hook):
        x = x.clone()
        x[:, :, neuron] = value
    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)]).softmax(-1)
{_CLEAN}    return (q - p).abs().sum(-1) / 2
""",
        ),
        "added": ("added-not-set", _hooked("x + value * (torch.arange(x.shape[-1]) == neuron)")),
        "multiplied": (
            "multiplied",
            _hooked("torch.where(torch.arange(x.shape[-1]) == neuron, x * value, x)"),
        ),
        "all neurons": ("all-pinned", _hooked("torch.full_like(x, value)")),
        "a position": (
            None,  # on model A the neuron's number is no position, and the answer raises
            _hooked("x.index_fill(1, torch.tensor([neuron]), value)"),
        ),
        "silenced": ("silenced", _hooked("x.index_fill(2, torch.tensor([neuron]), 0.0)")),
        "the last token": (
            "last-token-pinned",
            f"""{_DEF}
    def pin(x, hook):
        x[:, -1, neuron] = value
        return x
    q = model.run_with_hooks(tokens, fwd_hooks=[(POST, pin)]).softmax(-1)
{_CLEAN}    return (q - p).abs().sum(-1) / 2
""",
        ),
        "the hook stays": (
            "leaves-hooks",
            f"{_DEF}\n{_CLEAN}{_PIN}    model.add_hook(POST, pin)\n"
            "    return (model(tokens).softmax(-1) - p).abs().sum(-1) / 2\n",
        ),
    },
)

_WEIGHTS = "\ndef logit_weights(model, neuron):\n    w = model.W_out[0, neuron]\n"

LOGIT_WEIGHTS = Answers(
    imports=_IMPORTS,
    right={
        "step by step": f"""{_WEIGHTS}
    w = (w - w.mean()) * model.ln_final.weight
    logits = w @ model.W_U
    return logits - logits.mean()
""",
        "a one-hot activation": """
def logit_weights(model, neuron):
    x = torch.zeros(model.cfg.d_mlp)
    x[neuron] = 1.0
    w = x @ model.W_out[0]
    folded = model.ln_final.weight[:, None] * model.W_U
    folded = folded - folded.mean(0)
    logits = w @ folded
    return logits - logits.mean()
""",
        "numpy": """
def logit_weights(model, neuron):
    w = model.W_out[0, neuron].detach().numpy()
    gain, W_U = model.ln_final.weight.detach().numpy(), model.W_U.detach().numpy()
    logits = W_U.T @ ((w - w.mean()) * gain)
    return logits - logits.mean()
""",
    },
    wrong={
        "not centred": (
            "not-centred",
            f"""{_WEIGHTS}
    logits = (w * model.ln_final.weight) @ model.W_U
    return logits - logits.mean()
""",
        ),
        "no gain": (
            "no-gain",
            f"{_WEIGHTS}    logits = (w - w.mean()) @ model.W_U\n    return logits - logits.mean()\n",
        ),
        "no norm": ("no-norm", f"{_WEIGHTS}    logits = w @ model.W_U\n    return logits - logits.mean()\n"),
        "no norm, no mean": ("no-norm", f"{_WEIGHTS}    return w @ model.W_U\n"),
        "mean kept": (
            "mean-kept",
            f"{_WEIGHTS}    return ((w - w.mean()) * model.ln_final.weight) @ model.W_U\n",
        ),
        "with the bias": (
            "bias-added",
            f"""{_WEIGHTS}
    logits = ((w - w.mean()) * model.ln_final.weight + model.ln_final.bias) @ model.W_U
    return logits - logits.mean()
""",
        ),
        "what it reads": (
            "reads-not-writes",
            """
def logit_weights(model, neuron):
    w = model.W_in[0][:, neuron]
    logits = ((w - w.mean()) * model.ln_final.weight) @ model.W_U
    return logits - logits.mean()
""",
        ),
        "the embedding": (
            "embedding-for-unembedding",
            f"""{_WEIGHTS}
    logits = ((w - w.mean()) * model.ln_final.weight) @ model.W_E.T
    return logits - logits.mean()
""",
        ),
        "probabilities": (
            "probabilities",
            f"{_WEIGHTS}    return (((w - w.mean()) * model.ln_final.weight) @ model.W_U).softmax(-1)\n",
        ),
        "stops early": ("residual-stream", f"{_WEIGHTS}    return w.detach()\n"),
        "divided by its spread": (
            "divided-by-spread",
            f"""{_WEIGHTS}
    w = (w - w.mean()) / w.std(correction=0)
    logits = (w * model.ln_final.weight) @ model.W_U
    return logits - logits.mean()
""",
        ),
        "gain first": (
            "gain-before-centring",
            f"""{_WEIGHTS}
    w = w * model.ln_final.weight
    logits = (w - w.mean()) @ model.W_U
    return logits - logits.mean()
""",
        ),
    },
)

ANSWERS = {
    "neurons.written": WRITTEN,
    "neurons.stimulate": STIMULATE,
    "neurons.logit_weights": LOGIT_WEIGHTS,
}
EQUIVALENT: dict[str, dict[str, str]] = {}
"""Mutants of the references that compute the same."""
