"""Chapter 3, section 4: finding a feature by code, and the neurons it is made of."""

from tests.corpus.kinds import Answers

_IMPORTS = """
import numpy as np
import torch
from torch import Tensor
"""


def _find(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def find_latent(sae, x, in_domain, least_recall):\n{lines}"


def _needed(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def neurons_needed(direction, share):\n{lines}"


def _nearest(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def nearest_neuron(sae, x, latent):\n{lines}"


_COUNTS = (
    "on = sae.encode(x) > 0\nhits = on[in_domain].sum(0)\nprecision = hits / on.sum(0).clamp(min=1)\n"
    "recall = hits / in_domain.sum()\n"
)

FIND_LATENT = Answers(
    imports=_IMPORTS,
    right={
        "where": _find(_COUNTS + "return int(torch.where(recall >= least_recall, precision, -1.0).argmax())"),
        "masked copy": _find(
            _COUNTS + "precision[recall < least_recall] = -1\nreturn precision.argmax().item()"
        ),
        "candidates by hand": _find(
            _COUNTS + "able = torch.nonzero(recall >= least_recall)[:, 0]\n"
            "return int(able[precision[able].argmax()])"
        ),
        "numpy": _find(
            "on = (sae.encode(x) > 0).numpy()\ninside = in_domain.numpy()\nhits = on[inside].sum(0)\n"
            "precision = hits / np.maximum(on.sum(0), 1)\nable = hits >= least_recall * inside.sum()\n"
            "return int(np.where(able, precision, -1).argmax())"
        ),
        "sorted": _find(
            _COUNTS + "ranked = sorted(range(sae.d_sae), key=lambda j: -float(precision[j]))\n"
            "return next(j for j in ranked if recall[j] >= least_recall)"
        ),
    },
    wrong={
        "no least recall": ("no-least-recall", _find(_COUNTS + "return int(precision.argmax())")),
        "most recall": ("highest-recall", _find(_COUNTS + "return int(recall.argmax())")),
        "density asked for": (
            "density-not-recall",
            _find(
                _COUNTS
                + "return int(torch.where(on.float().mean(0) >= least_recall, precision, -1.0).argmax())"
            ),
        ),
        "argmin": (
            "least-precise",
            _find(_COUNTS + "return int(torch.where(recall >= least_recall, precision, 2.0).argmin())"),
        ),
        "swapped": (
            None,  # the latent of best recall among the precise may be the same as another mistake's
            _find(_COUNTS + "return int(torch.where(precision >= least_recall, recall, -1.0).argmax())"),
        ),
        "outside": (
            None,
            _find(
                "in_domain = ~in_domain\n"
                + _COUNTS
                + "return int(torch.where(recall >= least_recall, precision, -1.0).argmax())"
            ),
        ),
        "the precision itself": (
            "score-returned",
            _find(_COUNTS + "return float(torch.where(recall >= least_recall, precision, -1.0).max())"),
        ),
        "all that take part": (
            "wrong-shape",
            _find(_COUNTS + "return torch.nonzero(recall >= least_recall)[:, 0]"),
        ),
        "nothing": ("returns-nothing", _find(_COUNTS + "int(precision.argmax())")),
    },
)

NEURONS_NEEDED = Answers(
    imports=_IMPORTS,
    right={
        "cumulative": _needed(
            "made = direction.square().sort(descending=True).values.cumsum(0)\n"
            "return int((made < share * made[-1]).sum()) + 1"
        ),
        "loop": _needed(
            "left = share * float((direction**2).sum())\nn = 0\n"
            "for square in sorted((direction**2).tolist(), reverse=True):\n    if left <= 0:\n        break\n"
            "    left -= square\n    n += 1\nreturn n"
        ),
        "searchsorted": _needed(
            "squares = np.sort(direction.double().numpy() ** 2)[::-1].cumsum()\n"
            "return int(np.searchsorted(squares, share * squares[-1])) + 1"
        ),
        "first that reaches": _needed(
            "part = (direction**2 / (direction**2).sum()).sort(descending=True).values.cumsum(0)\n"
            "return next(i + 1 for i, value in enumerate(part) if value >= share)"
        ),
    },
    wrong={
        "one too few": (
            "one-too-few",
            _needed(
                "made = direction.square().sort(descending=True).values.cumsum(0)\nreturn int((made < share * made[-1]).sum())"
            ),
        ),
        "one too many": (
            "one-too-many",
            _needed(
                "made = direction.square().sort(descending=True).values.cumsum(0)\n"
                "return int((made < share * made[-1]).sum()) + 2"
            ),
        ),
        "absolute values": (
            "absolute-values",
            _needed(
                "made = direction.abs().sort(descending=True).values.cumsum(0)\nreturn int((made < share * made[-1]).sum()) + 1"
            ),
        ),
        "lengths": (
            "lengths-not-squares",
            _needed(
                "made = direction.square().sort(descending=True).values.cumsum(0).sqrt()\n"
                "return int((made < share * made[-1]).sum()) + 1"
            ),
        ),
        "ascending": (
            "smallest-first",
            _needed(
                "made = direction.square().sort().values.cumsum(0)\nreturn int((made < share * made[-1]).sum()) + 1"
            ),
        ),
        "not sorted": (
            "not-sorted",
            _needed("made = direction.square().cumsum(0)\nreturn int((made < share * made[-1]).sum()) + 1"),
        ),
        "sorted with signs": (
            "sign-kept",
            _needed(
                "made = direction.sort(descending=True).values.square().cumsum(0)\n"
                "return int((made < share * made[-1]).sum()) + 1"
            ),
        ),
        "length one": (
            "length-not-one",
            _needed(
                "made = direction.square().sort(descending=True).values.cumsum(0)\nreturn int((made < share).sum()) + 1"
            ),
        ),
        "large entries": (
            "above-a-share",
            _needed(
                "part = direction.square() / direction.square().sum()\nreturn int((part >= share).sum())"
            ),
        ),
    },
)

_R = (
    "f = sae.encode(x)[:, latent]\nf = f - f.mean()\nc = x - x.mean(0)\n"
    "r = f @ c / (f.norm() * c.norm(dim=0)).clamp(min=1e-12)\n"
)
_END = "return int(r.argmax()), float(r.max())"

NEAREST_NEURON = Answers(
    imports=_IMPORTS,
    right={
        "norms": _nearest(_R + _END),
        "numpy loop": _nearest(
            "f = sae.encode(x)[:, latent].numpy()\nr = np.zeros(x.shape[1])\n"
            "for i in range(x.shape[1]):\n    if x[:, i].std() > 0:\n        r[i] = np.corrcoef(f, x[:, i].numpy())[0, 1]\n"
            "return int(r.argmax()), float(r.max())"
        ),
        "standard scores": _nearest(
            "f = sae.encode(x)[:, latent]\nf = (f - f.mean()) / f.std()\nz = (x - x.mean(0)) / x.std(0).clamp(min=1e-9)\n"
            "r = (f[:, None] * z).sum(0) / (len(x) - 1)\nbest = r.argmax()\nreturn best, r[best]"
        ),
        "corrcoef": _nearest(
            "both = torch.cat([sae.encode(x)[:, [latent]], x], dim=1).T\nr = torch.corrcoef(both)[0, 1:].nan_to_num(0)\n" + _END
        ),
    },
    wrong={
        "not centred": (
            "not-centred",
            _nearest(
                "f = sae.encode(x)[:, latent]\nr = f @ x / (f.norm() * x.norm(dim=0)).clamp(min=1e-12)\n" + _END
            ),
        ),
        "covariance": (
            "not-scaled",
            _nearest("f = sae.encode(x)[:, latent]\nr = (f - f.mean()) @ (x - x.mean(0)) / len(x)\n" + _END),
        ),
        "sum of products": (
            "not-scaled",
            _nearest("f = sae.encode(x)[:, latent]\nr = (f - f.mean()) @ (x - x.mean(0))\n" + _END),
        ),
        "decoder row": ("largest-entry", _nearest("r = sae.W_dec[latent]\n" + _END)),
        "on or off": (
            "on-or-off",
            _nearest(_R.replace("f = sae.encode(x)[:, latent]", "f = (sae.encode(x)[:, latent] > 0).float()") + _END),
        ),
        "all": ("all-returned", _nearest(_R + "return r")),
        "swapped": ("order-swapped", _nearest(_R + "return float(r.max()), int(r.argmax())")),
        "most negative": ("farthest-neuron", _nearest(_R + "return int((-r).argmax()), float((-r).max())")),
        "silent neurons are NaN": (
            "silent-is-nan",
            _nearest(_R.replace(".clamp(min=1e-12)", "") + _END),
        ),
        "number only": ("wrong-type", _nearest(_R + "return int(r.argmax())")),
    },
)  # fmt: skip

ANSWERS = {
    "sae.find_latent": FIND_LATENT,
    "sae.neurons_needed": NEURONS_NEEDED,
    "sae.nearest_neuron": NEAREST_NEURON,
}

EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.find_latent": {
        "precision, recall = hits / on.sum(dim=0).clamp_min(2), hits / in_domain.sum()": (
            "a latent that takes part is on for at least four tokens: a tenth of forty"
        ),
        "return int(torch.where(recall > least_recall, precision, -1.0).argmax())": (
            "no recall lies at the border, where rounding would decide"
        ),
        "return int(torch.where(recall >= least_recall, precision, -2.0).argmax())": (
            "any number below every precision does, and some latent always takes part"
        ),
    },
    "sae.nearest_neuron": {
        "r = f @ columns / (f.norm() * columns.norm(dim=0)).clamp_min(1.000000000001)": (
            "the bound touches neurons that hardly change, and the nearest one is never among them"
        ),
    },
}
