"""Chapter 3, section 12: what an explanation says beyond the current token."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.neurons.real import held_out, layer
from mechint_course.exercises.values import Value


@exercise(
    id="sae.beyond_token",
    title="What the token does not say",
    points=3,
    minutes=12,
    difficulty=3,
    core=False,
    hints=(
        "Take from every value the mean of its side at the same token. What is left on both sides is then correlated.",
        "means = torch.zeros(d).index_add_(0, tokens, side) / counts.clamp_min(1); rest = side - means[tokens]. The rests "
        "have mean 0 already.",
        "a, b = the two rests; scale = a.norm() * b.norm(); the answer is (a @ b) / scale, or 0 where scale is 0 (below 1e-6).",
    ),
)
def beyond_token(ask: Ask) -> None:
    "Means taken token by token and Pearson's formula by hand, with sides that the token explains wholly."
    ask.compare(
        _beyond_cases(ask),
        expected=_beyond,
        known=_BEYOND_MISTAKES,
        look="one token alone: then the answer is the ordinary correlation.",
        atol=2e-4,
    )


def _beyond_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "simulated": torch.tensor([1.0, 3.0, 7.0, 9.0]),
        "values": torch.tensor([0.0, 2.0, 5.0, 5.0]),
        "tokens": torch.tensor([4, 4, 1, 1]),
    }
    yield {
        "simulated": torch.tensor([1.0, 3.0, 7.0, 9.0]),
        "values": torch.tensor([2.0, 0.0, 5.0, 4.0]),
        "tokens": torch.tensor([4, 4, 1, 1]),
    }
    for number in range(5):
        n = ask.random.randint(15, 50)
        tokens = torch.randint(1, 6, (n,), generator=ask.generator) * 3
        level = torch.rand(20, generator=ask.generator) * 4
        if number == 4:  # halves, so that a mean of equal numbers is exact and nothing is left but zeros
            level = (2 * level).round() / 2
        signal = torch.randn(n, generator=ask.generator)
        simulated = level[tokens] + (0.5 * signal if number != 4 else 0.0)
        values = (2 * level[tokens] - 0.5 + signal + torch.randn(n, generator=ask.generator)).relu()
        scale = 0.02 if number == 2 else 1.0  # small numbers are no constant
        yield {"simulated": scale * simulated, "values": scale * values, "tokens": tokens}
    text, x = held_out(), layer()
    rows = torch.randperm(len(x), generator=ask.generator)[:4]
    a, b = torch.randperm(x.shape[2], generator=ask.generator)[:2].tolist()
    yield {
        "simulated": x[rows][:, :60, a].flatten().clone(),
        "values": x[rows][:, :60, b].flatten().clone(),
        "tokens": text.tokens[rows, 1:61].flatten().clone(),
    }


def _pearson(a: Tensor, b: Tensor) -> float:
    a, b = a.double() - a.double().mean(), b.double() - b.double().mean()
    scale = float((a @ a).sqrt() * (b @ b).sqrt())
    return float(a @ b) / scale if scale > 1e-6 else 0.0


def _rest(side: Tensor, tokens: Tensor) -> Tensor:
    alike = (tokens[:, None] == tokens).double()  # each place's peers, itself among them
    return side.double() - alike @ side.double() / alike.sum(1)


def _beyond(simulated: Tensor, values: Tensor, tokens: Tensor) -> float:
    return _pearson(_rest(simulated, tokens), _rest(values, tokens))


def _z(side: Tensor, tokens: Tensor) -> Tensor:
    rest = _rest(side, tokens)
    for token in set(tokens.tolist()):
        rest[tokens == token] /= rest[tokens == token].std(unbiased=False).clamp_min(1e-9)
    return rest


def _by_token(simulated: Tensor, values: Tensor, tokens: Tensor) -> float:
    found = [
        _pearson(simulated[tokens == t], values[tokens == t])
        for t in tokens.unique()
        if (tokens == t).sum() > 1
    ]
    return sum(found) / max(1, len(found))


_BEYOND_MISTAKES = (
    Known("plain", "That is the plain correlation; take each token's mean away from both sides first.",
          lambda simulated, values, tokens: _pearson(simulated, values)),
    Known("one-side", "You take the token's mean from the unit only; take it from the simulation too.",
          lambda simulated, values, tokens: _pearson(simulated, _rest(values, tokens))),
    Known("one-side", "You take the token's mean from the simulation only; take it from the unit too.",
          lambda simulated, values, tokens: _pearson(_rest(simulated, tokens), values)),
    Known("constant-is-nan", "Where nothing is left on one side, 0/0 gives NaN; say 0.",
          lambda simulated, values, tokens: _beyond(simulated, values, tokens) if _rest(simulated, tokens).norm() > 1e-4
          else float("nan")),
    Known("means-correlated", "You correlate the token means, which is all that the token says; correlate what is left.",
          lambda simulated, values, tokens: _pearson(simulated - _rest(simulated, tokens), values - _rest(values, tokens))),
    Known("mean-of-correlations", "You average the correlations of single tokens, so a rare token weighs as much as a "
          "common one; correlate all that is left at once.", _by_token),
    Known("scaled-by-token", "You divide by the spread of each token; only its mean is taken away.",
          lambda simulated, values, tokens: _pearson(_z(simulated, tokens), _z(values, tokens))),
    Known("squared", "You return the square, a share of variance; the correlation is asked for.",
          lambda simulated, values, tokens: _beyond(simulated, values, tokens) ** 2),
    Known("covariance", "You do not divide by the two norms, so the number has no scale.",
          lambda simulated, values, tokens: float(_rest(simulated, tokens) @ _rest(values, tokens)) / len(tokens)),
    Known("covariance", "You do not divide by the two norms, so the number has no scale.",
          lambda simulated, values, tokens: float(_rest(simulated, tokens) @ _rest(values, tokens))),
    Known("absolute", "You drop the sign: a simulation that is wrong way round scores below 0.",
          lambda simulated, values, tokens: abs(_beyond(simulated, values, tokens))),
)  # fmt: skip
