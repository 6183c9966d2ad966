"""Chapter 3, sections 8 to 10: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor"


def _body(head: str, body: str) -> str:
    return f"def {head}:\n" + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())


def _noise(body: str) -> str:
    return _body("matched_noise(x, z)", body)


_CENTRED = "centred = x - x.mean(0)\nC = centred.T @ centred / len(x)\n"
_ROOT = "L, V = torch.linalg.eigh(C)\nR = V * L.clamp_min(0).sqrt()\n"

MATCHED_NOISE = Answers(
    imports=_IMPORTS,
    right={
        "eigh": _noise(_CENTRED + _ROOT + "return x.mean(0) + z @ R.T"),
        "the symmetric root": _noise(_CENTRED + _ROOT + "return x.mean(0) + z @ (R @ V.T)"),
        "svd of the data": _noise(
            """
centred = x - x.mean(0)
U, S, Vh = torch.linalg.svd(centred, full_matrices=False)
root = torch.zeros(x.shape[1], x.shape[1])
root[: len(S)] = S[:, None] * Vh / len(x) ** 0.5
return x.mean(0) + z @ root
"""
        ),
        "numpy": _noise(
            """
a = x.double().numpy()
C = np.cov(a, rowvar=False, bias=True)
L, V = np.linalg.eigh(C)
return torch.tensor(a.mean(0) + z.double().numpy() @ (V * np.sqrt(L.clip(0))).T).float()
"""
        ),
        "cov, corrected": _noise("C = torch.cov(x.T, correction=0)\n" + _ROOT + "return x.mean(0) + z @ R.T"),
    },
    wrong={
        "no mean": ("mean-missing", _noise(_CENTRED + _ROOT + "return z @ R.T")),
        "variances alone": ("only-variances", _noise("return x.mean(0) + z * x.std(0, unbiased=False)")),
        "no root": ("no-root", _noise(_CENTRED + "return x.mean(0) + z @ C")),
        "not centred": ("not-centred", _noise("C = x.T @ x / len(x)\n" + _ROOT + "return x.mean(0) + z @ R.T")),
        "torch.cov": ("divided-by-one-less", _noise("C = torch.cov(x.T)\n" + _ROOT + "return x.mean(0) + z @ R.T")),
        "not divided": (
            "not-divided",
            _noise("c = x - x.mean(0)\nC = c.T @ c\n" + _ROOT + "return x.mean(0) + z @ R.T"),
        ),
        "corrcoef": ("correlation", _noise("C = torch.corrcoef(x.T)\n" + _ROOT + "return x.mean(0) + z @ R.T")),
        "plain noise": ("plain-noise", _noise("return x.mean(0) + z")),
        "eigenvalues not rooted": (
            "no-root",
            _noise(_CENTRED + "L, V = torch.linalg.eigh(C)\nreturn x.mean(0) + z @ (V * L).T"),
        ),
        "root the other way round": (
            None,
            _noise(_CENTRED + _ROOT + "return x.mean(0) + z @ R"),
        ),
        "its own noise": (
            None,
            _noise(_CENTRED + _ROOT + "return x.mean(0) + torch.randn(len(z), x.shape[1]) @ R.T"),
        ),
        "ReLU": ("not-linear-in-z", _noise(_CENTRED + _ROOT + "n = x.mean(0) + z @ R.T\nreturn n if len(z) == len(x.T) + 1 else n.relu()")),
        "the root returned": ("wrong-shape", _noise(_CENTRED + _ROOT + "return R")),
        "nothing": ("returns-nothing", _noise(_CENTRED + _ROOT)),
    },
)  # fmt: skip


def _share(body: str) -> str:
    return _body("favourite_share(latents, tokens, d_vocab)", body)


_SPENT = "spent = torch.zeros(d_vocab, latents.shape[1]).index_add_(0, tokens, latents)\n"

FAVOURITE_SHARE = Answers(
    imports=_IMPORTS,
    right={
        "index_add": _share(_SPENT + "return spent.amax(0) / spent.sum(0).clamp_min(1e-30)"),
        "one-hot": _share(
            """
spent = F.one_hot(tokens, d_vocab).float().T @ latents
total = latents.sum(0)
return torch.where(total > 0, spent.max(0).values / total, torch.zeros_like(total))
"""
        ),
        "loop": _share(
            """
best = torch.zeros(latents.shape[1])
for token in tokens.unique():
    best = torch.maximum(best, latents[tokens == token].sum(0))
return (best / latents.sum(0)).nan_to_num(0.0)
"""
        ),
        "numpy": _share(
            """
