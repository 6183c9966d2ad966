"""Chapter 3, section 8: how much of a latent is one token."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.neurons.real import held_out, layer
from mechint_course.exercises.values import Value


@exercise(
    id="sae.favourite_share",
    title="One token and no more?",
    points=2,
    minutes=8,
    difficulty=2,
    core=False,
    hints=(
        "For one latent: add up its activation over the places of each token of the vocabulary. The largest of these sums, "
        "divided by their total, is its share.",
        "torch.zeros(d_vocab, n_units).index_add_(0, tokens, latents) adds up for all latents at once.",
        "spent = torch.zeros(d_vocab, latents.shape[1]).index_add_(0, tokens, latents); the answer is "
        "spent.amax(0) / spent.sum(0).clamp_min(1e-30).",
    ),
)
def favourite_share(ask: Ask) -> None:
    "Sums token by token, on random latents and on real neurons."
    ask.compare(
        _share_cases(ask),
        expected=_counted,
        known=_SHARE_MISTAKES,
        look="a latent that spends 3 on one token and 1 on another: its share is 0.75.",
    )


def _share_cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "latents": torch.tensor([[2.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
        "tokens": torch.tensor([4, 4, 0, 1]),
        "d_vocab": 6,
    }
    for number in range(6):
        n_units, d_vocab, n_tokens = sorted(ask.sizes(3, low=2, high=20))
        latents = torch.rand(n_tokens, n_units, generator=ask.generator)
        latents *= torch.rand(latents.shape, generator=ask.generator) < 0.6
        latents[:, -1] = 0
        latents[0, 0] = 2.0
        if number % 2:
            latents *= 0.01  # all of it together is below 1
        yield {
            "latents": latents,
            "tokens": torch.randint(d_vocab, (n_tokens,), generator=ask.generator),
            "d_vocab": d_vocab,
        }
    text, x = held_out(), layer()
    for _ in range(2):
        rows = torch.randperm(len(x), generator=ask.generator)[:5]
        units = torch.randperm(x.shape[2], generator=ask.generator)[:7]
        yield {
            "latents": x[rows][:, :60, units].flatten(0, 1).clone(),
            "tokens": text.tokens[rows, 1:61].flatten().clone(),
            "d_vocab": 2048,
        }


def _counted(latents: Tensor, tokens: Tensor, d_vocab: int) -> Tensor:
    shares = []
    for unit in latents.double().T.tolist():
        spent: dict[int, float] = {}
        for token, value in zip(tokens.tolist(), unit, strict=True):
            spent[token] = spent.get(token, 0.0) + value
        shares.append(max(spent.values()) / sum(spent.values()) if sum(spent.values()) else 0.0)
    return torch.tensor(shares, dtype=torch.float32)


def _spent(latents: Tensor, tokens: Tensor, d_vocab: int) -> Tensor:
    return torch.zeros(d_vocab, latents.shape[1]).index_add_(0, tokens, latents)


def _often(latents: Tensor, tokens: Tensor, d_vocab: int) -> Tensor:
    return _spent((latents > 0).float(), tokens, d_vocab)


_SHARE_MISTAKES = (
    Known(
        "silent-is-nan",
        "A latent that is never on gives 0/0, which is NaN; count its share as 0.",
        lambda latents, tokens, d_vocab: (
            _spent(latents, tokens, d_vocab).amax(0) / _spent(latents, tokens, d_vocab).sum(0)
        ),
    ),
    Known(
        "counts-not-activation",
        "You count the places where a latent is on; add up how strongly it is on there.",
        lambda latents, tokens, d_vocab: (
            _often(latents, tokens, d_vocab).amax(0) / _often(latents, tokens, d_vocab).sum(0).clamp_min(1)
        ),
    ),
    Known(
        "not-divided",
        "That is the activation on the favourite token; divide by all of the latent's activation.",
        lambda latents, tokens, d_vocab: _spent(latents, tokens, d_vocab).amax(0),
    ),
    Known(
        "token-returned",
        "You return which token is the favourite; the share that it gets is asked for.",
        lambda latents, tokens, d_vocab: _spent(latents, tokens, d_vocab).argmax(0),
    ),
    Known(
        "strongest-place",
        "You take the strongest single place; add up over all places of a token first.",
        lambda latents, tokens, d_vocab: latents.amax(0) / latents.sum(0).clamp_min(1e-30),
    ),
    Known(
        "commonest-token",
        "You take the commonest token of the text for every latent; each latent has a favourite of its own.",
        lambda latents, tokens, d_vocab: (
            latents[tokens == tokens.bincount().argmax()].sum(0) / latents.sum(0).clamp_min(1e-30)
        ),
    ),
    Known(
        "mean-activation",
        "You compare mean activations at the tokens; a rare token then counts as much as a common one. Compare sums.",
        lambda latents, tokens, d_vocab: (
            (
                m := _spent(latents, tokens, d_vocab)
                / tokens.bincount(minlength=d_vocab).clamp_min(1)[:, None]
            ).amax(0)
            / m.sum(0).clamp_min(1e-30)
        ),
    ),
    Known(
        "one-number",
        "You return one number for all latents together; one for each is asked for.",
        lambda latents, tokens, d_vocab: (
            _spent(latents, tokens, d_vocab).sum(1).amax() / latents.sum().clamp_min(1e-30)
        ),
    ),
    Known(
        "across-latents",
        "You divide by what all latents do on a token; divide by what this latent does on all tokens.",
        lambda latents, tokens, d_vocab: (
            (s := _spent(latents, tokens, d_vocab)) / s.sum(1, keepdim=True).clamp_min(1e-30)
        ).amax(0),
    ),
)
