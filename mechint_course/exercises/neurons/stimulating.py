"""Chapter 2, section 1: a neuron held at a value, and how much of the prediction moves."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.real import HOOK, largest, some_tokens
from mechint_course.exercises.values import Fixture, Value

_BEHIND = "blocks.0.hook_resid_post"

guess_silence = prediction(
    id="neurons.guess_silence",
    title="Prediction: one neuron less",
    options=("more than 1 nat", "between 0.1 and 1 nat", "less than 0.1 nat"),
    core=True,
)


@exercise(
    id="neurons.stimulate",
    title="Stimulate it",
    points=3,
    minutes=8,
    difficulty=2,
    core=True,
    hints=(
        "Two runs again, clean and with a hook that sets the neuron to `value`. This time you need the probabilities of "
        "all tokens, not the loss.",
        "model.run_with_hooks(tokens, fwd_hooks=[...]) without a return_type gives logits [batch, n_ctx, d_vocab]; "
        "softmax over the last axis makes probabilities of them.",
        "p = model(tokens).softmax(-1); q the same with the hook; the answer is (q - p).abs().sum(-1) / 2.",
    ),
    seconds=60,
)
def stimulate(ask: Ask) -> None:
    "The share of probability moved, against a forward pass finished by hand behind the MLP, without hooks."
    ask.compare(
        _cases(ask),
        expected=_by_hand,
        known=_MISTAKES,
        look="one token alone: its probabilities before and after, which both add up to 1.",
        atol=1e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    # The neuron's number is a valid batch and position too: a wrong axis gives a wrong result, not an error.
    for value in (2.5, 0.0):
        batch, n_ctx = sorted(ask.sizes(2, low=7, high=12))
        tokens = torch.randint(25, (batch, n_ctx), generator=ask.generator)
        neuron = ask.random.choice((0, 2, 3, 5, 6))  # of the tiny model, loud on many words
        yield {"model": fixture("model:tiny"), "tokens": tokens, "neuron": neuron, "value": value}
    batch, n_ctx = ask.sizes(2, low=2, high=5)
    neuron = ask.random.randrange(len(largest()))
    yield {
        "model": fixture("model:A"),
        "tokens": some_tokens(ask.generator, batch, n_ctx),
        "neuron": neuron,
        "value": 1.0 + float(largest()[neuron]),
    }


Change = Callable[[Tensor, int, float], Tensor]
"""(activations, neuron, value) -> the activations that the run goes on with."""


def _pinned(x: Tensor, neuron: int, value: float) -> Tensor:
    return x.index_fill(-1, torch.tensor([neuron]), value)


class _Run(NamedTuple):
    """One clean run, and what comes behind the MLP, in double precision."""

    x: Tensor
    resid: Tensor
    W_out: Tensor
    gain: Tensor
    bias: Tensor
    W_U: Tensor


_RUNS: dict[tuple[str, bytes], _Run] = {}
"""The clean runs of the judging at hand: one text is asked about many times."""


@torch.no_grad()
def _logits(model: Fixture, tokens: Tensor, change: Callable[[Tensor], Tensor] | None) -> Tensor:
    """From the residual stream behind the MLP on, in double precision, without hooks."""
    own = build(model.name)
    key = (model.name, bytes(tokens.shape) + tokens.numpy().tobytes())
    if key not in _RUNS:
        if len(_RUNS) > 8:
            _RUNS.clear()
        _, cache = own.run_with_cache(tokens, names_filter=[HOOK, _BEHIND])
        parts = (cache[HOOK], cache[_BEHIND], own.W_out[0], own.ln_final.weight, own.ln_final.bias, own.W_U)
        _RUNS[key] = _Run(*(part.double() for part in parts))
    run = _RUNS[key]
    resid = run.resid if change is None else run.resid + (change(run.x) - run.x) @ run.W_out
    centred = resid - resid.mean(-1, keepdim=True)
    normal = centred / (centred.square().mean(-1, keepdim=True) + own.cfg.eps).sqrt()
    return (normal * run.gain + run.bias) @ run.W_U


def _moved(model: Fixture, tokens: Tensor, neuron: int, value: float, change: Change = _pinned) -> Tensor:
    """q - p for every token of the vocabulary."""
    changed = _logits(model, tokens, lambda x: change(x, neuron, value))
    return changed.softmax(-1) - _logits(model, tokens, None).softmax(-1)


def _by_hand(model: Fixture, tokens: Tensor, neuron: int, value: float) -> Tensor:
    """Probability that is moved arrives somewhere: the sum of what rises."""
    return _moved(model, tokens, neuron, value).clamp_min(0).sum(-1).float()


def _with(change: Change) -> Callable[..., Tensor]:
    return lambda model, tokens, neuron, value: (
        _moved(model, tokens, neuron, value, change).clamp_min(0).sum(-1)
    )


def _of_moved(formula: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda model, tokens, neuron, value: formula(_moved(model, tokens, neuron, value))


def _of_logits(formula: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A wrong formula on the logits changed and clean."""
    return lambda model, tokens, neuron, value: formula(
        _logits(model, tokens, lambda x: _pinned(x, neuron, value)), _logits(model, tokens, None)
    )