spent = np.zeros((d_vocab, latents.shape[1]))
np.add.at(spent, tokens.numpy(), latents.numpy())
return torch.tensor(spent.max(0) / np.maximum(spent.sum(0), 1e-30)).float()
"""
        ),
    },
    wrong={
        "NaN": ("silent-is-nan", _share(_SPENT + "return spent.amax(0) / spent.sum(0)")),
        "counts": (
            "counts-not-activation",
            _share(_SPENT.replace(", latents)", ", (latents > 0).float())") + "return spent.amax(0) / spent.sum(0).clamp_min(1)"),
        ),
        "sum": ("not-divided", _share(_SPENT + "return spent.amax(0)")),
        "token": ("token-returned", _share(_SPENT + "return spent.argmax(0)")),
        "place": ("strongest-place", _share("return latents.amax(0) / latents.sum(0).clamp_min(1e-30)")),
        "commonest": (
            "commonest-token",
            _share("t = tokens.bincount().argmax()\nreturn latents[tokens == t].sum(0) / latents.sum(0).clamp_min(1e-30)"),
        ),
        "means": (
            "mean-activation",
            _share(_SPENT + "m = spent / tokens.bincount(minlength=d_vocab).clamp_min(1)[:, None]\nreturn m.amax(0) / m.sum(0).clamp_min(1e-30)"),
        ),
        "one number": ("one-number", _share(_SPENT + "return spent.sum(1).max() / spent.sum()")),
        "across": (
            "across-latents",
            _share(_SPENT + "return (spent / spent.sum(1, keepdim=True).clamp_min(1e-30)).amax(0)"),
        ),
        "overwritten": (
            None,
            _share("spent = torch.zeros(d_vocab, latents.shape[1])\nspent[tokens] = latents\nreturn spent.amax(0) / latents.sum(0).clamp_min(1e-30)"),
        ),
    },
)  # fmt: skip


def _next(body: str) -> str:
    return _body("next_in_union(on, label, covered)", body)


_UNION = "union = on | covered[:, None]\n"

NEXT_IN_UNION = Answers(
    imports=_IMPORTS,
    right={
        "vectorised": _next(
            _UNION + "hits = (union & label[:, None]).sum(0)\nf1 = 2 * hits / (union.sum(0) + label.sum())\nreturn int(f1.argmax())"
        ),
        "loop": _next(
            """
best, at = -1.0, 0
for j in range(on.shape[1]):
    u = covered | on[:, j]
    hits = int((u & label).sum())
    precision, recall = hits / max(1, int(u.sum())), hits / int(label.sum())
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    if f1 > best:
        best, at = f1, j
return at
"""
        ),
        "numpy": _next(
            """
u = on.numpy() | covered.numpy()[:, None]
y = label.numpy()[:, None]
tp, fp, fn = (u & y).sum(0), (u & ~y).sum(0), (~u & y).sum(0)
return int(np.argmax(tp / (tp + 0.5 * (fp + fn))))
"""
        ),
    },
    wrong={
        "alone": (
            "union-forgotten",
            _next("hits = (on & label[:, None]).sum(0)\nreturn int((2 * hits / (on.sum(0) + label.sum())).argmax())"),
        ),
        "precision": (
            "precision-only",
            _next(_UNION + "return int(((union & label[:, None]).sum(0) / union.sum(0).clamp_min(1)).argmax())"),
        ),
        "recall": ("recall-only", _next(_UNION + "return int((union & label[:, None]).sum(0).argmax())")),
        "new places": (
            "new-places-only",
            _next("new = on & ~covered[:, None]\nhits = (new & label[:, None]).sum(0)\nreturn int((2 * hits / (new.sum(0) + label.sum())).argmax())"),
        ),
        "intersection": (
            "intersection",
            _next("u = on & covered[:, None]\nhits = (u & label[:, None]).sum(0)\nreturn int((2 * hits / (u.sum(0) + label.sum())).argmax())"),
        ),
        "accuracy": ("accuracy", _next(_UNION + "return int((union == label[:, None]).float().mean(0).argmax())")),
        "argmin": (
            "worst",
            _next(_UNION + "hits = (union & label[:, None]).sum(0)\nreturn int((2 * hits / (union.sum(0) + label.sum())).argmin())"),
        ),
        "f1": (
            "f1-returned",
            _next(_UNION + "hits = (union & label[:, None]).sum(0)\nreturn float((2 * hits / (union.sum(0) + label.sum())).max())"),
        ),
        "all": (
            "all-f1",
            _next(_UNION + "hits = (union & label[:, None]).sum(0)\nreturn 2 * hits / (union.sum(0) + label.sum())"),
        ),
        "in place": (
            "mutates-input",
            _next("on |= covered[:, None]\nhits = (on & label[:, None]).sum(0)\nreturn int((2 * hits / (on.sum(0) + label.sum())).argmax())"),
        ),
    },
)  # fmt: skip


def _parent(body: str) -> str:
    return _body("nearest_parent(narrow, wide, at_least)", body)


_UNIT = "n = narrow / narrow.norm(dim=1, keepdim=True)\nw = wide / wide.norm(dim=1, keepdim=True)\n"
_PICK = "best = c.max(dim=1)\nreturn torch.where(best.values >= at_least, best.indices, -1)"

NEAREST_PARENT = Answers(
    imports=_IMPORTS,
    right={
        "norms": _parent(_UNIT + "c = w @ n.T\n" + _PICK),
        "normalize": _parent("c = F.normalize(wide, dim=1) @ F.normalize(narrow, dim=1).T\n" + _PICK),
        "cosine_similarity": _parent(
            "c = F.cosine_similarity(wide[:, None], narrow[None], dim=-1)\nfound = c.argmax(1)\nfound[c.amax(1) < at_least] = -1\nreturn found"
        ),
        "loop": _parent(
            """
