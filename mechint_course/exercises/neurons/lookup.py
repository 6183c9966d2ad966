"""Chapter 2, section 3: what the current token alone says, and the prediction before the table."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import held_out

guess_detector = prediction(
    id="neurons.guess_detector",
    title="Prediction: who tells the domain best?",
    options=("the best neuron", "the table of tokens", "the probe", "no clear winner"),
    core=True,
)


@exercise(
    id="neurons.token_shares",
    title="What the token alone says",
    points=2,
    minutes=5,
    difficulty=1,
    core=True,
    hints=(
        "For each token of the vocabulary two counts: how often it occurs, and how often it occurs in the domain.",
        "torch.bincount(tokens, minlength=d_vocab) counts occurrences; the same of tokens[in_domain] counts those in the "
        "domain. What about tokens that never occur?",
        "inside = torch.bincount(tokens[in_domain], minlength=d_vocab); all = torch.bincount(tokens, minlength=d_vocab); "
        "return inside / all.clamp(min=1).",
    ),
)
def token_shares(ask: Ask) -> None:
    "The share of each token against counting occurrence by occurrence; on real text too."
    ask.compare(
        _cases(ask),
        expected=_counted,
        known=_MISTAKES,
        look="one token that occurs three times, once of them in the domain: its share is 1/3.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | int]]:
    yield {
        "tokens": torch.tensor([2, 0, 2, 2, 4]),
        "in_domain": torch.tensor([True, True, False, False, False]),
        "d_vocab": 6,
    }
    for _ in range(10):
        n_tokens, d_vocab = ask.random.randint(12, 30), ask.random.randint(5, 10)
        tokens = torch.randint(d_vocab - 1, (n_tokens,), generator=ask.generator)  # the last one never occurs
        in_domain = torch.rand(n_tokens, generator=ask.generator) < 0.5
        in_domain[:2] = torch.tensor([True, False])
        yield {"tokens": tokens, "in_domain": in_domain, "d_vocab": d_vocab}
    text = held_out()
    rows = torch.randperm(len(text.tokens), generator=ask.generator)[:6]
    yield {
        "tokens": text.tokens[rows, 1:60].flatten(),
        "in_domain": (text.domain[rows] == text.domain[rows[0]]).repeat_interleave(59),
        "d_vocab": 2048,
    }


def _counted(tokens: Tensor, in_domain: Tensor, d_vocab: int) -> Tensor:
    seen, inside = [0] * d_vocab, [0] * d_vocab
    for token, truth in zip(tokens.tolist(), in_domain.tolist(), strict=True):
        seen[token] += 1
        inside[token] += truth
    return torch.tensor([i / n if n else 0.0 for i, n in zip(inside, seen, strict=True)])


def _inside(tokens: Tensor, in_domain: Tensor, d_vocab: int) -> Tensor:
    return torch.bincount(tokens[in_domain], minlength=d_vocab)


def _all(tokens: Tensor, d_vocab: int) -> Tensor:
    return torch.bincount(tokens, minlength=d_vocab)


_MISTAKES = (
    Known(
        "unseen-is-nan",
        "A token that never occurs gives 0/0 in your result, which is NaN; its share is to be 0.",
        lambda tokens, in_domain, d_vocab: _inside(tokens, in_domain, d_vocab) / _all(tokens, d_vocab),
    ),
    Known(
        "share-of-the-domain",
        "You ask which part of the domain each token makes up. Ask the other way: of the token's occurrences, which part "
        "lies in the domain.",
        lambda tokens, in_domain, d_vocab: _inside(tokens, in_domain, d_vocab) / in_domain.sum(),
    ),
    Known(
        "counts-returned",
        "You return how often each token occurs in the domain; divide by how often it occurs at all.",
        lambda tokens, in_domain, d_vocab: _inside(tokens, in_domain, d_vocab),
    ),
    Known(
        "divided-by-all",
        "You divide by the number of all tokens; divide by the occurrences of the token at hand.",
        lambda tokens, in_domain, d_vocab: _inside(tokens, in_domain, d_vocab) / len(tokens),
    ),
    Known(
        "outside",
        "You return the share outside the domain.",
        lambda tokens, in_domain, d_vocab: (
            _inside(tokens, ~in_domain, d_vocab) / _all(tokens, d_vocab).clamp(min=1)
        ),
    ),
    Known(
        "outside",
        "You return 1 minus the share, which also calls a token that never occurs a sure one.",
        lambda tokens, in_domain, d_vocab: 1 - _counted(tokens, in_domain, d_vocab),
    ),
    Known(
        "inside-to-outside",
        "You divide the occurrences in the domain by those outside; divide by all of them.",
        lambda tokens, in_domain, d_vocab: (
            _inside(tokens, in_domain, d_vocab) / _inside(tokens, ~in_domain, d_vocab).clamp(min=1)
        ),
    ),
    Known(
        "seen-in-the-domain",
        "You say whether a token occurs in the domain at all; how large a share of its occurrences is asked for.",
        lambda tokens, in_domain, d_vocab: (_inside(tokens, in_domain, d_vocab) > 0).float(),
    ),
    Known(
        "smoothed",
        "You add something to every count, which changes every share. Only a token that never occurs needs care.",
        lambda tokens, in_domain, d_vocab: _inside(tokens, in_domain, d_vocab) / (_all(tokens, d_vocab) + 1),
    ),
    Known(
        "smoothed",
        "You add something to every count, which changes every share. Only a token that never occurs needs care.",
        lambda tokens, in_domain, d_vocab: (
            (_inside(tokens, in_domain, d_vocab) + 1) / (_all(tokens, d_vocab) + 2)
        ),
    ),
    Known(
        "per-place",
        "You return a number for each place in the text; one for each token of the vocabulary is asked for.",
        lambda tokens, in_domain, d_vocab: _counted(tokens, in_domain, d_vocab)[tokens],
    ),
    Known(
        "unseen-left-out",
        "You leave out the tokens that never occur; they have an entry too, 0.",
        lambda tokens, in_domain, d_vocab: _counted(tokens, in_domain, d_vocab)[tokens.unique()],
    ),
    Known(
        "normalised",
        "Your shares are divided by their sum; each stands by itself, from 0 to 1.",
        lambda tokens, in_domain, d_vocab: (
            _counted(tokens, in_domain, d_vocab) / _counted(tokens, in_domain, d_vocab).sum()
        ),
    ),
)
