"""Chapter 4, section 1: what learners write about the toy that was trained twice, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import numpy as np\nimport scipy.linalg\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor"


def _cosines(body: str) -> str:
    return "def cosines(left, right):\n" + "\n".join("    " + line for line in body.strip().splitlines())


def _rotation(body: str) -> str:
    return "def rotation(left, right):\n" + "\n".join("    " + line for line in body.strip().splitlines())


COSINES = Answers(
    imports=_IMPORTS,
    right={
        "normalize": _cosines("return F.normalize(left, dim=0).T @ F.normalize(right, dim=0)"),
        "outer and where": _cosines(
            "scale = torch.outer(left.norm(dim=0), right.norm(dim=0))\n"
            "return torch.where(scale > 0, left.T @ right / scale, torch.zeros(()))"
        ),
        "nan_to_num": _cosines(
            "return ((left / left.norm(dim=0)).T @ (right / right.norm(dim=0))).nan_to_num(0)"
        ),
        "cosine_similarity": _cosines("return F.cosine_similarity(left.T[:, None], right.T[None], dim=-1)"),
        "numpy": _cosines(
            "a, b = left.numpy(), right.numpy()\n"
            "a, b = (x / np.maximum(np.linalg.norm(x, axis=0), 1e-12) for x in (a, b))\n"
            "return torch.from_numpy(a.T @ b)"
        ),
        "loops": _cosines(
            "result = torch.zeros(left.shape[1], right.shape[1])\n"
            "for i in range(left.shape[1]):\n"
            "    for j in range(right.shape[1]):\n"
            "        length = left[:, i].norm() * right[:, j].norm()\n"
            "        if length > 0:\n"
            "            result[i, j] = left[:, i] @ right[:, j] / length\n"
            "return result"
        ),
    },
    wrong={
        "NaN": (
            "zero-column",
            _cosines("return (left / left.norm(dim=0)).T @ (right / right.norm(dim=0))"),
        ),
        "NaN, outer": (
            "zero-column",
            _cosines("return left.T @ right / torch.outer(left.norm(dim=0), right.norm(dim=0))"),
        ),
        "products": ("lengths-left-in", _cosines("return left.T @ right")),
        "left length only": ("one-length-left-in", _cosines("return F.normalize(left, dim=0).T @ right")),
        "right length only": ("one-length-left-in", _cosines("return left.T @ F.normalize(right, dim=0)")),
        "rows": ("rows-scaled", _cosines("return F.normalize(left, dim=1).T @ F.normalize(right, dim=1)")),
        "normalize's own dimension": (
            "rows-scaled",
            _cosines("return F.normalize(left).T @ F.normalize(right)"),
        ),
        "norm of everything": (
            "whole-matrix-length",
            _cosines("return left.T @ right / (left.norm() * right.norm())"),
        ),
        "no root": (
            "squared-lengths",
            _cosines(
                "return (left.T @ right / torch.outer((left**2).sum(0), (right**2).sum(0))).nan_to_num(0)"
            ),
        ),
        "correlation": (
            "centred",
            _cosines(
                "left, right = left - left.mean(0), right - right.mean(0)\n"
                "return ((left / left.norm(dim=0)).T @ (right / right.norm(dim=0))).nan_to_num(0)"
            ),
        ),
        "absolute": (
            "absolute",
            _cosines("return (F.normalize(left, dim=0).T @ F.normalize(right, dim=0)).abs()"),
        ),
        "squared": (
            "squared",
            _cosines("return (F.normalize(left, dim=0).T @ F.normalize(right, dim=0)) ** 2"),
        ),
        "right by left": (
            "transposed",
            _cosines("return F.normalize(right, dim=0).T @ F.normalize(left, dim=0)"),
        ),
        "left twice": (
            "left-with-left",
            _cosines("return F.normalize(left, dim=0).T @ F.normalize(left, dim=0)"),
        ),
        "distance": (
            "distance",
            _cosines("return 1 - F.normalize(left, dim=0).T @ F.normalize(right, dim=0)"),
        ),
        "hidden by hidden": (
            "raises",
            _cosines("return F.normalize(left, dim=1) @ F.normalize(right, dim=1).T"),
        ),
        "in place": (
            "mutates-input",
            _cosines(
                "left /= left.norm(dim=0).clamp(min=1e-12)\nright /= right.norm(dim=0).clamp(min=1e-12)\nreturn left.T @ right"
            ),
        ),
    },
)

ROTATION = Answers(
    imports=_IMPORTS,
    right={
        "svd": _rotation("u, _, vh = torch.linalg.svd(right @ left.T)\nreturn u @ vh"),
        "svd of the transpose": _rotation("u, _, vh = torch.linalg.svd(left @ right.T)\nreturn vh.T @ u.T"),
        "torch.svd": _rotation("u, s, v = torch.svd(right @ left.T)\nreturn u @ v.T"),
        "numpy": _rotation(
            "u, _, vh = np.linalg.svd(right.numpy() @ left.numpy().T)\nreturn torch.from_numpy(u @ vh)"
        ),
        "scipy's procrustes": _rotation(
            "r, _ = scipy.linalg.orthogonal_procrustes(left.numpy().T, right.numpy().T)\nreturn torch.from_numpy(r.T.copy())"
        ),
        "polar": _rotation(
            "u, _ = scipy.linalg.polar((right @ left.T).double().numpy())\nreturn torch.from_numpy(u).float()"
        ),
        "inverse root": _rotation(
            "m = (right @ left.T).double()\nvalues, vectors = torch.linalg.eigh(m.T @ m)\n"
            "return m @ vectors @ torch.diag(values.rsqrt()) @ vectors.T"
        ),
    },
    wrong={
        "the other way": (
            "wrong-way",
            _rotation("u, _, vh = torch.linalg.svd(left @ right.T)\nreturn u @ vh"),
        ),
        "transposed": (
            "wrong-way",
            _rotation("u, _, vh = torch.linalg.svd(right @ left.T)\nreturn (u @ vh).T"),
        ),
        "scipy, rows": (
            "wrong-way",
            _rotation(
                "return torch.from_numpy(scipy.linalg.orthogonal_procrustes(left.numpy().T, right.numpy().T)[0])"
            ),
        ),
        "least squares": ("not-orthogonal", _rotation("return right @ torch.linalg.pinv(left)")),
        "lstsq": ("not-orthogonal", _rotation("return torch.linalg.lstsq(left.T, right.T).solution.T")),
        "lstsq as it comes": (
            "not-orthogonal",
            _rotation("return torch.linalg.lstsq(left.T, right.T).solution"),
        ),
        "the other way, least squares": (
            "not-orthogonal",
            _rotation("return left @ torch.linalg.pinv(right)"),
        ),
        "singular values kept": (
            "stretch-kept",
            _rotation("u, s, vh = torch.linalg.svd(right @ left.T)\nreturn u @ torch.diag(s) @ vh"),
        ),
        "product only": ("stretch-kept", _rotation("return right @ left.T")),
        "product only, turned round": ("stretch-kept", _rotation("return left @ right.T")),
        "divided by the singular values": (
            "stretch-inverted",
            _rotation("u, s, vh = torch.linalg.svd(right @ left.T)\nreturn u @ torch.diag(1 / s) @ vh"),
        ),
        "determinant 1": (
            "no-mirror",
            _rotation(
                "u, s, vh = torch.linalg.svd(right @ left.T)\nd = torch.ones(len(s))\nd[-1] = torch.det(u @ vh).sign()\n"
                "return u @ torch.diag(d) @ vh"
            ),
        ),
        "scipy's rotations": (
            "no-mirror",
            _rotation(
                "u, s, vh = np.linalg.svd(right.numpy() @ left.numpy().T)\nif np.linalg.det(u @ vh) < 0:\n    u[:, -1] *= -1\n"
                "return torch.from_numpy(u @ vh)"
            ),
        ),
        "vh transposed again": (
            "not-the-closest",
            _rotation("u, _, vh = torch.linalg.svd(right @ left.T)\nreturn u @ vh.T"),
        ),
        "factors swapped": (
            "not-the-closest",
            _rotation("u, _, vh = torch.linalg.svd(right @ left.T)\nreturn vh @ u"),
        ),
        "u alone": ("not-the-closest", _rotation("return torch.linalg.svd(right @ left.T).U")),
        "qr": ("not-the-closest", _rotation("return torch.linalg.qr(right @ left.T).Q")),
        "identity": ("not-the-closest", _rotation("return torch.eye(len(left))")),
        "turned": (
            "turned-directions",
            _rotation("u, _, vh = torch.linalg.svd(right @ left.T)\nreturn u @ vh @ left"),
        ),
        "unit columns": (
            "lengths-dropped",
            _rotation(
                "left, right = F.normalize(left, dim=0), F.normalize(right, dim=0)\n"
                "u, _, vh = torch.linalg.svd(right @ left.T)\nreturn u @ vh"
            ),
        ),
        "centred": (
            "centred",
            _rotation(
                "left, right = left - left.mean(1, keepdim=True), right - right.mean(1, keepdim=True)\n"
                "u, _, vh = torch.linalg.svd(right @ left.T)\nreturn u @ vh"
            ),
        ),
        "in feature space": (
            "in-feature-space",
            _rotation("u, _, vh = torch.linalg.svd(right.T @ left)\nreturn u @ vh"),
        ),
    },
)

ANSWERS = {"universality.cosines": COSINES, "universality.rotation": ROTATION}
