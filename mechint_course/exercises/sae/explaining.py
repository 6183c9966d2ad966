"""Chapter 3, section 12: explanations by the token alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import held_out, layer
from mechint_course.exercises.values import Value

guess_plain_score = prediction(
    id="sae.guess_plain_score",
    title="Prediction: who scores highest?",
    options=("latents of the trained model", "neurons of the trained model", "latents of the random model"),
    core=False,
)


@exercise(
    id="sae.token_table",
    title="Explain by the token alone",
    points=2,
    minutes=10,
    difficulty=2,
    core=False,
    hints=(
        "Two steps: from the first half, the mean activation at each token of the vocabulary; for the second half, look it up.",
        "torch.zeros(d_vocab).index_add_(0, tokens, values) adds up; torch.bincount(tokens, minlength=d_vocab) counts.",
        "table = sums / counts.clamp_min(1); the answer is table[new_tokens].",
    ),
)
def token_table(ask: Ask) -> None:
    "Means collected token by token, on random values and on real neurons; tokens that were never seen too."
    ask.compare(
        _table_cases(ask),
        expected=_looked_up,
        known=_TABLE_MISTAKES,
        look="a token that was seen twice, with 1 and 3: wherever it comes again, 2 is expected.",
    )


def _table_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "values": torch.tensor([1.0, 3.0, 5.0]),
        "tokens": torch.tensor([2, 2, 0]),
        "new_tokens": torch.tensor([0, 2, 1, 2]),
        "d_vocab": 4,
    }
    for _ in range(6):
        d_vocab, n_new, n = sorted(ask.sizes(3, low=4, high=22))
        values = torch.rand(n, generator=ask.generator) * (torch.rand(n, generator=ask.generator) < 0.6) * 3
        new = torch.randint(d_vocab, (n_new,), generator=ask.generator)
        new[0] = d_vocab - 1  # never seen
        yield {
            "values": values,
            "tokens": torch.randint(d_vocab - 1, (n,), generator=ask.generator),
            "new_tokens": new,
            "d_vocab": d_vocab,
        }
    text, x = held_out(), layer()
    for _ in range(2):
        rows = torch.randperm(len(x), generator=ask.generator)[:6]
        neuron = int(torch.randint(x.shape[2], (1,), generator=ask.generator))
        yield {
            "values": x[rows[:4], :60, neuron].flatten().clone(),
            "tokens": text.tokens[rows[:4], 1:61].flatten().clone(),
            "new_tokens": text.tokens[rows[4:], 1:61].flatten().clone(),
            "d_vocab": 2048,
        }


def _looked_up(values: Tensor, tokens: Tensor, new_tokens: Tensor, d_vocab: int) -> Tensor:
    seen: dict[int, list[float]] = {}
    for token, value in zip(tokens.tolist(), values.tolist(), strict=True):
        seen.setdefault(token, []).append(value)
    return torch.tensor([sum(v) / len(v) if (v := seen.get(t)) else 0.0 for t in new_tokens.tolist()])


def _sums(values: Tensor, tokens: Tensor, d_vocab: int) -> Tensor:
    return torch.zeros(d_vocab).index_add_(0, tokens, values)


def _counts(tokens: Tensor, d_vocab: int) -> Tensor:
    return torch.bincount(tokens, minlength=d_vocab)


def _table(values: Tensor, tokens: Tensor, d_vocab: int) -> Tensor:
    return _sums(values, tokens, d_vocab) / _counts(tokens, d_vocab).clamp_min(1)


_TABLE_MISTAKES = (
    Known(
        "unseen-is-nan",
        "A token that was never seen gives 0/0, which is NaN; expect 0 there.",
        lambda values, tokens, new_tokens, d_vocab: (
            _sums(values, tokens, d_vocab) / _counts(tokens, d_vocab)
        )[new_tokens],
    ),
    Known(
        "sums-not-means",
        "You add up the activations at a token; take their mean.",
        lambda values, tokens, new_tokens, d_vocab: _sums(values, tokens, d_vocab)[new_tokens],
    ),
    Known(
        "firing-only",
        "You average over the places where the unit is on; places where it is off count as 0.",
        lambda values, tokens, new_tokens, d_vocab: (
            _sums(values, tokens, d_vocab) / _counts(tokens[values > 0], d_vocab).clamp_min(1)
        )[new_tokens],
    ),
    Known(
        "maximum",
        "You take the largest activation at each token; the mean is asked for.",
        lambda values, tokens, new_tokens, d_vocab: torch.zeros(d_vocab).scatter_reduce(
            0, tokens, values, "amax"
        )[new_tokens],
    ),
    Known(
        "last-seen",
        "You keep the last activation seen at each token; take the mean of all.",
        lambda values, tokens, new_tokens, d_vocab: torch.tensor(
            [
                dict(zip(tokens.tolist(), values.tolist(), strict=True)).get(t, 0.0)
                for t in new_tokens.tolist()
            ]
        ),
    ),
    Known(
        "overall-mean-for-unseen",
        "For a token that was never seen you expect the overall mean; expect 0.",
        lambda values, tokens, new_tokens, d_vocab: torch.where(
            _counts(tokens, d_vocab) > 0, _table(values, tokens, d_vocab), values.mean()
        )[new_tokens],
    ),
    Known(
        "table-returned",
        "You return the table itself; look up the new tokens in it.",
        lambda values, tokens, new_tokens, d_vocab: _table(values, tokens, d_vocab),
    ),
    Known(
        "own-tokens",
        "You look up the tokens that the table was made from; look up the new ones.",
        lambda values, tokens, new_tokens, d_vocab: _table(values, tokens, d_vocab)[tokens],
    ),
    Known(
        "divided-by-all",
        "You divide by the number of all places; divide by how often the token occurs.",
        lambda values, tokens, new_tokens, d_vocab: (_sums(values, tokens, d_vocab) / len(values))[
            new_tokens
        ],
    ),
    Known(
        "on-or-off",
        "You say how often the unit is on at a token; how strongly it is on average is asked for.",
        lambda values, tokens, new_tokens, d_vocab: _table((values > 0).float(), tokens, d_vocab)[new_tokens],
    ),
)
