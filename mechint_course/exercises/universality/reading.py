"""Chapter 4, section 2: from text to the latents of a model, on models A and B."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.plain import run
from mechint_course.exercises.neurons.real import remembered, some_tokens
from mechint_course.exercises.sae.finding import latents_of as by_threshold
from mechint_course.exercises.universality.real import SPARSE
from mechint_course.exercises.values import Fixture, Value


@exercise(
    id="universality.latents_of",
    title="From text to features",
    points=2,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "Two steps: the model's neurons at every token (`activations` gives them), and what the dictionary makes of them. "
        "In between, leave out each sequence's first position.",
        "activations(model, tokens) is [batch, n_ctx, d_mlp]. [:, 1:] leaves the first position out, and .flatten(0, 1) "
        "makes one row of each token.",
        "sae.encode(activations(model, tokens)[:, 1:].flatten(0, 1)).",
    ),
    seconds=60,  # the first call in a fresh process also loads the model
)
def latents_of(ask: Ask) -> None:
    "Every latent of models A and B, against the layer and the dictionary worked out in plain torch."
    ask.compare(
        _cases(ask),
        expected=lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[:, 1:].flatten(0, 1)),
        known=_MISTAKES,
        look="the shapes one by one: the tokens, the activations, what you hand to sae.encode.",
        atol=2e-3,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    """Texts where the last latent that is on is clearly ahead of the first that is not: rounding decides nothing."""
    for name in ("A", "B"):
        while True:
            batch, n_ctx = sorted(ask.sizes(2, low=2, high=7))
            case: dict[str, Value] = {
                "model": fixture(f"model:{name}"),
                "sae": fixture(SPARSE[name]),
                "tokens": some_tokens(ask.generator, batch, n_ctx),
            }
            x = _post(case["model"], case["tokens"]).flatten(0, 1)
            if _clear(_encoded(case["sae"], x), _encoded(case["sae"], x, k=9)):
                break
        yield case


def _clear(found: Tensor, ahead: Tensor) -> bool:
    """Whether the eight latents that are on and the ninth in line are apart, on every token."""
    smallest = found.where(found > 0, torch.inf).amin(1)
    ninth = (ahead - found).amax(1)
    return bool((smallest - ninth > 1e-3).all())


@remembered
def _post(model: Fixture, tokens: Tensor) -> Tensor:
    return run(model, tokens).post


def _encoded(sae: Fixture, x: Tensor, k: int | None = None) -> Tensor:
    """The latents of rows x; with `k`, as if so many could be on."""
    if k is None:
        return by_threshold(sae, x)
    own = build(sae.name)
    h = (x - own.b_dec) @ own.W_enc + own.b_enc
    values, indices = h.topk(k, dim=1)
    return torch.zeros_like(h).scatter(1, indices, values).clamp_min(0)


_MISTAKES = (
    Known(
        "start-kept",
        "The start token is still there. It is the same in every sequence, so all models agree on it for no interesting "
        "reason: leave position 0 out.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens).flatten(0, 1)),
    ),
    Known(
        "last-left-out",
        "You leave out the last position; the first one, the start token, has to go.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[:, :-1].flatten(0, 1)),
    ),
    Known(
        "sequence-left-out",
        "You leave out the first sequence; it is the first position of every sequence that has to go.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[1:].flatten(0, 1)),
    ),
    Known(
        "start-not-run",
        "You take the start token out before the model runs. The model needs it; leave it out afterwards.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens[:, 1:]).flatten(0, 1)),
    ),
    Known(
        "positions-first",
        "Your rows are in another order: all tokens of one sequence, then those of the next.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[:, 1:].transpose(0, 1).flatten(0, 1)),
    ),
    Known(
        "not-flattened",
        "You return [batch, n_ctx - 1, d_sae]. One row for each token is asked for: flatten the first two axes.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[:, 1:].flatten(0, 1)).unflatten(
            0, (len(tokens), -1)
        ),
    ),
    Known(
        "not-encoded",
        "These are the neurons. Hand them to sae.encode.",
        lambda model, sae, tokens: _post(model, tokens)[:, 1:].flatten(0, 1),
    ),
    Known(
        "reconstruction",
        "These are reconstructed neurons: you encode and decode. The latents in between are asked for.",
        lambda model, sae, tokens: _decoded(sae, _post(model, tokens)[:, 1:].flatten(0, 1)),
    ),
    Known(
        "on-or-off",
        "You return whether each latent is on. How strongly it is on belongs to the comparison.",
        lambda model, sae, tokens: (
            _encoded(sae, _post(model, tokens)[:, 1:].flatten(0, 1)) > 0
        ),
    ),
    Known(
        "transposed",
        "Each of your columns is a token. One row for each token is asked for.",
        lambda model, sae, tokens: _encoded(sae, _post(model, tokens)[:, 1:].flatten(0, 1)).T,
    ),
)  # fmt: skip


def _decoded(sae: Fixture, x: Tensor) -> Tensor:
    own = build(sae.name)
    return _encoded(sae, x) @ own.W_dec + own.b_dec
