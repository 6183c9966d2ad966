"""Chapter 4, capstone: the domain that one model has seen and the other has not, found from what they write."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.plain import logits
from mechint_course.exercises.neurons.real import held_out
from mechint_course.exercises.values import Fixture, Value

guess_written = prediction(
    id="universality.guess_written",
    title="Prediction: what surprises a sister",
    options=("none", "a few", "about half", "nearly all"),
    core=False,
)


@exercise(
    id="universality.surprised",
    title="What one expects and the other does not",
    points=2,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "Three steps: how surprised model A is by each text, how surprised model B is, and on which texts B's number is "
        "the larger by most.",
        'model(tokens[:, :-1], return_type="logits") predicts the tokens 1, 2, ...: take log_softmax(-1) of it, pick the '
        "entries of tokens[:, 1:] with gather, and average over the text. With a minus sign that is the surprise, [n_texts].",
        "(surprise_b - surprise_a).topk(k).indices. For the surprise of one model: log_p = model(tokens[:, :-1]).log_softmax(-1); "
        "-log_p.gather(-1, tokens[:, 1:, None])[..., 0].mean(1).",
    ),
    seconds=30,
)
def surprised(ask: Ask) -> None:
    "Numbers of texts, some written by the models and some from real documents, against both models run in plain torch."
    ask.compare(
        _readings(ask),
        expected=lambda model_a, model_b, tokens, k: _ranked(
            _surprise(model_b, tokens) - _surprise(model_a, tokens), k
        ),
        known=_RANKING_MISTAKES,
        look="one text by itself: A's surprise, B's surprise, and the difference B minus A.",
    )


@cache
def _texts() -> Tensor:
    """Texts that A and B write, and beginnings of real ones, [n_texts, 21]."""
    from mechint_course.features.worlds import generate

    written = [generate(build(f"model:{name}"), 24, 21, seed=7) for name in "AB"]
    return torch.cat([*written, held_out().tokens[:, :21]])


def _readings(ask: Ask) -> Iterator[dict[str, Value]]:
    pairs, made = (("A", "B"), ("B", "A")), 0
    while made < 8:
        n_texts, length = ask.random.randint(6, 13), ask.random.randint(14, 21)
        rows = torch.randperm(len(_texts()), generator=ask.generator)[:n_texts]
        tokens = _texts()[rows, :length].clone()
        a, b = (fixture(f"model:{name}") for name in pairs[made % len(pairs)])
        on_a, on_b = _each(a, tokens), _each(b, tokens)
        scores = (
            (on_b - on_a).mean(1),
            (on_b - on_a).amax(1),
            on_b.amax(1) - on_a.amax(1),
            (on_b - on_a)[:, -1],
        )
        # No two texts that rounding could swap, and none that tie for a learner who looks at single tokens.
        if all((score.sort().values.diff() > 0.005).all() for score in scores):
            made += 1
            k = n_texts if made == 1 else 1 if made == 2 else ask.random.randint(2, n_texts - 2)
            yield {"model_a": a, "model_b": b, "tokens": tokens, "k": k}


def _each(model: Fixture, tokens: Tensor) -> Tensor:
    """The loss on every token but the first, [n_texts, length - 1]."""
    before = torch.log_softmax(logits(model, tokens)[:, :-1].double(), dim=-1)
    rows, places = torch.meshgrid(torch.arange(len(tokens)), torch.arange(tokens.shape[1] - 1), indexing="ij")
    return -before[rows, places, tokens[:, 1:]]


def _surprise(model: Fixture, tokens: Tensor) -> Tensor:
    return _each(model, tokens).mean(1)


def _ranked(score: Tensor, k: int) -> Tensor:
    order = sorted(range(len(score)), key=lambda i: -float(score[i]))
    return torch.tensor(order[:k])


def _by(score: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """The ranking by a score of what A and B find on every token."""
    return lambda model_a, model_b, tokens, k: _ranked(
        score(_each(model_a, tokens), _each(model_b, tokens)), k
    )


def _unshifted(model: Fixture, tokens: Tensor) -> Tensor:
    """The loss on the token that the model has just read."""
    log_p = torch.log_softmax(logits(model, tokens), dim=-1)
    return -log_p.gather(-1, tokens[..., None])[..., 0].mean(1)


_RANKING_MISTAKES = (
    Known("turned-round", "These are the texts by which A is more surprised than B. The question is the other way round: "
          "surprise of B minus surprise of A.", _by(lambda a, b: (a - b).mean(1))),
    Known("smallest-first", "The right texts, the smallest difference first. The largest comes first: topk, or sort with "
          "descending=True.", lambda model_a, model_b, tokens, k: _ranked(
              _surprise(model_b, tokens) - _surprise(model_a, tokens), k).flip(0)),
    Known("b-alone", "You rank by B's surprise alone. Some texts are hard for everybody: take A's surprise away.",
          _by(lambda a, b: b.mean(1))),
    Known("a-alone", "You rank by A's surprise alone. What A expects, B may expect too: compare the two.",
          _by(lambda a, b: -a.mean(1))),
    Known("a-alone", "You rank by A's surprise alone: take B's, and A's away from it.", _by(lambda a, b: a.mean(1))),
    Known("size-only", "You rank by the size of the difference, so a text that only A is surprised by counts too. Keep the "
          "sign.", _by(lambda a, b: (b - a).mean(1).abs())),
    Known("ratio", "You divide the two surprises. In nats they are compared by their difference.",
          _by(lambda a, b: b.mean(1) / a.mean(1))),
    Known("probabilities", "You compare mean probabilities. Surprise is the mean of minus the logarithm.",
          _by(lambda a, b: (-a).exp().mean(1) - (-b).exp().mean(1))),
    Known("perplexities", "You compare perplexities, exp of the loss, which one bad text dominates. Compare the losses.",
          _by(lambda a, b: b.mean(1).exp() - a.mean(1).exp())),
    Known("last-token", "You look at the last token only. Take the mean over the whole text.",
          _by(lambda a, b: (b - a)[:, -1])),
    Known("largest-token", "You look at each text's most surprising token only. Take the mean over the whole text.",
          _by(lambda a, b: b.amax(1) - a.amax(1))),
    Known("largest-token", "You take the largest difference in each text. Take the mean over the whole text.",
          _by(lambda a, b: (b - a).amax(1))),
    Known("not-shifted", "You ask each model for the token that it has just read. The logits at place i predict token i + 1.",
          lambda model_a, model_b, tokens, k: _ranked(_unshifted(model_b, tokens) - _unshifted(model_a, tokens), k)),
    Known("differences", "These are the differences. The numbers of the texts are asked for: topk(k).indices.",
          lambda model_a, model_b, tokens, k: (
              _surprise(model_b, tokens) - _surprise(model_a, tokens)).sort(descending=True).values[:k]),
    Known("differences", "These are the differences of all texts. The numbers of the k largest are asked for.",
          lambda model_a, model_b, tokens, k: _surprise(model_b, tokens) - _surprise(model_a, tokens)),
    Known("all-texts", "The order is right, but these are all texts: return the first k.",
          lambda model_a, model_b, tokens, k: _ranked(
              _surprise(model_b, tokens) - _surprise(model_a, tokens), len(tokens))),
)  # fmt: skip


@exercise(
    id="universality.capstone",
    title="What had A seen that B had not?",
    points=3,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "Read the texts with the largest difference. Do they belong together? Then look where A's features that have no twin "
        "are on.",
        "Strike out what cannot be: languages, code, prose. What is left is a short line in capitals and digits, again and "
        "again, in a fixed order of fields.",
        "The first word of such a line names the kind of report. Airports send them out every half hour: place, time, wind, "
        "view, clouds.",
    ),
)
def capstone(ask: Ask) -> None:
    "The name of a domain against the models' training texts; for a wrong one, both models' losses on it speak."
    domains = _domains()
    names = ", ".join(domains)
    answer = ask()
    if answer is None:
        ask.fail("returns-nothing", "Your function returns nothing: return the name of a domain.", look=names)
    if not isinstance(answer, str):
        ask.fail("not-one-name", "Return one name, a string.", yours=answer, look=f"the names {names}")
    said = answer.strip().lower()
    name = next((name for name, domain in domains.items() if said in (name, domain.title.lower())), "")
    if not name:
        ask.fail("not-an-option", f"{answer!r} is no domain of the course.", look=f"the names {names}")
    worlds = domains[name].worlds
    if worlds == ("A",):
        return
    rows = held_out().of(name).tokens
    a, b = (float(_surprise(fixture(f"model:{model}"), rows).mean()) for model in "AB")
    losses = f"On real text of {name} A's loss is {a:.1f} nats a token and B's is {b:.1f}"
    if worlds == ("B",):
        ask.fail(
            "turned-round",
            f"{losses}: this is what B has seen and A has not. The question is the other way round.",
            look="texts that A writes, and not those that A is surprised by.",
        )
    ask.fail(
        "both-know-it",
        f"{losses}: neither is a stranger to it. What you look for costs B several nats more than A.",
        look="the texts with the largest difference, and which of A's features are on there only.",
    )


def _domains() -> dict[str, Any]:
    """Every domain of the course by its name."""
    from mechint_course.language.corpus import domains_of

    return {domain.name: domain for domain in domains_of()}