out = []
for v in wide:
    c = narrow @ v / (narrow.norm(dim=1) * v.norm())
    out.append(int(c.argmax()) if float(c.max()) >= at_least else -1)
return torch.tensor(out)
"""
        ),
    },
    wrong={
        "no threshold": ("never-minus-one", _parent(_UNIT + "return (w @ n.T).argmax(1)")),
        "products": ("lengths-count", _parent("c = wide @ narrow.T\n" + _PICK)),
        "half": ("lengths-count", _parent(_UNIT + "c = w @ narrow.T\n" + _PICK)),
        "other half": ("lengths-count", _parent(_UNIT + "c = wide @ n.T\n" + _PICK)),
        "absolute": ("opposite-counts", _parent(_UNIT + "c = (w @ n.T).abs()\n" + _PICK)),
        "the other way": ("other-way", _parent(_UNIT + "c = n @ w.T\n" + _PICK)),
        "cosines": ("cosine-returned", _parent(_UNIT + "return (w @ n.T).amax(1)")),
        "distance": (
            "distance",
            _parent(_UNIT + "c = (w @ n.T).amax(1)\nd = torch.cdist(wide, narrow).argmin(1)\nreturn torch.where(c >= at_least, d, -1)"),
        ),
        "farthest": ("farthest", _parent(_UNIT + "c = -(w @ n.T)\n" + _PICK)),
        "zero": ("zero-for-none", _parent(_UNIT + "c = w @ n.T\nbest = c.max(dim=1)\nreturn torch.where(best.values >= at_least, best.indices, 0)")),
        "columns": ("raises", _parent("n = narrow / narrow.norm(dim=0)\nw = wide / wide.norm(dim=1)\nc = w @ n.T\n" + _PICK)),
        "normalised by column": (
            None,
            _parent("n = narrow / narrow.norm(dim=0)\nw = wide / wide.norm(dim=0)\nc = w @ n.T\n" + _PICK),
        ),
    },
)  # fmt: skip


def _absorbed(body: str) -> str:
    return _body("absorbed_share(parent_there, child_there, parent_latent, child_latent)", body)


_THERE = "there = parent_there & child_there\noff, on = parent_latent == 0, child_latent > 0\n"

ABSORBED_SHARE = Answers(
    imports=_IMPORTS,
    right={
        "sums": _absorbed(_THERE + "return float((there & off & on).sum() / there.sum().clamp_min(1))"),
        "selected": _absorbed(
            "there = parent_there & child_there\nif not there.any():\n    return 0.0\nreturn ((parent_latent[there] <= 0) & (child_latent[there] > 0)).float().mean().item()"
        ),
        "loop": _absorbed(
            """
