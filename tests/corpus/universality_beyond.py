"""Chapter 4, sections 4 to 7: what learners write about tokens, exclusives, twins and widths, right and wrong."""

from tests.corpus.kinds import Answers
from tests.corpus.universality_scale import IMPORTS, writer

tokens = writer("token_part(activations, tokens)")
home = writer("exclusive(spent, fired, domain, share, firings)")
rate = writer("false_match_rate(best, exclusive, threshold)")
says = writer("says_the_same(model_left, model_right, left, right)")
widths = writer("whatever_the_width(correlations, threshold)")

_TABLE = (
    "n = int(tokens.max()) + 1\nsums = torch.zeros(n, activations.shape[1]).index_add(0, tokens, activations)\n"
    "count = torch.bincount(tokens, minlength=n).clamp(min=1)\n"
)
_SAME = "same = (tokens[:, None] == tokens).float()\n"
_LAST = "n = int(tokens.max()) + 1\ntable = torch.zeros(n, activations.shape[1])\nfor t, row in zip(tokens, activations):\n    table[t] = row\n"
TOKEN_PART = Answers(
    imports=IMPORTS,
    right={
        "table": tokens(_TABLE + "return (sums / count[:, None])[tokens]"),
        "pairs of places": tokens(_SAME + "return same @ activations / same.sum(1, keepdim=True)"),
        "loop over tokens": tokens(
            "out = torch.empty_like(activations)\nfor t in tokens.unique():\n    out[tokens == t] = activations[tokens == t].mean(0)\nreturn out"
        ),
        "numpy": tokens(
            "_, inverse, count = np.unique(tokens.numpy(), return_inverse=True, return_counts=True)\n"
            "sums = np.zeros((len(count), activations.shape[1]))\nnp.add.at(sums, inverse, activations.numpy())\n"
            "return torch.from_numpy((sums / count[:, None])[inverse])"
        ),
        "place by place": tokens("return torch.stack([activations[tokens == t].mean(0) for t in tokens])"),
    },
    wrong={
        "residual": ("residual", tokens(_SAME + "return activations - same @ activations / same.sum(1, keepdim=True)")),
        "mean of all": ("mean-of-all", tokens("return activations.mean(0, keepdim=True).expand_as(activations).clone()")),
        "sum": ("sum-not-mean", tokens(_TABLE + "return sums[tokens]")),
        "over all places": ("divided-by-all", tokens(_TABLE + "return sums[tokens] / len(tokens)")),
        "itself left out": (
            "itself-left-out",
            tokens(_SAME + "same.fill_diagonal_(0)\nreturn same @ activations / same.sum(1, keepdim=True).clamp(min=1)"),
        ),
        "only when on": (
            "only-when-on",
            tokens(_SAME + "return same @ activations / (same @ (activations > 0).float()).clamp(min=1)"),
        ),
        "the table": ("table-returned", tokens(_TABLE + "return sums / count[:, None]")),
        "a row a token": (
            "table-returned",
            tokens("return torch.stack([activations[tokens == t].mean(0) for t in tokens.unique()])"),
        ),
        "the token before": ("neighbour-token", tokens("tokens = tokens.roll(1)\n" + _TABLE + "return (sums / count[:, None])[tokens]")),
        "last wins": ("last-wins", tokens(_LAST + "return table[tokens]")),
        "last over count": (
            "last-over-count",
            tokens(_LAST + "return table[tokens] / torch.bincount(tokens)[tokens][:, None]"),
        ),
        "so far": (
            "running-mean",
            tokens("return torch.stack([activations[: i + 1][tokens[: i + 1] == t].mean(0) for i, t in enumerate(tokens)])"),
        ),
        "unchanged": ("unchanged", tokens("return activations.clone()")),
        "one number a place": (
            "averaged-over-features",
            tokens(_SAME + "return (same @ activations / same.sum(1, keepdim=True)).mean(1)"),
        ),
    },
)  # fmt: skip

