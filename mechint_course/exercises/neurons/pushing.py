"""Chapter 2, section 2: which next tokens a neuron speaks for."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.values import Fixture, Value


@exercise(
    id="neurons.logit_weights",
    title="Which tokens does it speak for?",
    points=3,
    minutes=8,
    difficulty=2,
    core=True,
    hints=(
        "Follow the formula from left to right: a row of W_out, its mean taken off, the gain, then W_U, and again a mean "
        "taken off.",
        "model.W_out[0, neuron] has d_model numbers. model.ln_final.weight is the gain, of the same size. model.W_U is "
        "[d_model, d_vocab].",
        "w = model.W_out[0, neuron]; w = (w - w.mean()) * model.ln_final.weight; logits = w @ model.W_U; "
        "return logits - logits.mean().",
    ),
    seconds=60,
)
def logit_weights(ask: Ask) -> None:
    "The weights of neurons of three models, against sums over the raw parameters in double precision."
    ask.compare(
        _cases(ask),
        expected=_summed,
        known=_MISTAKES,
        look="the steps one by one, with their shapes: [d_model], [d_model], [d_vocab], [d_vocab].",
        atol=1e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    for name, n_neurons in (("tiny", 12), ("A", 128), ("B", 128)):
        # Below d_model, so that a row and a column of W_out are both there to be taken.
        yield {"model": fixture(f"model:{name}"), "neuron": ask.random.randrange(n_neurons)}


def _raw(model: Fixture) -> dict[str, Tensor]:
    from mechint_course.language.models import parameters_of

    return {name: value.detach().double() for name, value in parameters_of(build(model.name)).items()}


def _push(
    model: Fixture,
    neuron: int,
    *,
    centre: bool = True,
    gain: bool = True,
    bias: bool = False,
    off: bool = True,
    written: Callable[[dict[str, Tensor]], Tensor] | None = None,
    unembed: str = "head.weight",
) -> Tensor:
    raw = _raw(model)
    w = raw["layers.0.mlp.fc_out.weight"][:, neuron] if written is None else written(raw)
    w = w - w.mean() if centre else w
    w = w * raw["ln_out.weight"] if gain else w
    w = w + raw["ln_out.bias"] if bias else w
    logits = raw[unembed] @ w
    return logits - logits.mean() if off else logits


def _summed(model: Fixture, neuron: int) -> Tensor:
    """By einsum over the raw weights, with the two means taken off as projections."""
    raw = _raw(model)
    w, gain, head = raw["layers.0.mlp.fc_out.weight"][:, neuron], raw["ln_out.weight"], raw["head.weight"]
    d, v = len(w), len(head)
    no_mean = torch.eye(d, dtype=torch.float64) - 1 / d
    level = head - head.sum(0) / v
    return torch.einsum("vi,i,ij,j->v", level, gain, no_mean, w).float()


_MISTAKES = (
    Known(
        "not-centred",
        "You leave out the centring: the final LayerNorm takes the mean off what the neuron writes.",
        lambda model, neuron: _push(model, neuron, centre=False),
    ),
    Known(
        "no-gain",
        "You leave out the final LayerNorm's gain, model.ln_final.weight.",
        lambda model, neuron: _push(model, neuron, gain=False),
    ),
    Known(
        "no-norm",
        "You go from W_out straight to W_U; the final LayerNorm stands between them: centring and gain.",
        lambda model, neuron: _push(model, neuron, centre=False, gain=False),
    ),
    Known(
        "no-norm",
        "You go from W_out straight to W_U; the final LayerNorm stands between them, and in the end the mean is taken off.",
        lambda model, neuron: _push(model, neuron, centre=False, gain=False, off=False),
    ),
    Known(
        "mean-kept",
        "You keep the mean over the vocabulary. A push on all tokens alike changes no probability: take it off.",
        lambda model, neuron: _push(model, neuron, off=False),
    ),
    Known(
        "bias-added",
        "You add the final LayerNorm's bias: it is there whether the neuron fires or not.",
        lambda model, neuron: _push(model, neuron, bias=True),
    ),
    Known(
        "reads-not-writes",
        "You start from the neuron's column of W_in, what it reads. What it writes is its row of W_out.",
        lambda model, neuron: _push(
            model, neuron, written=lambda raw: raw["layers.0.mlp.fc_in.weight"][neuron]
        ),
    ),
    Known(
        "embedding-for-unembedding",
        "You end with the embedding W_E, which says how tokens come in. They go out through W_U.",
        lambda model, neuron: _push(model, neuron, unembed="tok_embed.weight"),
    ),
    Known(
        "probabilities",
        "You turn the weights into probabilities; the pushes themselves are asked for.",
        lambda model, neuron: _push(model, neuron).softmax(-1),
    ),
    Known(
        "residual-stream",
        "You stop in the residual stream, at d_model numbers; go on through W_U to the vocabulary.",
        lambda model, neuron: _raw(model)["layers.0.mlp.fc_out.weight"][:, neuron],
    ),
    Known(
        "divided-by-spread",
        "You also divide by the spread of what the neuron writes. The LayerNorm divides by the whole stream's, the same "
        "for all tokens; leave it out.",
        lambda model, neuron: _push(
            model,
            neuron,
            written=lambda raw: (
                raw["layers.0.mlp.fc_out.weight"][:, neuron]
                / raw["layers.0.mlp.fc_out.weight"][:, neuron].std(correction=0)
            ),
        ),
    ),
    Known(
        "gain-before-centring",
        "You multiply by the gain first and centre afterwards; the LayerNorm centres first.",
        lambda model, neuron: _push(
            model,
            neuron,
            gain=False,
            written=lambda raw: raw["layers.0.mlp.fc_out.weight"][:, neuron] * raw["ln_out.weight"],
        ),
    ),
)
