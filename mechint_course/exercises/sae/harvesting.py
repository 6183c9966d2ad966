"""Chapter 3, section 3: the numbers that the dictionary will be trained on."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.plain import run
from mechint_course.exercises.neurons.real import remembered, some_tokens
from mechint_course.exercises.values import Fixture, Value


@exercise(
    id="sae.harvest",
    title="What the layer holds",
    points=2,
    minutes=5,
    difficulty=2,
    core=True,
    hints=(
        "Run the model once and keep what stands at ACTIVATION_HOOK. Then leave the first position out and make one long list of tokens.",
        "_, cache = model.run_with_cache(tokens, names_filter=ACTIVATION_HOOK) inside `with torch.no_grad():`; "
        "cache[ACTIVATION_HOOK] is [batch, n_ctx, d_mlp].",
        "cache[ACTIVATION_HOOK][:, 1:].flatten(0, 1).",
    ),
    seconds=60,  # the first call in a fresh process also loads the model
)
def harvest(ask: Ask) -> None:
    "Every activation of model A, and of a small one, against the layer worked out in plain torch."
    ask.compare(
        _cases(ask),
        expected=lambda model, tokens: _rows(model, tokens),
        known=(
            Known(
                "start-kept",
                "The start token is still there. It is the same in every sequence and says nothing about the text: leave position 0 out.",
                lambda model, tokens: _post(model, tokens).flatten(0, 1),
            ),
            Known(
                "last-left-out",
                "You leave out the last position. It is the first one, the start token, that must go.",
                lambda model, tokens: _post(model, tokens)[:, :-1].flatten(0, 1),
            ),
            Known(
                "sequence-left-out",
                "You leave out the first sequence; it is the first position of every sequence that must go.",
                lambda model, tokens: _post(model, tokens)[1:].flatten(0, 1),
            ),
            Known(
                "start-not-run",
                "You take the start token out before the model runs. The model needs it; leave its activations out afterwards.",
                lambda model, tokens: _post(model, tokens[:, 1:]).flatten(0, 1),
            ),
            Known(
                "before-the-relu",
                "You took what the neurons have before their ReLU. ACTIVATION_HOOK stands behind it.",
                lambda model, tokens: _at("blocks.0.mlp.hook_pre", model, tokens)[:, 1:].flatten(0, 1),
            ),
            Known(
                "not-the-neurons",
                "You took what the layer writes into the residual stream. The neurons are at ACTIVATION_HOOK.",
                lambda model, tokens: _at("blocks.0.hook_mlp_out", model, tokens)[:, 1:].flatten(0, 1),
            ),
            Known(
                "positions-first",
                "Your rows are in another order: the tokens of one sequence belong together, one sequence after the other.",
                lambda model, tokens: _post(model, tokens)[:, 1:].transpose(0, 1).flatten(0, 1),
            ),
            Known(
                "not-flattened",
                "You return [batch, n_ctx - 1, d_mlp]. One row for each token is asked for: flatten the first two axes.",
                lambda model, tokens: _post(model, tokens)[:, 1:],
            ),
            Known(
                "transposed",
                "Each of your columns is a token. One row for each token is asked for.",
                lambda model, tokens: _rows(model, tokens).T,
            ),
            Known(
                "averaged",
                "You average over the positions; every token keeps a row of its own.",
                lambda model, tokens: _post(model, tokens)[:, 1:].mean(1),
            ),
        ),
        look="the shapes one by one: the tokens, what the cache holds, and your result.",
        atol=1e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    batch, n_ctx = sorted(ask.sizes(2, low=2, high=7))
    tokens = torch.randint(1, 25, (batch, n_ctx), generator=ask.generator)
    tokens[:, 0] = 0
    yield {"model": fixture("model:tiny"), "tokens": tokens}
    batch, n_ctx = sorted(ask.sizes(2, low=2, high=9))
    yield {"model": fixture("model:A"), "tokens": some_tokens(ask.generator, batch, n_ctx)}


@remembered
def _post(model: Fixture, tokens: Tensor) -> Tensor:
    return run(model, tokens).post


def _rows(model: Fixture, tokens: Tensor) -> Tensor:
    return torch.cat([sequence[1:] for sequence in _post(model, tokens)])


@torch.no_grad()
def _at(hook: str, model: Fixture, tokens: Tensor) -> Tensor:
    return build(model.name).run_with_cache(tokens, names_filter=hook)[1][hook]
