"""Chapter 3, section 7: what a feature switched off costs."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.model import Ask, Known, exercise, fixture
from mechint_course.exercises.neurons.plain import logits
from mechint_course.exercises.neurons.plain import run as plain_run
from mechint_course.exercises.neurons.real import held_out, remembered
from mechint_course.exercises.sae.finding import DICTIONARY
from mechint_course.exercises.sae.proof import latents_on
from mechint_course.exercises.values import Fixture, Value


@exercise(
    id="sae.feature_damage",
    title="What the model loses without it",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        "Two losses for each predicted token: the model as it is, and the model with the feature at 0 and everything else "
        "as it was.",
        "The hook gets the activations and returns x - f * d, with f = sae.encode(x)[..., latent] and d = sae.W_dec[latent]. "
        'model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(ACTIVATION_HOOK, hook)]) is the second loss.',
        "def off(x, hook): return x - sae.encode(x)[..., latent, None] * sae.W_dec[latent]. The answer is the loss with it minus "
        'model(tokens, return_type="loss", loss_per_token=True).',
    ),
    seconds=60,
)
def feature_damage(ask: Ask) -> None:
    "The rise of the loss of model A on real text, against a run in plain torch."
    ask.compare(
        _texts(ask),
        expected=lambda model, sae, tokens, latent: _rise(model, tokens, *_off(model, sae, tokens, latent)),
        known=_DAMAGE_MISTAKES,
        look="the predicted tokens at which the latent is off: nothing may change there.",
        atol=2e-3,
        rtol=2e-3,
    )


def _texts(ask: Ask) -> Iterator[dict[str, Value]]:
    made = 0
    while made < 2:
        batch, n_ctx = ask.sizes(2, low=3, high=6)
        n_ctx += 4
        rows = torch.randperm(len(held_out().tokens), generator=ask.generator)[:batch]
        tokens = held_out().tokens[rows, :n_ctx].clone()
        model, sae = fixture("model:A"), fixture(DICTIONARY)
        latents = latents_on(_post(model, tokens), sae)[:, :-1]
        strong = latents.sum((0, 1)).topk(6).indices.tolist()
        latent = ask.random.choice(strong)
        case = {"model": model, "sae": sae, "tokens": tokens, "latent": latent}
        whole = _rise(model, tokens, *_off(model, sae, tokens, latent))
        on = latents[..., latent] > 0
        # The error must matter too, or the worst mistake would not be seen; and so must the feature.
        if whole[on].abs().max() > 0.05 and not on.all():
            made += 1
            yield case


def _off(model: Fixture, sae: Fixture, tokens: Tensor, latent: int) -> tuple[Tensor, Tensor]:
    """The activations as they are, and with the feature at 0."""
    x = _post(model, tokens)
    return x, x - latents_on(x, sae)[..., latent, None] * build(sae.name).W_dec[latent]


@remembered
def _post(model: Fixture, tokens: Tensor) -> Tensor:
    """Model A's activations behind the ReLU."""
    return plain_run(model, tokens).post


@remembered
def _losses(model: Fixture, tokens: Tensor, post: Tensor) -> Tensor:
    found = logits(model, tokens, post)[:, :-1].log_softmax(-1)
    return -found.gather(2, tokens[:, 1:, None])[..., 0]


def _rise(model: Fixture, tokens: Tensor, before: Tensor, after: Tensor) -> Tensor:
    return _losses(model, tokens, after) - _losses(model, tokens, before)


def _with(edit: Callable[[Tensor, Tensor, Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """The rise under another edit of (x, latents, W_dec, latent)."""

    def formula(model: Fixture, sae: Fixture, tokens: Tensor, latent: int) -> Tensor:
        x = _post(model, tokens)
        own = build(sae.name)
        return _rise(model, tokens, x, edit(x, latents_on(x, sae), own.W_dec, latent))

    return formula


def _of_rise(formula: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda model, sae, tokens, latent: formula(_rise(model, tokens, *_off(model, sae, tokens, latent)))


def _rebuilt(model: Fixture, sae: Fixture, tokens: Tensor, latent: int | None) -> Tensor:
    x, own = _post(model, tokens), build(sae.name)
    latents = latents_on(x, sae)
    if latent is not None:
        latents = latents.index_fill(-1, torch.tensor([latent]), 0.0)
    return latents @ own.W_dec + own.b_dec


_DAMAGE_MISTAKES = (
    Known(
        "error-dropped",
        "Your model runs on the reconstruction without the feature, so you measure what the dictionary misses as well. Keep "
        "the error: take off f * d alone.",
        lambda model, sae, tokens, latent: _rise(
            model, tokens, _post(model, tokens), _rebuilt(model, sae, tokens, latent)
        ),
    ),
    Known(
        "against-the-reconstruction",
        "You compare two runs on the reconstruction. Keep the error in both: then the run with nothing changed is the model "
        "as it is.",
        lambda model, sae, tokens, latent: _rise(
            model, tokens, _rebuilt(model, sae, tokens, None), _rebuilt(model, sae, tokens, latent)
        ),
    ),
    Known(
        "sign-swapped",
        "Your sign is the wrong way round: where the model is worse without the feature, the change is positive.",
        _of_rise(lambda rise: -rise),
    ),
    Known(
        "no-effect",
        "Your change is 0 everywhere: what the hook makes does not reach the model. Does it return the activations?",
        _of_rise(lambda rise: 0 * rise),
    ),
    Known(
        "clean-not-subtracted",
        "You return the loss without the feature; subtract the loss of the model as it is.",
        lambda model, sae, tokens, latent: _losses(
            model, tokens, _off(model, sae, tokens, latent)[1]
        ),
    ),
    Known(
        "neuron-silenced",
        "You silence neuron number `latent`; the latent is a direction over all neurons.",
        _with(lambda x, latents, W_dec, latent: x.index_fill(-1, torch.tensor([latent]), 0.0)),
    ),
    Known(
        "feature-doubled",
        "You add the feature once more instead of taking it off.",
        _with(lambda x, latents, W_dec, latent: x + latents[..., latent, None] * W_dec[latent]),
    ),
    Known(
        "strength-ignored",
        "You take off the direction as it is, as if the latent were 1 everywhere: take off f times the direction.",
        _with(lambda x, latents, W_dec, latent: x - W_dec[latent]),
    ),
    Known(
        "all-features-off",
        "You switch off every latent; one is asked for.",
        _with(lambda x, latents, W_dec, latent: x - latents @ W_dec),
    ),
    Known(
        "whole-direction-removed",
        "You take out everything along the direction, also where the latent is off. Take off what the latent writes: f * d.",
        _with(lambda x, latents, W_dec, latent: x - (x @ W_dec[latent])[..., None] * W_dec[latent]),
    ),
    Known(
        "mean-returned",
        "You return one number; the change at every predicted token is asked for: loss_per_token=True.",
        _of_rise(lambda rise: rise.mean()),
    ),
)  # fmt: skip
