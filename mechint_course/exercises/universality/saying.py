"""Chapter 4, section 7: twins that fire together, and whether they say the same, through the weights of both models."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.plain import weights_of
from mechint_course.exercises.neurons.real import remembered
from mechint_course.exercises.universality.real import SPARSE
from mechint_course.exercises.values import Fixture, Value

guess_saying = prediction(
    id="universality.guess_saying",
    title="Prediction: on together, saying the same?",
    options=("most say the same", "about half do", "most say something else"),
    core=False,
)


@exercise(
    id="universality.says_the_same",
    title="Do twins say the same?",
    points=3,
    minutes=12,
    difficulty=3,
    core=False,
    hints=(
        "For one side: a direction of 512 neurons goes through W_out into the residual stream, loses its mean there, is "
        "scaled by the final LayerNorm's gain, and goes through W_U to one number for each token. Then correlate both sides.",
        "written = left @ model_left.W_out[0]; written = written - written.mean(-1, keepdim=True); said = (written * "
        "model_left.ln_final.weight) @ model_left.W_U. Each row of said is centred over the vocabulary for the correlation.",
        "def says(model, d): w = d @ model.W_out[0]; w = w - w.mean(-1, keepdim=True); s = (w * model.ln_final.weight) @ "
        "model.W_U; return s - s.mean(-1, keepdim=True). Then torch.cosine_similarity(says(model_left, left), "
        "says(model_right, right), dim=1).",
    ),
    seconds=60,  # the first call in a fresh process also loads the models
)
def says_the_same(ask: Ask) -> None:
    "One number a pair, on decoder rows of both dictionaries, against the weights multiplied out in double precision."
    ask.compare(
        _pairs(ask),
        expected=lambda model_left, model_right, left, right: _pearson(
            _said(model_left, left), _said(model_right, right)
        ),
        known=_MISTAKES,
        look="one side by itself: three steps from 512 numbers to one for each token of the vocabulary.",
        atol=1e-3,
        rtol=1e-3,
    )


def _pairs(ask: Ask) -> Iterator[dict[str, Value]]:
    models = {name: fixture(f"model:{name}") for name in "AB"}
    for one, other in (("A", "B"), ("B", "A")):
        rows_left, rows_right = (build(SPARSE[name]).W_dec for name in (one, other))
        n_pairs = ask.random.randint(3, 7)
        left, right = (
            rows[torch.randperm(len(rows), generator=ask.generator)[:n_pairs]].clone()
            for rows in (rows_left, rows_right)
        )
        scale = 0.5 + 2 * torch.rand(n_pairs, 1, generator=ask.generator)
        yield {
            "model_left": models[one],
            "model_right": models[other],
            "left": left * scale,
            "right": right,
        }


@remembered
def _said(model: Fixture, direction: Tensor) -> Tensor:
    """What each direction adds to the logits, [n_pairs, d_vocab], in double precision."""
    w = {name: value.double() for name, value in weights_of(model).items()}
    written = direction.double() @ w["layers.0.mlp.fc_out.weight"].T
    written = (written - written.mean(1, keepdim=True)) * w["ln_out.weight"]
    return written @ w["head.weight"].T


def _pearson(x: Tensor, y: Tensor) -> Tensor:
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    return (x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1))


def _cosine(x: Tensor, y: Tensor) -> Tensor:
    return (x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1))


def _written(model: Fixture, direction: Tensor) -> Tensor:
    return direction.double() @ weights_of(model)["layers.0.mlp.fc_out.weight"].T.double()


def _plain(model: Fixture, direction: Tensor, *, centre: bool = False, gain: bool = False) -> Tensor:
    written = _written(model, direction)
    if centre:
        written = written - written.mean(1, keepdim=True)
    if gain:
        written = written * weights_of(model)["ln_out.weight"].double()
    return written @ weights_of(model)["head.weight"].T.double()


def _both(
    compare: Callable[[Tensor, Tensor], Tensor], says: Callable[[Fixture, Tensor], Tensor]
) -> Callable[..., Tensor]:
    return lambda model_left, model_right, left, right: compare(
        says(model_left, left), says(model_right, right)
    )  # fmt: skip


_MISTAKES = (
    Known("one-model-for-both", "Both directions go through the left model. The right one belongs to the right model, with its own "
          "W_out and W_U.", lambda model_left, model_right, left, right: _pearson(_said(model_left, left), _said(model_left, right))),
    Known("one-model-for-both", "Both directions go through the right model. The left one belongs to the left model, with its own "
          "W_out and W_U.", lambda model_left, model_right, left, right: _pearson(_said(model_right, left), _said(model_right, right))),
    Known("models-swapped", "Each direction goes through the other model.",
          lambda model_left, model_right, left, right: _pearson(_said(model_right, left), _said(model_left, right))),
    Known("directions-compared", "You correlate the directions themselves. Their 512 numbers belong to other neurons in each model; the "
          "vocabulary is what both share.", lambda model_left, model_right, left, right: _pearson(left.double(), right.double())),
    Known("directions-compared", "You take the cosine of the directions themselves. Their 512 numbers belong to other neurons in each "
          "model; the vocabulary is what both share.", lambda model_left, model_right, left, right: _cosine(left.double(), right.double())),
    Known("stopped-at-residual", "You compare what is written into the residual stream. Each model has a residual stream of its own: go on "
          "through W_U to the vocabulary.", _both(_pearson, _written)),
    Known("stopped-at-residual", "You compare what is written into the residual stream. Each model has a residual stream of its own: go on "
          "through W_U to the vocabulary.", _both(_cosine, _written)),
    Known("layernorm-skipped", "You leave out the final LayerNorm: take the mean over d_model off, and multiply by ln_final.weight.",
          _both(_pearson, _plain)),
    Known("layernorm-skipped", "You leave out the final LayerNorm, and the mean over the vocabulary stays in.", _both(_cosine, _plain)),
    Known("gain-skipped", "You leave out the gain of the final LayerNorm: multiply by ln_final.weight before W_U.",
          _both(_pearson, lambda model, d: _plain(model, d, centre=True))),
    Known("residual-not-centred", "You leave out the final LayerNorm's centring: what is written loses its mean over d_model.",
          _both(_pearson, lambda model, d: _plain(model, d, gain=True))),
    Known("vocabulary-not-centred", "Your last step is a cosine. For a correlation each row loses its mean over the vocabulary first.",
          _both(_cosine, _said)),
    Known("absolute", "Your result has lost its sign: a pair that says the opposite has a negative correlation.",
          lambda model_left, model_right, left, right: _pearson(_said(model_left, left), _said(model_right, right)).abs()),
    Known("every-pair", "You compare every left direction with every right one. Pair by pair is asked for: row i with row i.",
          lambda model_left, model_right, left, right: torch.stack([
              _pearson(row.expand(len(right), -1), _said(model_right, right)) for row in _said(model_left, left)])),
    Known("one-number", "You return one number for all pairs; each pair has its own.",
          lambda model_left, model_right, left, right: _pearson(
              _said(model_left, left).flatten()[None], _said(model_right, right).flatten()[None])[0]),
    Known("one-number", "You return the mean over the pairs; each pair has its own number.",
          lambda model_left, model_right, left, right: _pearson(_said(model_left, left), _said(model_right, right)).mean()),
)  # fmt: skip