_PART = "part = spent[:, domain] / spent.sum(1).clamp(min=1e-30)\n"
EXCLUSIVE = Answers(
    imports=IMPORTS,
    right={
        "share": home(_PART + "return (part >= share) & (fired >= firings)"),
        "no division": home("return (spent[:, domain] >= share * spent.sum(dim=1)) & (fired >= firings)"),
        "nan compares False": home("return torch.logical_and(spent[:, domain] / spent.sum(-1) >= share, fired >= firings)"),
        "numpy": home(
            "s = spent.double().numpy()\nwith np.errstate(all='ignore'):\n    part = np.nan_to_num(s[:, domain] / s.sum(1))\n"
            "return torch.from_numpy((part >= share) & (fired.numpy() >= firings))"
        ),
        "loop": home(
            "out = []\nfor row, n in zip(spent, fired):\n    total = row.sum()\n"
            "    out.append(bool(total > 0 and row[domain] / total >= share and n >= firings))\nreturn torch.tensor(out)"
        ),
    },
    wrong={
        "no firings": ("firings-ignored", home(_PART + "return part >= share")),
        "no share": ("share-ignored", home("return fired >= firings")),
        "or": ("either", home(_PART + "return (part >= share) | (fired >= firings)")),
        "more than the share": ("strictly-more", home(_PART + "return (part > share) & (fired >= firings)")),
        "more firings": ("strictly-more", home(_PART + "return (part >= share) & (fired > firings)")),
        "share of the domain": (
            "share-of-domain",
            home("return (spent[:, domain] / spent[:, domain].sum() >= share) & (fired >= firings)"),
        ),
        "best domain": (
            "best-domain-only",
            home("return (spent.argmax(1) == domain) & (spent.sum(1) > 0) & (fired >= firings)"),
        ),
        "any home": (
            "some-domain",
            home("return (spent.amax(1) / spent.sum(1).clamp(min=1e-30) >= share) & (fired >= firings)"),
        ),
        "elsewhere": ("everywhere-else", home(_PART + "return (part < share) & (fired >= firings)")),
        "amount": ("amount-not-share", home("return (spent[:, domain] >= share) & (fired >= firings)")),
        "numbers": ("numbers-returned", home(_PART + "return torch.nonzero((part >= share) & (fired >= firings)).squeeze(1)")),
    },
)  # fmt: skip

FALSE_MATCH_RATE = Answers(
    imports=IMPORTS,
    right={
        "mean": rate("return (best > threshold)[exclusive].float().mean().item()"),
        "counts": rate(
            "n = int(exclusive.sum())\nreturn int(((best > threshold) & exclusive).sum()) / n if n else math.nan"
        ),
        "numpy": rate(
            "passes = (best > threshold).numpy()[exclusive.numpy()]\nreturn passes.mean() if len(passes) else float('nan')"
        ),
        "tensors": rate("return ((best > threshold) & exclusive).sum() / exclusive.sum()"),
    },
    wrong={
        "zero for nobody": (
            "zero-for-nobody",
            rate("return float(((best > threshold) & exclusive).sum() / max(1, int(exclusive.sum())))"),
        ),
        "share of all": ("share-of-all", rate("return ((best > threshold) & exclusive).float().mean()")),
        "everybody": ("everybody-counted", rate("return (best > threshold).float().mean()")),
        "the shared": ("shared-counted", rate("return (best > threshold)[~exclusive].float().mean()")),
        "below": ("below-counted", rate("return (best <= threshold)[exclusive].float().mean()")),
        "at least": ("at-least", rate("return (best >= threshold)[exclusive].float().mean()")),
        "of the matches": ("share-of-matches", rate("return exclusive[best > threshold].float().mean()")),
        "how many": ("not-divided", rate("return int(((best > threshold) & exclusive).sum())")),
        "mean correlation": ("mean-match", rate("return best[exclusive].mean()")),
        "one threshold": (
            "threshold-averaged",
            rate("return (best > threshold.mean())[exclusive].float().mean()"),
        ),
        "not reduced": ("not-reduced", rate("return (best > threshold)[exclusive]")),
    },
)

