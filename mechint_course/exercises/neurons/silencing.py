"""Chapter 2, section 1: what the model loses when one neuron falls silent."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.real import remembered
from mechint_course.exercises.values import Fixture, Value

_HOOK = "blocks.0.mlp.hook_post"


@exercise(
    id="neurons.silence",
    title="Silence it",
    points=3,
    minutes=10,
    difficulty=2,
    core=True,
    hints=(
        "You need the loss twice: once from the model as it is, once from the model while a hook sets one column of the "
        "activations to 0.",
        "A hook is a function of (activation, hook) that returns the activation to go on with. Hand it to "
        'model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(name, function)]).',
        "Inside the hook: activation[:, :, neuron] = 0, then return activation. The answer is the loss of that run minus "
        'model(tokens, return_type="loss", loss_per_token=True).',
    ),
    seconds=20,
)
def silence(ask: Ask) -> None:
    "The change in loss on a small model against one whose neuron is not connected to anything."
    ask.compare(
        _cases(ask),
        expected=lambda model, tokens, neuron: _disconnected(model, tokens, neuron),
        known=(
            Known(
                "sign-swapped",
                "Your sign is the wrong way round: where silencing hurts the model, the change is positive.",
                lambda model, tokens, neuron: -_disconnected(model, tokens, neuron),
            ),
            Known(
                "clean-not-subtracted",
                "You return the loss with the neuron silent; subtract the loss of the model as it is.",
                lambda model, tokens, neuron: _edited(model, tokens, _zero(neuron)),
            ),
            Known(
                "no-effect",
                "Your change is 0 everywhere: what the hook makes does not reach the model. Does it return the "
                "activations that it changed?",
                lambda model, tokens, neuron: 0 * _disconnected(model, tokens, neuron),
            ),
            Known(
                "all-silenced",
                "You silence every neuron; one is asked for.",
                lambda model, tokens, neuron: _change(model, tokens, lambda x: 0 * x),
            ),
            Known(
                "position-silenced",
                "You silence every neuron at one position: the second axis is the position, the neurons are the last.",
                lambda model, tokens, neuron: _change(model, tokens, _zero_at(neuron, 1)),
            ),
            Known(
                "sequence-silenced",
                "You silence every neuron in one sequence: the first axis is the batch, the neurons are the last.",
                lambda model, tokens, neuron: _change(model, tokens, _zero_at(neuron, 0)),
            ),
            Known(
                "others-silenced",
                "You silence all the others and keep this neuron; it is the other way round.",
                lambda model, tokens, neuron: _change(model, tokens, lambda x: x - _zero(neuron)(x)),
            ),
            Known(
                "wrong-hook",
                f"You changed another hook point than {_HOOK}: there the last axis is not the neurons.",
                lambda model, tokens, neuron: _change(model, tokens, _zero(neuron), "blocks.0.hook_mlp_out"),
            ),
            Known(
                "mean-returned",
                "You return one number, the mean; the change at every predicted token is asked for.",
                lambda model, tokens, neuron: _disconnected(model, tokens, neuron).mean(),
            ),
            Known(
                "mean-for-zero",
                "You set the neuron to its mean; silent means 0.",
                lambda model, tokens, neuron: _change(model, tokens, _mean_of(neuron)),
            ),
            Known(
                "one-per-sequence",
                "You return one number for each sequence; one for each predicted token is asked for.",
                lambda model, tokens, neuron: _disconnected(model, tokens, neuron).mean(dim=1),
            ),
            Known(
                "last-position-only",
                "You silence the neuron at the last position only, which predicts nothing here.",
                lambda model, tokens, neuron: _change(model, tokens, _zero_last(neuron)),
            ),
        ),
        look=f"the hook's function by itself: what it is given at {_HOOK}, [batch, n_ctx, d_mlp], and what it returns.",
        atol=1e-4,
        rtol=1e-3,
    )


_LOUD = (0, 2, 3, 5, 6)
"""Neurons of the tiny model that fire on a third of all words or more: silencing another may change nothing."""


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    for neuron in ask.random.sample(_LOUD, 3):
        # The neuron's number is a valid batch and position too: a wrong axis gives a wrong result, not an error.
        batch, n_ctx = sorted(ask.sizes(2, low=7, high=12))
        tokens = torch.randint(1, 25, (batch, n_ctx), generator=ask.generator)
        tokens[:, 0] = 0
        yield {"model": fixture("model:tiny"), "tokens": tokens, "neuron": neuron}


@remembered
def _disconnected(model: Fixture, tokens: Tensor, neuron: int) -> Tensor:
    """No hook: a copy of the weights, in plain torch, where nothing goes out of the neuron."""
    from mechint_course.language.fast_loss import fast_losses
    from mechint_course.language.models import parameters_of

    own = build(model.name)
    weights = {name: value.detach() for name, value in parameters_of(own).items()}
    cut = weights["layers.0.mlp.fc_out.weight"].clone()
    cut[:, neuron] = 0.0
    heads = own.cfg.n_heads
    whole = fast_losses(weights, tokens, n_heads=heads)
    return fast_losses(weights | {"layers.0.mlp.fc_out.weight": cut}, tokens, n_heads=heads) - whole


Edit = Callable[[Tensor], Tensor]


@torch.no_grad()
def _edited(model: Fixture, tokens: Tensor, edit: Edit, hook: str = _HOOK) -> Tensor:
    hooks = [(hook, lambda x, hook: edit(x))]
    return build(model.name).run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)


def _change(model: Fixture, tokens: Tensor, edit: Edit, hook: str = _HOOK) -> Tensor:
    return _edited(model, tokens, edit, hook) - _edited(model, tokens, lambda x: x)


def _zero(neuron: int) -> Edit:
    return _zero_at(neuron, -1)


def _zero_at(number: int, axis: int) -> Edit:
    return lambda x: x.index_fill(axis, torch.tensor([number]), 0.0)


def _mean_of(neuron: int) -> Edit:
    def edit(x: Tensor) -> Tensor:
        x = x.clone()
        x[..., neuron] = x[..., neuron].mean()
        return x

    return edit


def _zero_last(neuron: int) -> Edit:
    def edit(x: Tensor) -> Tensor:
        x = x.clone()
        x[:, -1, neuron] = 0.0
        return x

    return edit