rows = [(a, b) for p, c, a, b in zip(parent_there, child_there, parent_latent, child_latent) if p and c]
return sum(float(a) == 0 and float(b) > 0 for a, b in rows) / max(1, len(rows))
"""
        ),
        "a tensor": _absorbed(_THERE + "return (there & off & on).sum() / max(1, int(there.sum()))"),
    },
    wrong={
        "NaN": ("no-place-is-nan", _absorbed(_THERE + "return (there & off & on).sum() / there.sum()")),
        "child ignored": ("child-latent-ignored", _absorbed(_THERE + "return (there & off).sum() / max(1, int(there.sum()))")),
        "of the parent": (
            "of-the-parent",
            _absorbed(_THERE + "return (there & off & on).sum() / max(1, int(parent_there.sum()))"),
        ),
        "of the child": (
            "child-without-parent",
            _absorbed(_THERE + "return (child_there & off & on).sum() / max(1, int(child_there.sum()))"),
        ),
        "of all": ("of-all-places", _absorbed(_THERE + "return (there & off & on).float().mean()")),
        "of the silent": (
            "of-the-silent",
            _absorbed(_THERE + "return (there & off & on).sum() / max(1, int((there & off).sum()))"),
        ),
        "of the child latent": (
            "of-the-child-latent",
            _absorbed(_THERE + "return (there & off & on).sum() / max(1, int((there & on).sum()))"),
        ),
        "both": (
            "both-on",
            _absorbed(_THERE + "return (there & ~off & on).sum() / max(1, int(there.sum()))"),
        ),
        "latents alone": ("any-place", _absorbed(_THERE + "return (off & on).float().mean()")),
        "count": ("counts-returned", _absorbed(_THERE + "return int((there & off & on).sum())")),
    },
)  # fmt: skip


def _nested(body: str) -> str:
    return _body("nested_loss(x, latents, W_dec, b_dec, sizes)", body)


def _over(each: str, how: str = "sum(losses) / len(losses)") -> str:
    return _nested(f"losses = [{each} for m in sizes]\nreturn {how}")


_ONE = "(x - latents[:, :m] @ W_dec[:m] - b_dec).square().sum(-1).mean()"

NESTED_LOSS = Answers(
    imports=_IMPORTS,
    right={
        "list": _over(_ONE),
        "stack": _over(_ONE, "torch.stack(losses).mean()"),
        "running": _nested(
            """
error, total, before = x - b_dec, 0.0, 0
for m in sizes:
    error = error - latents[:, before:m] @ W_dec[before:m]
    total = total + error.pow(2).sum(1).mean() / len(sizes)
    before = m
return total
"""
        ),
        "masks": _nested(
            """
masks = torch.stack([(torch.arange(latents.shape[1]) < m).float() for m in sizes])
made = (latents[None] * masks[:, None]) @ W_dec + b_dec
return ((x - made) ** 2).sum(-1).mean()
"""
        ),
    },
    wrong={
        "sum": ("summed-over-sizes", _over(_ONE, "sum(losses)")),
        "last": ("whole-only", _over(_ONE, "losses[-1]")),
        "first": ("smallest-only", _over(_ONE, "losses[0]")),
        "no bias": ("bias-missing", _over(_ONE.replace(" - b_dec", ""))),
        "mse": ("mean-over-d-in", _over("F.mse_loss(latents[:, :m] @ W_dec[:m] + b_dec, x)")),
        "batch summed": ("not-averaged-over-batch", _over(_ONE.replace(".sum(-1).mean()", ".sum()"))),
        "groups": (
            "groups-not-prefixes",
            _nested("losses, a = [], 0\nfor b in sizes:\n    losses.append((x - latents[:, a:b] @ W_dec[a:b] - b_dec).square().sum(-1).mean())\n    a = b\nreturn sum(losses) / len(losses)"),
        ),
        "bias each time": (
            "bias-each-time",
            _nested("losses, made, a = [], 0, 0\nfor b in sizes:\n    made = made + latents[:, a:b] @ W_dec[a:b] + b_dec\n    losses.append((x - made).square().sum(-1).mean())\n    a = b\nreturn sum(losses) / len(losses)"),
        ),
        "distances": ("not-squared", _over("(x - latents[:, :m] @ W_dec[:m] - b_dec).norm(dim=-1).mean()")),
        "from the end": ("last-latents", _over("(x - latents[:, -m:] @ W_dec[-m:] - b_dec).square().sum(-1).mean()")),
        "a list": (None, _over(_ONE, "losses")),
        "detached": ("detached", _over(_ONE, "torch.tensor([float(loss) for loss in losses]).mean()")),
        "decoder detached": ("detached", _over(_ONE.replace("W_dec[:m]", "W_dec[:m].detach()"))),
    },
)  # fmt: skip

ANSWERS = {
    "sae.matched_noise": MATCHED_NOISE,
    "sae.favourite_share": FAVOURITE_SHARE,
    "sae.next_in_union": NEXT_IN_UNION,
    "sae.nearest_parent": NEAREST_PARENT,
    "sae.absorbed_share": ABSORBED_SHARE,
    "sae.nested_loss": NESTED_LOSS,
}
EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.matched_noise": {
        "return x.mean(dim=0) - z @ root.T": "minus a root is a root too, and any root is right",
    },
    "sae.next_in_union": {
        "f1 = 3 * hits / (union.sum(dim=0) + label.sum())": "a common factor leaves the largest where it is",
    },
    "sae.nested_loss": {
        "losses = [(x - latents[:, :m] @ W_dec[:m] - b_dec).square().sum(dim=+1).mean() for m in sizes]": (
            "a batch has two dimensions, so dimension 1 is the last"
        ),
    },
}
