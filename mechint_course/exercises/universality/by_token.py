"""Chapter 4, section 4: the part of an activation that the current token gives away, on real activations."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction
from mechint_course.exercises.neurons.real import held_out
from mechint_course.exercises.universality.real import latents_read, tokens_read
from mechint_course.exercises.values import Value

guess_tokens = prediction(
    id="universality.guess_tokens",
    title="Prediction: a model that learned nothing",
    options=("about 0", "clearly above luck, but less than A and B", "as much as A and B"),
    core=True,
)


@exercise(
    id="universality.token_part",
    title="What the token alone gives away",
    points=3,
    minutes=9,
    difficulty=2,
    core=True,
    hints=(
        "At each place, look for all places that hold the same token. The mean activation over those is what you would guess "
        "here if you knew the token alone.",
        "Sums for each token first: torch.zeros(n_vocab, n).index_add(0, tokens, activations); the counts by "
        "torch.bincount. Their quotient is a table of means, and table[tokens] puts it back in place.",
        "n = int(tokens.max()) + 1; sums = torch.zeros(n, activations.shape[1]).index_add(0, tokens, activations); count = "
        "torch.bincount(tokens, minlength=n).clamp(min=1); return (sums / count[:, None])[tokens].",
    ),
)
def token_part(ask: Ask) -> None:
    "The mean over equal tokens at every place, by looking at each pair of places; on model A's latents and real text."
    ask.compare(
        _cases(ask),
        expected=_place_by_place,
        known=_MISTAKES,
        look="one token that occurs twice: both places must get the same number, the mean of the two.",
        atol=1e-4,
        rtol=1e-3,
    )


def _cases(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {"activations": torch.tensor([[1.0], [4.0], [3.0], [0.0]]), "tokens": torch.tensor([7, 2, 7, 7])}
    latents, tokens, domain = latents_read("A"), tokens_read(), held_out().domain
    length, made = tokens.shape[1], 0
    while made < 8:
        rows = torch.nonzero(domain == ask.random.choice(domain.unique().tolist()))[:, 0]
        n_places = ask.random.randint(30, 70)
        start = ask.random.randrange(length - n_places)
        row = int(rows[ask.random.randrange(len(rows))])
        places = slice(row * length + start, row * length + start + n_places)
        own = tokens[row, start : start + n_places].clone()
        strongest = latents[places].sum(0).topk(9).indices
        chosen = strongest[torch.randperm(9, generator=ask.generator)[: ask.random.randint(3, 6)]]
        x = latents[places][:, chosen].clone()
        case = {"activations": x, "tokens": own}
        right = _place_by_place(**case)
        # The token must explain something and not everything, or mistakes would look right.
        if (right - x.double()).abs().max() > 0.05 and (right - x.double().mean(0)).abs().max() > 0.05:
            made += 1
            yield case


def _place_by_place(activations: Tensor, tokens: Tensor) -> Tensor:
    same = (tokens[:, None] == tokens[None, :]).double()
    return same @ activations.double() / same.sum(1, keepdim=True)


def _rest(activations: Tensor, tokens: Tensor) -> Tensor:
    return activations.double() - _place_by_place(activations, tokens)


def _others(activations: Tensor, tokens: Tensor) -> Tensor:
    same = (tokens[:, None] == tokens[None, :]).double().fill_diagonal_(0)
    return same @ activations.double() / same.sum(1, keepdim=True).clamp_min(1)


def _when_on(activations: Tensor, tokens: Tensor) -> Tensor:
    same = (tokens[:, None] == tokens[None, :]).double()
    return same @ activations.double() / (same @ (activations > 0).double()).clamp_min(1)


def _shifted(by: int) -> Callable[..., Tensor]:
    return lambda activations, tokens: _place_by_place(activations, tokens.roll(by))


_MISTAKES = (
    Known("residual", "This is what the token does *not* explain, f - E[f | token]. The mean itself is asked for.", _rest),
    Known("residual", "This is what the token does not explain, with the sign turned round. The mean itself is asked for.",
          lambda activations, tokens: -_rest(activations, tokens)),
    Known("mean-of-all", "Every place gets the same number, the mean over all tokens. Each token has a mean of its own.",
          lambda activations, tokens: activations.mean(0).expand_as(activations)),
    Known("sum-not-mean", "You add up the activations at equal tokens; divide by how many such places there are.",
          lambda activations, tokens: _place_by_place(activations, tokens) * _count(tokens)[:, None]),
    Known("divided-by-all", "You divide by the number of all places. Divide by the number of places with this token.",
          lambda activations, tokens: _place_by_place(activations, tokens) * _count(tokens)[:, None] / len(tokens)),
    Known("itself-left-out", "You take the mean over the *other* places with the same token. Here the place itself counts too.", _others),
    Known("only-when-on", "You take the mean over the places where the latent is on. Where it is off, the place counts with 0.", _when_on),
    Known("table-returned", "You return a row for each token of the vocabulary. A row for each place is asked for: table[tokens].",
          lambda activations, tokens: _table(activations, tokens, int(tokens.max()) + 1)),
    Known("table-returned", "You return a row for each different token. A row for each place is asked for.",
          lambda activations, tokens: torch.stack([_place_by_place(activations, tokens)[tokens == t][0] for t in tokens.unique()])),
    Known("neighbour-token", "You go by the token before. The token at the place itself is the one that counts.", _shifted(1)),
    Known("neighbour-token", "You go by the next token. The token at the place itself is the one that counts.", _shifted(-1)),
    Known("last-wins", "Each token keeps the activation of its last place: an assignment with repeated indices does not add up. "
          "index_add does.", lambda activations, tokens: torch.stack([activations[tokens == t][-1] for t in tokens])),
    Known("last-over-count", "An assignment with repeated indices keeps the last place alone; you divide that by the count. "
          "index_add adds them all up.",
          lambda activations, tokens: torch.stack([activations[tokens == t][-1] for t in tokens]) / _count(tokens)[:, None]),
    Known("running-mean", "You average over the places so far; all places with the same token count, later ones too.",
          lambda activations, tokens: torch.stack([
              activations[: i + 1][tokens[: i + 1] == tokens[i]].double().mean(0) for i in range(len(tokens))])),
    Known("unchanged", "You return the activations as they are.", lambda activations, tokens: activations),
    Known("averaged-over-features", "You average over the features as well; each feature has a mean of its own.",
          lambda activations, tokens: _place_by_place(activations, tokens).mean(1)),
)  # fmt: skip


def _count(tokens: Tensor) -> Tensor:
    return (tokens[:, None] == tokens[None, :]).sum(1).double()


def _table(activations: Tensor, tokens: Tensor, size: int) -> Tensor:
    table = torch.zeros(size, activations.shape[1], dtype=torch.float64)
    table[tokens] = _place_by_place(activations, tokens)
    return table
