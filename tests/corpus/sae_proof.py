"""Chapter 3, section 7: a feature set to a value, and what the model loses without it."""

from tests.corpus.kinds import Answers

_IMPORTS = """
import torch
from torch import Tensor

ACTIVATION_HOOK = "blocks.0.mlp.hook_post"
"""


def _set(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def set_feature(x, sae, latent, value):\n{lines}"


def _damage(change: str, end: str = "return changed - clean") -> str:
    return f"""
def feature_damage(model, sae, tokens, latent):
    def off(x, hook):
        f, d = sae.encode(x), sae.W_dec[latent]
        return {change}

    clean = model(tokens, return_type="loss", loss_per_token=True)
    changed = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(ACTIVATION_HOOK, off)])
    {end}
"""


_F = "f = sae.encode(x)[..., latent]\n"

SET_FEATURE = Answers(
    imports=_IMPORTS,
    right={
        "one product": _set(_F + "return x + (value - f)[..., None] * sae.W_dec[latent]"),
        "decoded twice": _set(
            "f = sae.encode(x)\ng = f.clone()\ng[..., latent] = value\nreturn sae.decode(g) + (x - sae.decode(f))"
        ),
        "difference of decodings": _set(
            "f = sae.encode(x)\ng = f.index_fill(-1, torch.tensor([latent]), value)\nreturn x + (g - f) @ sae.W_dec"
        ),
        "outer": _set(_F + "return x + torch.einsum('bt,d->btd', value - f, sae.W_dec[latent])"),
    },
    wrong={
        "error dropped": (
            "error-dropped",
            _set("f = sae.encode(x)\nf[..., latent] = value\nreturn sae.decode(f)"),
        ),
        "nothing": ("no-effect", _set("f = sae.encode(x)\nf[..., latent] = value\nreturn x")),
        "added": ("added-not-set", _set("return x + value * sae.W_dec[latent]")),
        "where on": (
            "only-where-on",
            _set(_F + "return x + ((value - f) * (f > 0))[..., None] * sae.W_dec[latent]"),
        ),
        "sign": ("sign-swapped", _set(_F + "return x + (f - value)[..., None] * sae.W_dec[latent]")),
        "times": ("only-where-on-doubled", _set(_F + "return x + (value * f - f)[..., None] * sae.W_dec[latent]")),
        "encoder": ("encoder-direction", _set(_F + "return x + (value - f)[..., None] * sae.W_enc[:, latent]")),
        "off": ("switched-off", _set(_F + "return x - f[..., None] * sae.W_dec[latent]")),
        "alone": (
            "feature-alone",
            _set(_F + "return torch.full_like(f, value)[..., None] * sae.W_dec[latent]"),
        ),
        "change": ("change-returned", _set(_F + "return (value - f)[..., None] * sae.W_dec[latent]")),
        "before the selection": (
            "pre-activation-used",
            _set(
                "f = sae.pre_activations(x)[..., latent]\nreturn x + (value - f)[..., None] * sae.W_dec[latent]"
            ),
        ),
        "relu": (
            "reset-below-zero",
            _set(_F + "return (x + (value - f)[..., None] * sae.W_dec[latent]).relu()"),
        ),
        "axis forgotten": ("raises", _set(_F + "return x + (value - f) * sae.W_dec[latent]")),
    },
)  # fmt: skip

FEATURE_DAMAGE = Answers(
    imports=_IMPORTS,
    right={
        "hook": _damage("x - f[..., latent, None] * d"),
        "decoded twice": _damage(
            "sae.decode(f.index_fill(-1, torch.tensor([latent]), 0.0)) + (x - sae.decode(f))"
        ),
        "with hooks": """
def feature_damage(model, sae, tokens, latent):
    def off(x, hook):
        return x - sae.encode(x)[..., [latent]] @ sae.W_dec[[latent]]

    losses = []
    for hooks in ([(ACTIVATION_HOOK, off)], []):
        with model.hooks(fwd_hooks=hooks):
            losses.append(model(tokens, return_type="loss", loss_per_token=True))
    return losses[0] - losses[1]
""",
        "from logits": """
def feature_damage(model, sae, tokens, latent):
    def off(x, hook):
        return x - sae.encode(x)[..., latent].unsqueeze(-1) * sae.W_dec[latent]

    def loss(logits):
        return -logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None]).squeeze(-1)

    return loss(model.run_with_hooks(tokens, fwd_hooks=[(ACTIVATION_HOOK, off)])) - loss(model(tokens))
""",
    },
    wrong={
        "error dropped": (
            "error-dropped",
            _damage("sae.decode(f.index_fill(-1, torch.tensor([latent]), 0.0))"),
        ),
        "sign": ("sign-swapped", _damage("x - f[..., latent, None] * d", "return clean - changed")),
        "hook returns what it got": ("no-effect", _damage("x")),
        "clean forgotten": ("clean-not-subtracted", _damage("x - f[..., latent, None] * d", "return changed")),
        "the neuron": ("neuron-silenced", _damage("x.index_fill(-1, torch.tensor([latent]), 0.0)")),
        "added": ("feature-doubled", _damage("x + f[..., latent, None] * d")),
        "strength ignored": ("strength-ignored", _damage("x - d")),
        "all off": ("all-features-off", _damage("x - f @ sae.W_dec")),
        "projected out": ("whole-direction-removed", _damage("x - (x @ d)[..., None] * d")),
        "mean": ("mean-returned", _damage("x - f[..., latent, None] * d", "return (changed - clean).mean()")),
        "against the reconstruction": (
            "against-the-reconstruction",
            """
def feature_damage(model, sae, tokens, latent):
    def run(off):
        def hook(x, hook):
            f = sae.encode(x)
            if off:
                f[..., latent] = 0
            return sae.decode(f)

        return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(ACTIVATION_HOOK, hook)])

    return run(True) - run(False)
""",
        ),
        "hook left behind": (
            "leaves-hooks",
            """
def feature_damage(model, sae, tokens, latent):
    clean = model(tokens, return_type="loss", loss_per_token=True)
    model.add_hook(ACTIVATION_HOOK, lambda x, hook: x - sae.encode(x)[..., latent, None] * sae.W_dec[latent])
    return model(tokens, return_type="loss", loss_per_token=True) - clean
""",
        ),
        "the dictionary is cut": (
            "changes-weights",
            """
def feature_damage(model, sae, tokens, latent):
    clean = model(tokens, return_type="loss", loss_per_token=True)
    sae.W_dec.data[latent] = 0
    hooks = [(ACTIVATION_HOOK, lambda x, hook: x - sae.encode(x)[..., latent, None] * sae.W_dec[latent])]
    return model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks) - clean
""",
        ),
    },
)  # fmt: skip

ANSWERS = {"sae.set_feature": SET_FEATURE, "sae.feature_damage": FEATURE_DAMAGE}

EQUIVALENT: dict[str, dict[str, str]] = {}
