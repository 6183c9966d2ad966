"""Chapter 3, section 3: a dictionary in the place of a real layer."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mechint_course.exercises.fixtures import resolve
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.real import remembered, some_tokens
from mechint_course.exercises.values import Value

HOOK, _BEHIND = "blocks.0.mlp.hook_post", "blocks.0.hook_resid_post"
_LEAST_DIFFERENCE = 0.05
"""Nats that ablating the layer changes at least, so that the share has something to divide by."""

guess_recovered = prediction(
    id="sae.guess_recovered",
    title="Prediction: how much of the loss survives?",
    options=("under 50 %", "50 to 80 %", "80 to 90 %", "over 90 %"),
    core=True,
)


@exercise(
    id="sae.loss_recovered",
    title="Does the model notice?",
    points=3,
    minutes=9,
    difficulty=2,
    core=True,
    hints=(
        "You need the model's loss three times: as it is, with the reconstruction in place of the activations, and with "
        "zeros in their place. Only the hook differs.",
        'model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(ACTIVATION_HOOK, f)]) is one loss; '
        "f(activations, hook) returns what the model goes on with.",
        "clean = model(tokens, return_type='loss'); patched uses lambda x, hook: reconstruction; zero uses "
        "lambda x, hook: torch.zeros_like(x). The answer is (zero - patched) / (zero - clean).",
    ),
    seconds=60,  # the first call in a fresh process also imports TransformerLens
)
def loss_recovered(ask: Ask) -> None:
    "The share against a forward pass finished by hand, without hooks, on model A and on a small random model."
    ask.compare(
        _cases(ask),
        expected=lambda model, tokens, reconstruction: _share(*_three(model, tokens, reconstruction)),
        known=_MISTAKES,
        look="the three losses one by one: print them. Clean and patched should be equal for a perfect reconstruction.",
        atol=2e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    model = fixture("model:tiny")
    for sign, worse_than_zeros in ((1, False), (-1, True)):
        while True:
            batch, n_ctx = sorted(ask.sizes(2, low=2, high=9))
            tokens = torch.randint(0, 25, (batch, n_ctx), generator=ask.generator)
            x = _layer(model, tokens).x.float()
            reconstruction = sign * x + 0.5 * torch.randn(x.shape, generator=ask.generator)
            clean, patched, zero = _three(model, tokens, reconstruction)
            # One reconstruction points the wrong way and is worse than zeros: the scale goes on below 0.
            fits = _share(clean, patched, zero) < -0.1 if worse_than_zeros else True
            if abs(zero - clean) > _LEAST_DIFFERENCE and fits:
                yield {"model": model, "tokens": tokens, "reconstruction": reconstruction}
                break
    model, tokens = fixture("model:A"), some_tokens(ask.generator, 2, 11)
    x = _layer(model, tokens).x.float()
    damaged = x * (torch.rand(x.shape, generator=ask.generator) < 0.8)  # a fifth of the activations is lost
    yield {"model": model, "tokens": tokens, "reconstruction": damaged}


class _Layer(NamedTuple):
    """One clean run: the MLP's activations, and the residual stream behind them, in double precision."""

    x: Tensor
    resid: Tensor


_RUNS: dict[bytes, _Layer] = {}
"""The clean runs of the judging at hand: one text is asked about many times."""


@torch.no_grad()
def _layer(model: Value, tokens: Tensor) -> _Layer:
    key = f"{model} {list(tokens.shape)}".encode() + tokens.numpy().tobytes()
    if key not in _RUNS:
        if len(_RUNS) > 32:
            _RUNS.clear()
        _, cache = resolve(model).run_with_cache(tokens, names_filter=[HOOK, _BEHIND])
        _RUNS[key] = _Layer(cache[HOOK].double(), cache[_BEHIND].double())
    return _RUNS[key]


@torch.no_grad()
def _finish(
    model: Value, tokens: Tensor, change: Callable[[Tensor], Tensor], *, bias: bool = True, shift: int = 1
) -> float:
    """The loss when the MLP's activations are changed: from the residual stream on, without hooks."""
    bridge: Any = resolve(model)
    x, resid = _layer(model, tokens)
    resid = resid + (change(x) - x) @ bridge.W_out[0].double()
    if not bias:
        resid = resid - bridge.b_out[0].double()
    centred = resid - resid.mean(-1, keepdim=True)
    normal = centred / (centred.square().mean(-1, keepdim=True) + bridge.cfg.eps).sqrt()
    logits = (normal * bridge.ln_final.weight.double() + bridge.ln_final.bias.double()) @ bridge.W_U.double()
    return float(
        cross_entropy(logits[:, : logits.shape[1] - shift].flatten(0, 1), tokens[:, shift:].flatten())
    )


@remembered
def _losses(model: Value, tokens: Tensor, reconstruction: Tensor) -> Tensor:
    changes = (lambda x: x, lambda x: reconstruction.to(x), torch.zeros_like)
    clean, patched, zero = (_finish(model, tokens, change) for change in changes)
    return torch.tensor([clean, patched, zero], dtype=torch.float64)