_MISTAKES = (
    Known(
        "not-halved",
        "Your share is twice too large: probability that goes from one token to another is counted at both. Divide by 2.",
        _of_moved(lambda moved: moved.abs().sum(-1)),
    ),
    Known(
        "all-zero",
        "Your answer is 0 at every position. Either what the hook makes does not reach the model (does it return the "
        "activations?), or rises and falls cancel in your sum: take the absolute value first.",
        _of_moved(lambda moved: 0 * moved.sum(-1)),
    ),
    Known(
        "logits-not-probabilities",
        "You compare logits. Turn them into probabilities first: softmax over the vocabulary.",
        _of_logits(lambda changed, clean: (changed - clean).abs().sum(-1) / 2),
    ),
    Known(
        "log-probabilities",
        "You compare logarithms of probabilities; compare the probabilities themselves.",
        _of_logits(
            lambda changed, clean: (changed.log_softmax(-1) - clean.log_softmax(-1)).abs().sum(-1) / 2
        ),
    ),
    Known(
        "softmax-over-positions",
        "Your softmax runs over the positions. Probabilities add up to 1 over the vocabulary, the last axis.",
        _of_logits(lambda changed, clean: (changed.softmax(1) - clean.softmax(1)).abs().sum(-1) / 2),
    ),
    Known(
        "largest-only",
        "You return the largest change of a single token; add up the changes of all tokens.",
        _of_moved(lambda moved: moved.abs().amax(-1)),
    ),
    Known(
        "mean-over-vocabulary",
        "You average over the vocabulary; the share that moved is a sum.",
        _of_moved(lambda moved: moved.abs().mean(-1) / 2),
    ),
    Known(
        "mean-over-vocabulary",
        "You average over the vocabulary; the share that moved is a sum.",
        _of_moved(lambda moved: moved.abs().mean(-1)),
    ),
    Known(
        "every-token-returned",
        "You return the change of every token of the vocabulary; one number for each position is asked for.",
        _of_moved(lambda moved: moved),
    ),
    Known(
        "mean-returned",
        "You return one number, the mean; the share moved at every position is asked for.",
        _of_moved(lambda moved: moved.clamp_min(0).sum(-1).mean()),
    ),
    Known(
        "last-position-only",
        "You return the last position only; every position predicts a next token.",
        _of_moved(lambda moved: moved.clamp_min(0).sum(-1)[:, -1]),
    ),
    Known(
        "added-not-set",
        "You add the value to the activation; the neuron is to be held at the value.",
        _with(lambda x, neuron, value: x + value * (torch.arange(x.shape[-1]) == neuron)),
    ),
    Known(
        "multiplied",
        "You multiply the activation by the value: a silent neuron stays silent. Set it to the value.",
        _with(lambda x, neuron, value: torch.where(torch.arange(x.shape[-1]) == neuron, x * value, x)),
    ),
    Known(
        "all-pinned",
        "You set every neuron to the value; one is asked for.",
        _with(lambda x, neuron, value: torch.full_like(x, value)),
    ),
    Known(
        "position-pinned",
        "You set every neuron at one position: the second axis is the position, the neurons are the last.",
        _with(lambda x, neuron, value: x.index_fill(1, torch.tensor([neuron]), value)),
    ),
    Known(
        "silenced",
        "You set the neuron to 0 whatever the value is.",
        _with(lambda x, neuron, value: _pinned(x, neuron, 0.0)),
    ),
    Known(
        "last-token-pinned",
        "You hold the neuron at the value at the last token only; it is to be held there at every token.",
        _with(lambda x, neuron, value: torch.cat([x[:, :-1], _pinned(x[:, -1:], neuron, value)], dim=1)),
    ),
)
