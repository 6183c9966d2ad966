"""Chapter 2, directions instead of neurons: the model pushed along one."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.plain import logits, run, weights_of
from mechint_course.exercises.values import Fixture, Value

_HOOK = "blocks.0.mlp.hook_post"

guess_steering = prediction(
    id="neurons.guess_steering",
    title="Which turns more texts?",
    options=("the neuron", "the direction", "about the same"),
    core=False,
)


@exercise(
    id="neurons.steer",
    title="Push the model",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        'A hook at "blocks.0.mlp.hook_post" that adds the same vector at every token. Of the logits you need one position.',
        "The hook is given activation [batch, n_ctx, d_mlp] and returns activation + strength * direction; torch adds the vector "
        "to every token by itself. model.run_with_hooks(tokens, fwd_hooks=[(name, function)]) gives logits [batch, n_ctx, d_vocab].",
        'model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.mlp.hook_post", lambda activation, hook: activation + strength * '
        "direction)])[:, -1]",
    ),
    seconds=20,
)
def steer(ask: Ask) -> None:
    "The logits of two models against a run in plain torch with other activations."
    ask.compare(
        _pushes(ask),
        expected=_pushed,
        known=(
            Known(
                "no-effect",
                "Your logits are those of the model as it is: what the hook makes does not reach the model. Does it return the "
                "activations that it changed?",
                lambda model, tokens, direction, strength: logits(model, tokens)[:, -1],
            ),
            Known(
                "replaced",
                "You put the direction in the place of the activations; add it to them.",
                lambda model, tokens, direction, strength: _with(
                    model, tokens, lambda x: 0 * x + strength * direction
                ),
            ),
            Known(
                "sign-swapped",
                "You take the direction away; add it.",
                lambda model, tokens, direction, strength: _pushed(model, tokens, -direction, strength),
            ),
            Known(
                "strength-ignored",
                "You add the direction as it is, whatever the strength.",
                lambda model, tokens, direction, strength: _pushed(model, tokens, direction, 1.0),
            ),
            Known(
                "direction-rescaled",
                "You scale the direction to length 1 first; take it as it is given.",
                lambda model, tokens, direction, strength: _pushed(
                    model, tokens, direction / direction.norm(), strength
                ),
            ),
            Known(
                "multiplied",
                "You multiply the activations with the direction; add it.",
                lambda model, tokens, direction, strength: _with(
                    model, tokens, lambda x: x * strength * direction
                ),
            ),
            Known(
                "cut-at-zero",
                "You cut the activations off at 0 after the push. Here they may get negative: a direction has negative entries.",
                lambda model, tokens, direction, strength: _with(
                    model, tokens, lambda x: (x + strength * direction).relu()
                ),
            ),
            Known(
                "before-the-relu",
                "You push before the ReLU, at hook_pre, so that it cuts a part off; push after it, at hook_post.",
                lambda model, tokens, direction, strength: _before_relu(model, tokens, strength * direction),
            ),
            Known(
                "all-positions",
                "You return the logits at every position; those after the last token are asked for.",
                lambda model, tokens, direction, strength: _everywhere(model, tokens, strength * direction),
            ),
            Known(
                "first-position",
                "You return the logits after the first token; those after the last are asked for.",
                lambda model, tokens, direction, strength: _everywhere(model, tokens, strength * direction)[
                    :, 0
                ],
            ),
            Known(
                "last-sequence",
                "You take the last sequence; the last position of every sequence is asked for: [:, -1].",
                lambda model, tokens, direction, strength: _everywhere(model, tokens, strength * direction)[
                    -1
                ],
            ),
            Known(
                "probabilities",
                "You return probabilities; logits are asked for, before the softmax.",
                lambda model, tokens, direction, strength: _pushed(
                    model, tokens, direction, strength
                ).softmax(-1),
            ),
            Known(
                "log-probabilities",
                "You return log-probabilities; logits are asked for, before the softmax.",
                lambda model, tokens, direction, strength: _pushed(
                    model, tokens, direction, strength
                ).log_softmax(-1),
            ),
            Known(
                "change-returned",
                "You return how much the logits change; the logits themselves are asked for.",
                lambda model, tokens, direction, strength: (
                    _pushed(model, tokens, direction, strength) - logits(model, tokens)[:, -1]
                ),
            ),
        ),
        look=f"the hook's function by itself: what it is given at {_HOOK}, and what it returns.",
        atol=1e-3,
        rtol=1e-3,
    )


def _pushes(ask: Ask) -> Iterator[dict[str, Value]]:
    for name in ("model:tiny", "model:A"):
        batch, n_ctx = ask.sizes(2, low=3, high=7)
        tokens = torch.randint(1, 25, (batch, n_ctx), generator=ask.generator)
        tokens[:, 0] = 0
        direction = torch.randn(build(name).cfg.d_mlp, generator=ask.generator) / 3
        strength = 2 + ask.random.random()
        yield {"model": fixture(name), "tokens": tokens, "direction": direction, "strength": strength}


def _with(model: Fixture, tokens: Tensor, edit) -> Tensor:  # type: ignore[no-untyped-def]
    return logits(model, tokens, edit(run(model, tokens).post))[:, -1]


def _everywhere(model: Fixture, tokens: Tensor, push: Tensor) -> Tensor:
    return logits(model, tokens, run(model, tokens).post + push)


def _pushed(model: Fixture, tokens: Tensor, direction: Tensor, strength: float) -> Tensor:
    return _everywhere(model, tokens, strength * direction)[:, -1]


def _before_relu(model: Fixture, tokens: Tensor, push: Tensor) -> Tensor:
    from torch.nn.functional import layer_norm

    w, mid = weights_of(model), run(model, tokens).resid_mid
    normed = layer_norm(mid, mid.shape[-1:], w["layers.0.ln2.weight"], w["layers.0.ln2.bias"], 1e-5)
    before = normed @ w["layers.0.mlp.fc_in.weight"].T + w["layers.0.mlp.fc_in.bias"]
    return logits(model, tokens, (before + push).relu())[:, -1]
