"""Chapter 4, capstone: what learners write, right and wrong."""

from tests.corpus.kinds import Answers

_IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor\nfrom mechint_course.features.worlds import surprise"

_LOSS = """
def loss(model, tokens):
    log_p = model(tokens[:, :-1], return_type="logits").log_softmax(-1)
    return -log_p.gather(-1, tokens[:, 1:, None])[..., 0]
"""


def _surprised(body: str, loss: str = _LOSS) -> str:
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f"{loss}\n@torch.no_grad()\ndef surprised(model_a, model_b, tokens, k):\n{lines}\n"


_BOTH = "a, b = loss(model_a, tokens).mean(1), loss(model_b, tokens).mean(1)\n"

SURPRISED = Answers(
    imports=_IMPORTS,
    right={
        "gather and topk": _surprised(_BOTH + "return (b - a).topk(k).indices"),
        "the library's surprise": _surprised(
            "return (surprise(model_b, tokens) - surprise(model_a, tokens)).topk(k).indices", loss=""
        ),
        "loss per token of the model": _surprised(
            'a, b = (m(tokens, return_type="loss", loss_per_token=True).mean(1) for m in (model_a, model_b))\n'
            "return (b - a).argsort(descending=True)[:k]",
            loss="",
        ),
        "cross entropy": _surprised(
            "def s(model):\n"
            "    logits = model(tokens)[:, :-1]\n"
            "    each = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction='none')\n"
            "    return each.view(len(tokens), -1).sum(1)\n"
            "return (s(model_b) - s(model_a)).sort(descending=True).indices[:k]",
            loss="",
        ),
        "text by text": _surprised(
            "gaps = [float(loss(model_b, t[None]).mean() - loss(model_a, t[None]).mean()) for t in tokens]\n"
            "return torch.tensor(sorted(range(len(gaps)), key=lambda i: -gaps[i])[:k])"
        ),
    },
    wrong={
        "other way": ("turned-round", _surprised(_BOTH + "return (a - b).topk(k).indices")),
        "smallest of b - a": ("turned-round", _surprised(_BOTH + "return (b - a).argsort()[:k]")),
        "ascending": ("smallest-first", _surprised(_BOTH + "return (b - a).argsort()[-k:]")),
        "b alone": ("b-alone", _surprised(_BOTH + "return b.topk(k).indices")),
        "a's likeliest": ("a-alone", _surprised(_BOTH + "return a.argsort()[:k]")),
        "a alone": ("a-alone", _surprised(_BOTH + "return a.topk(k).indices")),
        "size": ("size-only", _surprised(_BOTH + "return (b - a).abs().topk(k).indices")),
        "ratio": ("ratio", _surprised(_BOTH + "return (b / a).topk(k).indices")),
        "perplexity": ("perplexities", _surprised(_BOTH + "return (b.exp() - a.exp()).topk(k).indices")),
        "probabilities": (
            "probabilities",
            _surprised(
                "a, b = (loss(m, tokens).neg().exp().mean(1) for m in (model_a, model_b))\nreturn (a - b).topk(k).indices"
            ),
        ),
        "last": (
            "last-token",
            _surprised("return (loss(model_b, tokens) - loss(model_a, tokens))[:, -1].topk(k).indices"),
        ),
        "largest": (
            "largest-token",
            _surprised("return (loss(model_b, tokens) - loss(model_a, tokens)).amax(1).topk(k).indices"),
        ),
        "not shifted": (
            "not-shifted",
            _surprised(
                "def s(m):\n    return -m(tokens).log_softmax(-1).gather(-1, tokens[..., None])[..., 0].mean(1)\n"
                "return (s(model_b) - s(model_a)).topk(k).indices",
                loss="",
            ),
        ),
        "values": ("differences", _surprised(_BOTH + "return (b - a).topk(k).values")),
        "all differences": ("differences", _surprised(_BOTH + "return b - a")),
        "topk as it comes": (None, _surprised(_BOTH + "return (b - a).topk(k)")),
        "all": ("all-texts", _surprised(_BOTH + "return (b - a).argsort(descending=True)")),
        "one number for all": (
            "raises",
            _surprised(
                "return (model_b(tokens, return_type='loss') - model_a(tokens, return_type='loss')).topk(k).indices"
            ),
        ),
    },
)


def _capstone(answer: str) -> str:
    return f"def capstone():\n    return {answer}\n"


CAPSTONE = Answers(
    imports=_IMPORTS,
    right={
        "name": _capstone('"weather"'),
        "capital, spaces": _capstone('" Weather "'),
        "title": _capstone('"coded weather reports"'),
    },
    wrong={
        "B's own": ("turned-round", _capstone('"chess"')),
        "shared": ("both-know-it", _capstone('"http"')),
        "shared, a language": ("both-know-it", _capstone('"hebrew"')),
        "shared, few digits": ("both-know-it", _capstone('"dna"')),
        "not a domain": ("not-an-option", _capstone('"METAR"')),
        "two": ("not-an-option", _capstone('"weather or chess"')),
        "list": ("not-one-name", _capstone('["weather"]')),
        "number": ("not-one-name", _capstone("19")),
        "nothing": ("returns-nothing", _capstone("None")),
    },
)

ANSWERS = {"universality.surprised": SURPRISED, "universality.capstone": CAPSTONE}
