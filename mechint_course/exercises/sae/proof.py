"""Chapter 3, section 7: a feature switched off and held on, with the rest of the model as it was."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture, prediction
from mechint_course.exercises.neurons.real import layer, remembered
from mechint_course.exercises.sae.finding import DICTIONARY, latents_of
from mechint_course.exercises.values import Fixture, Value

guess_pinned = prediction(
    id="sae.guess_pinned",
    title="Prediction: what turns a text?",
    options=("the feature", "the best neuron", "the mean difference", "no clear winner"),
    core=False,
)


@exercise(
    id="sae.set_feature",
    title="One feature, nothing else",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        "The dictionary says x = reconstruction + error. Change one latent in the reconstruction and keep the error: by how "
        "much does x change, and in which direction?",
        "Nearly everything cancels. The latent goes from f to value, so x moves by (value - f) along the latent's decoder row.",
        "f = sae.encode(x)[..., latent]; return x + (value - f)[..., None] * sae.W_dec[latent].",
    ),
    seconds=60,
)
def set_feature(ask: Ask) -> None:
    "On real activations, against decoding twice and adding back the error."
    ask.compare(
        _settings(ask),
        expected=_decoded_twice,
        known=_SET_MISTAKES,
        look="value equal to what the latent is already: then nothing may change.",
        atol=1e-3,
        rtol=1e-3,
    )


def _settings(ask: Ask) -> Iterator[dict[str, Value]]:
    for value in (0.0, 1.0 + 4 * ask.random.random()):
        batch, n_ctx = ask.sizes(2, low=3, high=7)
        rows = torch.randperm(len(layer()), generator=ask.generator)[:batch]
        x = layer()[rows, 20 : 20 + n_ctx].clone()
        latents = latents_of(fixture(DICTIONARY), x.flatten(0, 1))
        often = (latents > 0).sum(0)
        # On at some of the tokens and off at others, so that both matter.
        mixed = torch.nonzero((often >= 2) & (often < len(latents)))[:, 0].tolist()
        yield {"x": x, "sae": fixture(DICTIONARY), "latent": ask.random.choice(mixed), "value": value}


@remembered
def latents_on(x: Tensor, sae: Fixture) -> Tensor:
    return latents_of(sae, x.flatten(0, -2)).view(*x.shape[:-1], -1)


def _decoded_twice(x: Tensor, sae: Fixture, latent: int, value: float) -> Tensor:
    own, latents = build(sae.name), latents_on(x, sae)
    changed = latents.index_fill(-1, torch.tensor([latent]), value)
    before, after = latents @ own.W_dec + own.b_dec, changed @ own.W_dec + own.b_dec
    return after + (x - before)


def _moved(how: Callable[[Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """x moved along the decoder row by a function of (f, value)."""
    return lambda x, sae, latent, value: (
        x + how(latents_on(x, sae)[..., latent], value)[..., None] * build(sae.name).W_dec[latent]
    )


def _error_dropped(x: Tensor, sae: Fixture, latent: int, value: float) -> Tensor:
    own = build(sae.name)
    changed = latents_on(x, sae).index_fill(-1, torch.tensor([latent]), value)
    return changed @ own.W_dec + own.b_dec


_SET_MISTAKES = (
    Known(
        "error-dropped",
        "You go on with the reconstruction, so the model loses all that the dictionary misses. Add x minus the untouched "
        "reconstruction back: then only your feature differs.",
        _error_dropped,
    ),
    Known(
        "no-effect",
        "Your activations are x as it was: the change does not reach what you return.",
        lambda x, sae, latent, value: x,
    ),
    Known(
        "added-not-set",
        "You add the value to what the latent is already; it is to be at the value.",
        _moved(lambda f, value: torch.full_like(f, value)),
    ),
    Known(
        "only-where-on",
        "You change only the tokens where the latent is on. Held at a value, it has this value at every token.",
        _moved(lambda f, value: torch.where(f > 0, value - f, 0)),
    ),
    Known(
        "sign-swapped",
        "You move the wrong way: from f to value is value - f.",
        _moved(lambda f, value: f - value),
    ),
    Known(
        "only-where-on-doubled",
        "You multiply the latent by the value; it is to be at the value.",
        _moved(lambda f, value: (value - 1) * f),
    ),
    Known(
        "encoder-direction",
        "You move along the encoder's column. What a feature writes is its decoder row, sae.W_dec[latent].",
        lambda x, sae, latent, value: (
            x + (value - latents_on(x, sae)[..., latent])[..., None] * build(sae.name).W_enc[:, latent]
        ),
    ),
    Known(
        "switched-off",
        "You switch the latent off whatever the value is.",
        _moved(lambda f, value: -f),
    ),
    Known(
        "feature-alone",
        "You return the feature's part alone; everything else has to stay.",
        lambda x, sae, latent, value: (value + 0 * latents_on(x, sae)[..., latent])[..., None]
        * build(sae.name).W_dec[latent],
    ),
    Known(
        "change-returned",
        "You return the change; the activations to go on with are asked for.",
        lambda x, sae, latent, value: (value - latents_on(x, sae)[..., latent])[..., None]
        * build(sae.name).W_dec[latent],
    ),
    Known(
        "pre-activation-used",
        "You take the latent before the selection. Where it is not among the k largest it is 0.",
        lambda x, sae, latent, value: x
        + (value - ((x - build(sae.name).b_dec) @ build(sae.name).W_enc + build(sae.name).b_enc)[..., latent])[..., None]
        * build(sae.name).W_dec[latent],
    ),
    Known(
        "reset-below-zero",
        "You cut the activations off at 0 afterwards. Here they may get negative: only the feature may differ.",
        lambda x, sae, latent, value: _decoded_twice(x, sae, latent, value).relu(),
    ),
)  # fmt: skip
