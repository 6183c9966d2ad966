"""Chapter 1, section 10: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = (
    "import math\nfrom itertools import groupby\n\nimport numpy as np\nimport torch\nfrom torch import Tensor"
)

_JUMPS = """
def jumps(loss, D, drop):
    falls = [{falls} for t in range(1, len(loss))]
    found, start = [], None
    for t, fall in enumerate({list_}):
        if fall and start is None:
            start = t
        if not fall and start is not None:
            found.append({answer})
            start = None
    return found
"""

_MOVED = "int((D[t] - D[start]).abs().argmax())"


def _jumps(
    falls="bool(loss[t] < loss[t - 1] * (1 - drop))",
    list_="falls + [False]",
    answer=f"(start, t, {_MOVED})",
):
    return _JUMPS.format(falls=falls, list_=list_, answer=answer)


JUMPS = Answers(
    imports=_IMPORTS,
    right={
        "one walk": _jumps(),
        "a list for each": _jumps(answer=f"[start, t, {_MOVED}]"),
        "edges": """
def jumps(loss, D, drop):
    fall = (loss[:-1] - loss[1:]) / loss[:-1] > drop
    padded = torch.cat([torch.tensor([False]), fall, torch.tensor([False])]).int()
    edges = padded.diff()
    begins = (edges == 1).nonzero()[:, 0]
    ends = (edges == -1).nonzero()[:, 0]
    moved = (D[ends] - D[begins]).abs().argmax(dim=1)
    return list(zip(begins.tolist(), ends.tolist(), moved.tolist()))
""",
        "numpy": """
def jumps(loss, D, drop):
    loss, D = loss.numpy(), D.numpy()
    found, t = [], 0
    while t < len(loss) - 1:
        if loss[t + 1] >= (1 - drop) * loss[t]:
            t += 1
            continue
        before = t
        while t < len(loss) - 1 and loss[t + 1] < (1 - drop) * loss[t]:
            t += 1
        found.append((before, t, int(np.argmax(np.abs(D[t] - D[before])))))
    return found
""",
        "groupby": """
def jumps(loss, D, drop):
    fall = (loss[1:] / loss[:-1] < 1 - drop).tolist()
    found, t = [], 0
    for falling, group in groupby(fall):
        length = len(list(group))
        if falling:
            found.append((t, t + length, int((D[t + length] - D[t]).abs().argmax())))
        t += length
    return found
""",
    },
    wrong={
        "begins late": ("starts-late", _jumps(answer=f"(start + 1, t, {_MOVED})")),
        "ends early": ("ends-early", _jumps(answer=f"(start, t - 1, {_MOVED})")),
        "every record": (
            "not-joined",
            """
def jumps(loss, D, drop):
    found = []
    for t in range(1, len(loss)):
        if loss[t] < (1 - drop) * loss[t - 1]:
            found.append((t - 1, t, int((D[t] - D[t - 1]).abs().argmax())))
    return found
""",
        ),
        "absolute": ("absolute-drop", _jumps(falls="bool(loss[t - 1] - loss[t] > drop)")),
        "share of the later": (
            "share-of-the-later",
            _jumps(falls="bool((loss[t - 1] - loss[t]) / loss[t] > drop)"),
        ),
        "both ways": (
            "rises-too",
            _jumps(falls="bool((loss[t - 1] - loss[t]).abs() / loss[t - 1] > drop)"),
        ),
        "rises": ("rises-instead", _jumps(falls="bool(loss[t] > loss[t - 1] * (1 + drop))")),
        "upwards only": ("only-upwards", _jumps(answer="(start, t, int((D[t] - D[start]).argmax()))")),
        "largest after": ("largest-after", _jumps(answer="(start, t, int(D[t].argmax()))")),
        "open end": ("last-one-lost", _jumps(list_="falls")),
        "first lost": (
            "first-one-lost",
            """
def jumps(loss, D, drop):
    falls = (loss[1:] < (1 - drop) * loss[:-1]).tolist() + [False]
    found = []
    for t in range(1, len(falls)):
        if falls[t] and not falls[t - 1]:
            before = t
        if falls[t - 1] and not falls[t] and any(not f for f in falls[:t]):
            found.append((before, t, int((D[t] - D[before]).abs().argmax())))
    return found
""",
        ),
        "the first only": (
            "only-the-first",
            _jumps().replace("    return found", "    return found[:1]"),
        ),
        "no feature": ("wrong-shape", _jumps(answer="(start, t)")),
        "any fall": (None, _jumps(falls="bool(loss[t] < loss[t - 1])")),
        "nothing returned": ("wrong-type", _jumps().replace("    return found", "")),
    },
)

ANSWERS = {"toy.jumps": JUMPS}

EQUIVALENT: dict[str, dict[str, str]] = {
    "toy.jumps": {
        "for t in range(len(falls)):": "before the first record nothing falls, and the entry before it, the last one, is False",
    },
}