def _three(model: Value, tokens: Tensor, reconstruction: Tensor) -> tuple[float, float, float]:
    """The loss clean, patched and with zeros."""
    clean, patched, zero = _losses(model, tokens, reconstruction).tolist()
    return clean, patched, zero


def _share(clean: float, patched: float, zero: float) -> float:
    return (zero - patched) / (zero - clean)


def _of_losses(formula: Callable[[float, float, float], float]) -> Callable[..., float]:
    """A wrong formula on the right losses (clean, patched, zero)."""
    return lambda model, tokens, reconstruction: formula(*_three(model, tokens, reconstruction))


def _patched_with(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """The right formula with something else in place of the activations."""

    def share(model: Value, tokens: Tensor, reconstruction: Tensor) -> float:
        clean, _, zero = _three(model, tokens, reconstruction)
        return _share(clean, _finish(model, tokens, lambda x: change(x, reconstruction.to(x))), zero)

    return share


def _ablated_with(change: Callable[[Tensor, Tensor], Tensor], **how: Any) -> Callable[..., float]:
    """The right formula with another baseline."""

    def share(model: Value, tokens: Tensor, reconstruction: Tensor) -> float:
        clean, patched, _ = _three(model, tokens, reconstruction)
        return _share(
            clean, patched, _finish(model, tokens, lambda x: change(x, reconstruction.to(x)), **how)
        )

    return share


def _unshifted(model: Value, tokens: Tensor, reconstruction: Tensor) -> float:
    changes = (lambda x: x, lambda x: reconstruction.to(x), torch.zeros_like)
    clean, patched, zero = (_finish(model, tokens, change, shift=0) for change in changes)
    return _share(clean, patched, zero)


_MISTAKES = (
    Known(
        "not-patched",
        "Your patched loss equals the clean one: the hook does not change anything. Its function must return the new value.",
        _of_losses(lambda clean, patched, zero: 1.0),
    ),
    Known(
        "share-lost",
        "You return the share of the loss that is lost; its complement, the share that is recovered, is asked for.",
        _of_losses(lambda clean, patched, zero: (patched - clean) / (zero - clean)),
    ),
    Known(
        "sign-flipped",
        "Your number has the wrong sign: a perfect reconstruction must score 1, not -1.",
        _of_losses(lambda clean, patched, zero: (patched - zero) / (zero - clean)),
    ),
    Known(
        "divided-by-zero-loss",
        "You divide by the loss under zero ablation. Divide by what there is to recover, zero minus clean.",
        _of_losses(lambda clean, patched, zero: (zero - patched) / zero),
    ),
    Known(
        "ratio-of-losses",
        "You divide one loss by another. Two of the three losses mark the ends of the scale, from zeros to clean.",
        _of_losses(lambda clean, patched, zero: clean / patched),
    ),
    Known(
        "ratio-of-losses",
        "You divide one loss by another. Two of the three losses mark the ends of the scale, from zeros to clean.",
        _of_losses(lambda clean, patched, zero: patched / clean),
    ),
    Known(
        "upside-down",
        "Your fraction is upside down.",
        _of_losses(lambda clean, patched, zero: (zero - clean) / (zero - patched)),
    ),
    Known(
        "in-percent",
        "Your number is 100 times too large: return a share (1 is all of it), not a percentage.",
        _of_losses(lambda clean, patched, zero: 100 * _share(clean, patched, zero)),
    ),
    Known(
        "loss-increase",
        "You return how much the loss rises, in nats. Put it in relation to what zeros would cost.",
        _of_losses(lambda clean, patched, zero: patched - clean),
    ),
    Known(
        "loss-returned",
        "You return the patched loss itself. Put it between the clean loss and the one with zeros.",
        _of_losses(lambda clean, patched, zero: patched),
    ),
    Known(
        "clipped",
        "You clip the share to 0 to 1. A reconstruction worse than zeros scores below 0, and that is worth knowing.",
        _of_losses(lambda clean, patched, zero: min(1.0, max(0.0, _share(clean, patched, zero)))),
    ),
    Known(
        "added-not-replaced",
        "You add the reconstruction to the activations; it takes their place.",
        _patched_with(lambda x, reconstruction: x + reconstruction),
    ),
    Known(
        "error-patched",
        "You put the error, x minus the reconstruction, in place of the activations; the reconstruction belongs there.",
        _patched_with(lambda x, reconstruction: x - reconstruction),
    ),
    Known(
        "patched-before-relu",
        "Your reconstruction passes through the ReLU again: put it in at ACTIVATION_HOOK, after the ReLU.",
        _patched_with(lambda x, reconstruction: reconstruction.relu()),
    ),
    Known(
        "mean-ablated",
        "Your baseline is the mean activation. Zero ablation is asked for: zeros in place of the activations.",
        _ablated_with(lambda x, reconstruction: x.mean((0, 1)).expand_as(x)),
    ),
    Known(
        "output-ablated",
        "You set the MLP's whole output to zero, and with it the bias b_out. Set the activations to zero, at ACTIVATION_HOOK.",
        _ablated_with(lambda x, reconstruction: torch.zeros_like(x), bias=False),
    ),
    Known(
        "targets-not-shifted",
        "Your loss compares each position with its own token. The model predicts the next one: shift by one.",
        _unshifted,
    ),
)
