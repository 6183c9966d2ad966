"""Chapter 3, section 5: chances, a new start, and AuxK."""

from tests.corpus.kinds import Answers

_IMPORTS = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
"""


def _chances(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def resampling_chances(x, reconstruction):\n{lines}"


def _restart(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def restart(dead, inputs, W_enc, b_enc, W_dec, b_dec):\n{lines}"


def _auxk(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def auxk(x, reconstruction, pre, W_dec, dead, k):\n{lines}"


_LOSS = "loss = (x - reconstruction).square().sum(-1)\n"

CHANCES = Answers(
    imports=_IMPORTS,
    right={
        "plain": _chances(_LOSS + "return loss**2 / (loss**2).sum()"),
        "norm to the fourth": _chances(
            "weights = (x - reconstruction).norm(dim=1) ** 4\nreturn weights / weights.sum()"
        ),
        "softmax of logarithms": _chances(_LOSS + "return (2 * loss.log()).softmax(0)"),
        "einsum": _chances(
            "e = x - reconstruction\nloss = torch.einsum('bi,bi->b', e, e)\nreturn F.normalize(loss * loss, p=1, dim=0)"
        ),
    },
    wrong={
        "proportional to the loss": ("loss-not-squared", _chances(_LOSS + "return loss / loss.sum()")),
        "softmax": ("softmax", _chances(_LOSS + "return loss.softmax(0)")),
        "softmax of the square": ("softmax", _chances(_LOSS + "return (loss**2).softmax(0)")),
        "not normalised": ("not-normalised", _chances(_LOSS + "return loss**2")),
        "of x": (
            "size-of-the-input",
            _chances("loss = x.square().sum(-1)\nreturn loss**2 / (loss**2).sum()"),
        ),
        "inverse": ("best-first", _chances(_LOSS + "return loss**-2 / (loss**-2).sum()")),
        "over the batch": (
            "over-the-entries",
            _chances("loss = (x - reconstruction).square().sum(0)\nreturn loss**2 / (loss**2).sum()"),
        ),
        "fourth powers": (
            "fourth-powers-summed",
            _chances("w = ((x - reconstruction) ** 4).sum(-1)\nreturn w / w.sum()"),
        ),
        "argmax": ("worst-only", _chances(_LOSS + "return F.one_hot(loss.argmax(), len(loss)).float()")),
    },
)

_D = "d = inputs - b_dec\nd = d / d.norm(dim=1, keepdim=True)\n"
_COPY = "W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()\n"
_LENGTH = "length = W_enc[:, ~dead].norm(dim=0).mean()\n"
_SET = "W_dec[dead] = d\nW_enc[:, dead] = (0.2 * length * d).T\n"
_END = "return W_enc, b_enc, W_dec"

RESTART = Answers(
    imports=_IMPORTS,
    right={
        "copies": _restart(_D + _LENGTH + _COPY + _SET + "b_enc[dead] = 0\n" + _END),
        "where": _restart(
            _D + _LENGTH + "rows = torch.zeros_like(W_dec)\nrows[dead] = d\n"
            "return torch.where(dead, 0.2 * length * rows.T, W_enc), torch.where(dead, 0.0, b_enc), "
            "torch.where(dead[:, None], rows, W_dec)"
        ),
        "loop": _restart(
            _COPY + "alive = [W_enc[:, j].norm() for j in range(len(dead)) if not dead[j]]\n"
            "mean = sum(alive) / len(alive)\n"
            "for j, row in zip(torch.nonzero(dead)[:, 0], inputs):\n    u = F.normalize(row - b_dec, dim=0)\n"
            "    W_dec[j], W_enc[:, j], b_enc[j] = u, 0.2 * mean * u, 0.0\n" + _END
        ),
        "transposed encoder": _restart(
            _D + _LENGTH + "rows, decoder, bias = W_enc.T.clone(), W_dec.clone(), b_enc * ~dead\n"
            "rows[dead], decoder[dead] = 0.2 * length * d, d\nreturn rows.T, bias, decoder"
        ),
    },
    wrong={
        "b_dec forgotten": (
            "b-dec-not-subtracted",
            _restart(
                "d = inputs / inputs.norm(dim=1, keepdim=True)\n" + _LENGTH + _COPY + _SET + "b_enc[dead] = 0\n" + _END
            ),
        ),
        "b_dec added": (
            "b-dec-added",
            _restart(
                "d = F.normalize(inputs + b_dec, dim=1)\n" + _LENGTH + _COPY + _SET + "b_enc[dead] = 0\n" + _END
            ),
        ),
        "not unit": (
            "rows-not-length-one",
            _restart("d = inputs - b_dec\n" + _LENGTH + _COPY + _SET + "b_enc[dead] = 0\n" + _END),
        ),
        "0.2 forgotten": (
            "encoder-too-long",
            _restart(
                _D + _LENGTH + _COPY + "W_dec[dead] = d\nW_enc[:, dead] = (length * d).T\nb_enc[dead] = 0\n" + _END
            ),
        ),
        "length 0.2": (
            "encoder-length-one",
            _restart(_D + _COPY + "W_dec[dead] = d\nW_enc[:, dead] = 0.2 * d.T\nb_enc[dead] = 0\n" + _END),
        ),
        "encoder is the decoder": (
            "encoder-length-one",
            _restart(_D + _COPY + "W_dec[dead] = d\nW_enc[:, dead] = d.T\nb_enc[dead] = 0\n" + _END),
        ),
        "mean over all": (
            "dead-measured-too",
            _restart(
                _D + "length = W_enc.norm(dim=0).mean()\n" + _COPY + _SET + "b_enc[dead] = 0\n" + _END
            ),
        ),
        "rows of the encoder": (
            "rows-measured",
            _restart(
                _D + "length = W_enc[:, ~dead].norm(dim=1).mean()\n" + _COPY + _SET + "b_enc[dead] = 0\n" + _END
            ),
        ),
        "bias kept": ("bias-kept", _restart(_D + _LENGTH + _COPY + _SET + _END)),
        "all biases": ("all-biases-reset", _restart(_D + _LENGTH + _COPY + _SET + "b_enc[:] = 0\n" + _END)),
        "in place": ("mutates-input", _restart(_D + _LENGTH + _SET + "b_enc[dead] = 0\n" + _END)),
        "decoder only": (
            "wrong-value",
            _restart(_D + _COPY + "W_dec[dead] = d\nb_enc[dead] = 0\n" + _END),
        ),
    },
)  # fmt: skip

_LEFT = "left = (x - reconstruction).detach()\nif not dead.any():\n    return torch.zeros(())\n"
_OWN = "own = pre[:, dead]\nv, i = own.topk(min(k, own.shape[1]))\nz = torch.zeros_like(own).scatter(1, i, v.relu())\n"
_SCORE = "return (left - z @ W_dec[dead]).square().sum(-1).mean()"

AUXK = Answers(
    imports=_IMPORTS,
    right={
        "scatter": _auxk(_LEFT + _OWN + _SCORE),
        "masked with minus infinity": _auxk(
            _LEFT + "h = pre.masked_fill(~dead, -torch.inf)\nv, i = h.topk(min(k, int(dead.sum())))\n"
            "z = torch.zeros_like(pre).scatter(1, i, v.clamp(min=0))\n"
            "return ((left - z @ W_dec) ** 2).sum() / len(x)"
        ),
        "gathered rows": _auxk(
            _LEFT + "rows = W_dec[dead]\nv, i = pre[:, dead].topk(min(k, len(rows)))\n"
            "made = (v.relu()[..., None] * rows[i]).sum(1)\nreturn F.mse_loss(made, left, reduction='sum') / len(x)"
        ),
        "loop": _auxk(
            _LEFT + "which = torch.nonzero(dead)[:, 0]\ntotal = 0\nfor b in range(len(x)):\n"
            "    v, i = pre[b, which].topk(min(k, len(which)))\n    total = total + (left[b] - v.relu() @ W_dec[which[i]]).square().sum()\n"
            "return total / len(x)"
        ),
        "no_grad": _auxk(
            "with torch.no_grad():\n    left = x - reconstruction\nif not dead.any():\n    return left.new_zeros(())\n" + _OWN + _SCORE
        ),
    },
    wrong={
        "x": ("whole-input", _auxk(_LEFT + "left = x\n" + _OWN + _SCORE)),
        "the reconstruction": (
            "reconstruction-rebuilt",
            _auxk(_LEFT + "left = reconstruction.detach()\n" + _OWN + _SCORE),
        ),
        "sign": ("sign-flipped", _auxk(_LEFT + "left = -left\n" + _OWN + _SCORE)),
        "all latents": (
            "living-help",
            _auxk(_LEFT + "dead = torch.ones_like(dead)\n" + _OWN + _SCORE),
        ),
        "the living": ("living-instead", _auxk(_LEFT + "dead = ~dead\n" + _OWN + _SCORE)),
        "no top-k": ("topk-missing", _auxk(_LEFT + "z = pre[:, dead].relu()\n" + _SCORE)),
        "no relu": ("relu-missing", _auxk(_LEFT + _OWN.replace("v.relu()", "v") + _SCORE)),
        "mean": ("mean-over-entries", _auxk(_LEFT + _OWN + "return (left - z @ W_dec[dead]).square().mean()")),
        "sum": ("summed-over-batch", _auxk(_LEFT + _OWN + "return (left - z @ W_dec[dead]).square().sum()")),
        "not detached": (
            "left-over-learns",
            _auxk(_LEFT.replace(".detach()", "") + _OWN + _SCORE),
        ),
        "latents detached": ("detached", _auxk(_LEFT + "pre = pre.detach()\n" + _OWN + _SCORE)),
        "nobody dead": (
            "error-of-nobody",
            _auxk("left = (x - reconstruction).detach()\n" + _OWN + _SCORE),
        ),
        "k too large": ("raises", _auxk(_LEFT + _OWN.replace("min(k, own.shape[1])", "k") + _SCORE)),
    },
)  # fmt: skip

ANSWERS = {"sae.resampling_chances": CHANCES, "sae.restart": RESTART, "sae.auxk": AUXK}

_ROWS = "a batch has two dimensions, so dimension 1 is the last"
EQUIVALENT: dict[str, dict[str, str]] = {
    "sae.resampling_chances": {
        "loss = (x - reconstruction).square().sum(dim=+1)": _ROWS,
    },
    "sae.auxk": {
        "values, chosen = own.topk(min(k, own.shape[1]), )": "the last dimension is topk's default",
        "values, chosen = own.topk(min(k, own.shape[1]), dim=+1)": _ROWS,
        "latents = torch.zeros_like(own).scatter(+1, chosen, values.relu())": _ROWS,
        "return (left_over - latents @ W_dec[dead]).square().sum(dim=+1).mean()": _ROWS,
    },
}
