"""Chapter 2, section 1: what a neuron is made of, and what it writes."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.real import HOOK, often, remembered, some_tokens
from mechint_course.exercises.values import Fixture, Value

_PRE, _OUT, _MID = "blocks.0.mlp.hook_pre", "blocks.0.hook_mlp_out", "blocks.0.hook_resid_mid"


@exercise(
    id="neurons.written",
    title="What does one neuron write?",
    points=2,
    minutes=6,
    difficulty=1,
    core=True,
    hints=(
        "Two things are needed: how strongly the neuron fires at each token (an activation), and the direction that it "
        "writes (a variable of the model).",
        "_, cache = model.run_with_cache(tokens) runs the model and keeps every activation by its name. The neuron's "
        "direction is row `neuron` of model.W_out[0], which is [d_mlp, d_model].",
        'fires = cache["blocks.0.mlp.hook_post"][:, :, neuron] is [batch, n_ctx]; the answer is '
        "fires[:, :, None] * model.W_out[0, neuron].",
    ),
    seconds=60,  # the first call in a fresh process also imports TransformerLens
)
def written(ask: Ask) -> None:
    "The product against the difference between the MLP's output with the neuron and without it, on model A."
    ask.compare(
        _cases(ask),
        expected=lambda model, tokens, neuron: _difference(model, tokens, neuron),
        known=_MISTAKES,
        look="the two shapes: the activation has a number for each token, the direction a number for each d_model.",
        atol=1e-5,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    for name, neurons in (("A", often()), ("tiny", range(1, 7))):
        batch, n_ctx = ask.sizes(2, low=3, high=9)
        tokens = (
            some_tokens(ask.generator, batch, n_ctx)
            if name == "A"
            else torch.randint(25, (batch, n_ctx), generator=ask.generator)
        )
        model = fixture(f"model:{name}")
        firing = (_cached(model, tokens) > 0.05).sum((0, 1))
        shown = [neuron for neuron in neurons if firing[neuron] > 1]
        yield {"model": model, "tokens": tokens, "neuron": ask.random.choice(shown or list(neurons))}


@remembered
@torch.no_grad()
def _difference(model: Fixture, tokens: Tensor, neuron: int) -> Tensor:
    """No product: what the whole MLP writes, less what it writes while the neuron is held at 0."""
    own = build(model.name)
    found: list[Tensor] = []
    keep = (_OUT, lambda x, hook: found.append(x.clone()))
    quiet = (HOOK, lambda x, hook: x.index_fill(2, torch.tensor([neuron]), 0.0))
    own.run_with_hooks(tokens, return_type=None, fwd_hooks=[keep])
    own.run_with_hooks(tokens, return_type=None, fwd_hooks=[quiet, keep])
    return found[0] - found[1]


@remembered
@torch.no_grad()
def _cached(model: Fixture, tokens: Tensor, name: str = HOOK) -> Tensor:
    _, cache = build(model.name).run_with_cache(tokens, names_filter=name)
    return cache[name]


def _weights(model: Fixture) -> Any:
    return build(model.name)


_MISTAKES = (
    Known(
        "before-relu",
        "You take the neuron before its ReLU (hook_pre). What it writes is its activation after it (hook_post).",
        lambda model, tokens, neuron: (
            _cached(model, tokens, _PRE)[:, :, neuron, None] * _weights(model).W_out[0, neuron].detach()
        ),
    ),
    Known(
        "reads-not-writes",
        "You use the neuron's column of W_in, the direction that it reads. It writes its row of W_out.",
        lambda model, tokens, neuron: (
            _cached(model, tokens)[:, :, neuron, None] * _weights(model).W_in[0, :, neuron].detach()
        ),
    ),
    Known(
        "whole-mlp",
        "You return what all neurons write together; one neuron's part is asked for.",
        lambda model, tokens, neuron: _cached(model, tokens, _OUT),
    ),
    Known(
        "bias-added",
        "You add b_out. The bias belongs to the MLP as a whole, not to this neuron.",
        lambda model, tokens, neuron: _difference(model, tokens, neuron) + _weights(model).b_out[0].detach(),
    ),
    Known(
        "residual-added",
        "You return the residual stream with the neuron's part in it; its part alone is asked for.",
        lambda model, tokens, neuron: _difference(model, tokens, neuron) + _cached(model, tokens, _MID),
    ),
    Known(
        "activation-only",
        "You return how strongly the neuron fires, [batch, n_ctx]. Multiply by the direction that it writes.",
        lambda model, tokens, neuron: _cached(model, tokens)[:, :, neuron],
    ),
    Known(
        "summed-over-tokens",
        "You add up what it writes at all tokens; each token has a residual stream of its own.",
        lambda model, tokens, neuron: _difference(model, tokens, neuron).sum(dim=1),
    ),
    Known(
        "direction-only",
        "You return the direction everywhere at full length; scale it by the activation at each token.",
        lambda model, tokens, neuron: _weights(model).W_out[0, neuron].detach().expand(*tokens.shape, -1),
    ),
    Known(
        "wherever-it-fires",
        "You write the direction wherever the neuron fires, however strongly. Scale it by the activation.",
        lambda model, tokens, neuron: (
            (_cached(model, tokens)[:, :, neuron, None] > 0) * _weights(model).W_out[0, neuron].detach()
        ),
    ),
    Known(
        "everything-else",
        "You return what the MLP writes without this neuron; the neuron's own part is asked for.",
        lambda model, tokens, neuron: _cached(model, tokens, _OUT) - _difference(model, tokens, neuron),
    ),
)