_SAYS = """def logits(model, d):
    w = d @ model.W_out[0]
    w = w - w.mean(-1, keepdim=True)
    return (w * model.ln_final.weight) @ model.W_U
"""
_PEARSON = "x, y = %s, %s\nx, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)\nreturn (x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1))"
_BOTH = ("logits(model_left, left)", "logits(model_right, right)")
SAYS_THE_SAME = Answers(
    imports=IMPORTS,
    right={
        "centred and divided": says(_SAYS + _PEARSON % _BOTH),
        "cosine of centred": says(
            _SAYS + "x, y = " + ", ".join(_BOTH) + "\nreturn F.cosine_similarity(x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True), dim=1)"
        ),
        "corrcoef, pair by pair": says(
            _SAYS + "x, y = " + ", ".join(_BOTH) + "\nreturn torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(x, y)])"
        ),
        "the weights multiplied first": says(
            "def table(model):\n    w = model.W_out[0]\n    return ((w - w.mean(1, keepdim=True)) * model.ln_final.weight) @ model.W_U\n"
            + _PEARSON % ("left @ table(model_left)", "right @ table(model_right)")
        ),
        "the library": says(
            "from mechint_course.features.twins import logit_agreement\nreturn logit_agreement((model_left, model_right), left, right)"
        ),
    },
    wrong={
        "left model twice": ("one-model-for-both", says(_SAYS + _PEARSON % ("logits(model_left, left)", "logits(model_left, right)"))),
        "models swapped": ("models-swapped", says(_SAYS + _PEARSON % ("logits(model_right, left)", "logits(model_left, right)"))),
        "the directions": ("directions-compared", says("return F.cosine_similarity(left, right, dim=1)")),
        "residual streams": (
            "stopped-at-residual",
            says(_PEARSON % ("left @ model_left.W_out[0]", "right @ model_right.W_out[0]")),
        ),
        "no LayerNorm": (
            "layernorm-skipped",
            says(_PEARSON % ("left @ model_left.W_out[0] @ model_left.W_U", "right @ model_right.W_out[0] @ model_right.W_U")),
        ),
        "no LayerNorm, cosine": (
            "layernorm-skipped",
            says("return F.cosine_similarity(left @ model_left.W_out[0] @ model_left.W_U, right @ model_right.W_out[0] @ model_right.W_U, dim=1)"),
        ),
        "no gain": (
            "gain-skipped",
            says(_SAYS.replace("(w * model.ln_final.weight)", "w") + _PEARSON % _BOTH),
        ),
        "no centring": (
            "residual-not-centred",
            says(_SAYS.replace("    w = w - w.mean(-1, keepdim=True)\n", "") + _PEARSON % _BOTH),
        ),
        "cosine": (
            "vocabulary-not-centred",
            says(_SAYS + f"return F.cosine_similarity({_BOTH[0]}, {_BOTH[1]}, dim=1)"),
        ),
        "absolute": ("absolute", says(_SAYS + (_PEARSON % _BOTH).replace("return (x * y).sum(1)", "return (x * y).sum(1).abs()"))),
        "every pair": (
            "every-pair",
            says(
                _SAYS + "x, y = " + ", ".join(_BOTH)
                + "\nreturn F.normalize(x - x.mean(1, keepdim=True)) @ F.normalize(y - y.mean(1, keepdim=True)).T"
            ),
        ),
        "mean": ("one-number", says(_SAYS + (_PEARSON % _BOTH).replace("return ", "return (") + ").mean()")),
    },
)  # fmt: skip

WHATEVER_THE_WIDTH = Answers(
    imports=IMPORTS,
    right={
        "stacked": widths(
            "return torch.stack([m.max(dim=1).values > threshold for m in correlations]).all(dim=0)"
        ),
        "loop": widths(
            "found = torch.ones(len(correlations[0]), dtype=torch.bool)\nfor m in correlations:\n"
            "    found = found & (m > threshold).any(1)\nreturn found"
        ),
        "smallest of the best": widths(
            "return torch.stack([m.amax(1) for m in correlations]).amin(0) > threshold"
        ),
        "numpy": widths("return np.all([m.numpy().max(1) > threshold for m in correlations], axis=0)"),
    },
    wrong={
        "any": (
            "any-width",
            widths("return torch.stack([m.amax(1) > threshold for m in correlations]).any(0)"),
        ),
        "joined": ("any-width", widths("return torch.cat(list(correlations), dim=1).amax(1) > threshold")),
        "mean": (
            "mean-of-widths",
            widths("return torch.stack([m.amax(1) for m in correlations]).mean(0) > threshold"),
        ),
        "at least": (
            "at-least",
            widths("return torch.stack([m.amax(1) >= threshold for m in correlations]).all(0)"),
        ),
        "absolute": (
            "absolute",
            widths("return torch.stack([m.abs().amax(1) > threshold for m in correlations]).all(0)"),
        ),
        "every entry": (
            "every-entry",
            widths("return torch.stack([(m > threshold).all(1) for m in correlations]).all(0)"),
        ),
        "last": (
            "last-width-only",
            widths("for m in correlations:\n    found = m.amax(1) > threshold\nreturn found"),
        ),
        "counted": ("counted", widths("return sum((m.amax(1) > threshold).int() for m in correlations)")),
        "how many": (
            "one-number",
            widths("return torch.stack([m.amax(1) > threshold for m in correlations]).all(0).sum()"),
        ),
        "not found": (
            "turned-round",
            widths("return ~torch.stack([m.amax(1) > threshold for m in correlations]).all(0)"),
        ),
        "stacked as they are": (
            "raises",
            widths("return (torch.stack(correlations) > threshold).any(2).all(0)"),
        ),
    },
)

ANSWERS = {
    "universality.token_part": TOKEN_PART,
    "universality.exclusive": EXCLUSIVE,
    "universality.false_match_rate": FALSE_MATCH_RATE,
    "universality.says_the_same": SAYS_THE_SAME,
    "universality.whatever_the_width": WHATEVER_THE_WIDTH,
}
