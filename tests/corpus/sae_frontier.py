"""Chapter 3, section 6: what a penalty costs, and k on average."""

from tests.corpus.kinds import Answers

_IMPORTS = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
"""


def _penalised(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def penalised(a, l1):\n{lines}"


def _batch_topk(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def batch_topk(h, k):\n{lines}"


PENALISED = Answers(
    imports=_IMPORTS,
    right={
        "clamp": _penalised("return (a - l1 / 2).clamp(min=0)"),
        "softshrink": _penalised("return F.softshrink(a, l1 / 2).relu()"),
        "where": _penalised("return torch.where(2 * a > l1, a - 0.5 * l1, torch.zeros_like(a))"),
        "numpy": _penalised("return np.maximum(a.numpy() - l1 / 2, 0)"),
    },
    wrong={
        "whole penalty": ("full-penalty-off", _penalised("return (a - l1).relu()")),
        "no floor": ("below-zero", _penalised("return a - l1 / 2")),
        "threshold": ("nothing-shrunk", _penalised("return a * (a > l1 / 2)")),
        "relu": ("nothing-shrunk", _penalised("return a.relu()")),
        "ridge": ("squared-penalty", _penalised("return a.relu() / (1 + l1)")),
        "both sides": ("sign-kept", _penalised("return F.softshrink(a, l1 / 2)")),
        "by size": ("by-size", _penalised("return (a.abs() - l1 / 2).relu()")),
        "added": ("penalty-added", _penalised("return (a + l1 / 2).relu()")),
        "the loss": (
            "loss-returned",
            _penalised("f = (a - l1 / 2).relu()\nreturn (a - f) ** 2 + l1 * f"),
        ),
        "spread": ("one-penalty-for-all", _penalised("return (a - l1 / (2 * a.numel())).relu()")),
    },
)

BATCH_TOPK = Answers(
    imports=_IMPORTS,
    right={
        "threshold": _batch_topk(
            "least = h.flatten().topk(k * len(h)).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"
        ),
        "scatter": _batch_topk(
            "flat = h.flatten().relu()\nv, i = flat.topk(k * h.shape[0])\n"
            "return torch.zeros_like(flat).scatter(0, i, v).view(h.shape)"
        ),
        "sorted mask": _batch_topk(
            "order = h.reshape(-1).argsort(descending=True)[: k * len(h)]\nmask = torch.zeros(h.numel())\nmask[order] = 1\n"
            "return F.relu(h) * mask.view_as(h)"
        ),
        "kth value": _batch_topk(
            "n = h.numel() - k * len(h) + 1\nreturn h.relu() * (h >= h.flatten().kthvalue(n).values)"
        ),
    },
    wrong={
        "rows": (
            "top-k-of-each-row",
            _batch_topk("v, i = h.topk(k)\nreturn torch.zeros_like(h).scatter(1, i, v.relu())"),
        ),
        "columns": (
            "top-k-of-each-column",
            _batch_topk(
                "v, i = h.topk(min(k, len(h)), dim=0)\nreturn torch.zeros_like(h).scatter(0, i, v.relu())"
            ),
        ),
        "k in all": (
            "k-in-all",
            _batch_topk("least = h.flatten().topk(k).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"),
        ),
        "k a latent": (
            "k-for-each-latent",
            _batch_topk(
                "least = h.flatten().topk(k * h.shape[1]).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"
            ),
        ),
        "no relu": (
            "relu-missing",
            _batch_topk("least = h.flatten().topk(k * len(h)).values[-1]\nreturn torch.where(h >= least, h, 0)"),
        ),
        "only relu": ("nothing-selected", _batch_topk("return h.relu()")),
        "strict": (
            "one-too-few",
            _batch_topk("least = h.flatten().topk(k * len(h)).values[-1]\nreturn torch.where(h > least, h, 0).relu()"),
        ),
        "flat": (
            "flattened",
            _batch_topk(
                "f = h.flatten()\nleast = f.topk(k * len(h)).values[-1]\nreturn torch.where(f >= least, f, 0).relu()"
            ),
        ),
        "mask": (
            "ones-returned",
            _batch_topk(
                "least = h.flatten().topk(k * len(h)).values[-1]\nreturn ((h >= least) & (h > 0)).float()"
            ),
        ),
        "threshold off": (
            "threshold-taken-off",
            _batch_topk("least = h.flatten().topk(k * len(h)).values[-1]\nreturn (h - least).relu()"),
        ),
        "detached": (
            "detached",
            _batch_topk(
                "h = h.detach()\nleast = h.flatten().topk(k * len(h)).values[-1]\nreturn torch.where(h >= least, h, 0).relu()"
            ),
        ),
    },
)  # fmt: skip

ANSWERS = {"sae.penalised": PENALISED, "sae.batch_topk": BATCH_TOPK}

EQUIVALENT: dict[str, dict[str, str]] = {}
