"""Chapter 3, section 5: bringing dead latents back, by resampling and by AuxK."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_dead = prediction(
    id="sae.guess_dead",
    title="Prediction: who stays silent?",
    options=("under 1 in 50", "1 in 50 to 1 in 10", "more than 1 in 10"),
    core=False,
)


@exercise(
    id="sae.resampling_chances",
    title="Where help is needed",
    points=2,
    minutes=8,
    difficulty=1,
    core=False,
    hints=(
        "One loss for each input: how far is its reconstruction away? Badly reconstructed inputs get a high chance.",
        "The loss of an input is its squared error, summed over its entries. The chance grows with the square of that.",
        "loss = (x - reconstruction).square().sum(-1); the answer is loss**2 / (loss**2).sum().",
    ),
)
def resampling_chances(ask: Ask) -> None:
    "Chances against sums taken number by number."
    ask.compare(
        _badly_reconstructed(ask),
        expected=_chances,
        known=(
            Known(
                "loss-not-squared",
                "Your chances are proportional to the loss; the procedure takes the loss squared, so that the worst inputs "
                "are drawn far more often.",
                lambda x, reconstruction: _shares(_losses(x, reconstruction)),
            ),
            Known(
                "softmax",
                "You take a softmax of the losses: the worst input gets nearly all the chance. Proportional means a division "
                "by the sum.",
                lambda x, reconstruction: _losses(x, reconstruction).softmax(0),
            ),
            Known(
                "softmax",
                "You take a softmax of the squared losses. Proportional means a division by the sum.",
                lambda x, reconstruction: _losses(x, reconstruction).square().softmax(0),
            ),
            Known(
                "not-normalised",
                "Your numbers do not add up to 1: divide by their sum.",
                lambda x, reconstruction: _losses(x, reconstruction).square(),
            ),
            Known(
                "size-of-the-input",
                "You measure how large an input is; measure how far its reconstruction is away from it.",
                lambda x, reconstruction: _shares(x.square().sum(1).square()),
            ),
            Known(
                "best-first",
                "Your chances are high where the reconstruction is good: turn them round.",
                lambda x, reconstruction: _shares(1 / _losses(x, reconstruction).square()),
            ),
            Known(
                "over-the-entries",
                "You add up over the inputs and get a number for each entry of x: one for each input is asked for.",
                lambda x, reconstruction: _shares((x - reconstruction).square().sum(0).square()),
            ),
            Known(
                "fourth-powers-summed",
                "You square every entry's loss before you add: add the squared errors of an input first, then square.",
                lambda x, reconstruction: _shares((x - reconstruction).pow(4).sum(1)),
            ),
            Known(
                "worst-only",
                "You give all the chance to the worst input. Then all dead latents would start at the same place.",
                lambda x, reconstruction: (
                    _losses(x, reconstruction) == _losses(x, reconstruction).max()
                ).float(),
            ),
        ),
        look="two inputs with the losses 1 and 3: their chances are 1/10 and 9/10.",
    )


def _badly_reconstructed(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[1.0, 0.0], [1.0, 2.0]]),
        "reconstruction": torch.tensor([[0.0, 0.0], [0.0, 2.0 - 2**0.5]]),
    }
    for _ in range(8):
        n_inputs, d_in = ask.sizes(2, low=3, high=9)
        x = 2 * torch.randn(n_inputs, d_in, generator=ask.generator) + 1
        yield {"x": x, "reconstruction": x + torch.randn(x.shape, generator=ask.generator) * x.abs()}


def _losses(x: Tensor, reconstruction: Tensor) -> Tensor:
    return (x - reconstruction).square().sum(1)


def _shares(values: Tensor) -> Tensor:
    return values / values.sum()


def _chances(x: Tensor, reconstruction: Tensor) -> Tensor:
    squared = []
    for row, made in zip(x.double().tolist(), reconstruction.double().tolist(), strict=True):
        squared.append(sum((a - b) ** 2 for a, b in zip(row, made, strict=True)) ** 2)
    return torch.tensor([value / sum(squared) for value in squared])


@exercise(
    id="sae.restart",
    title="Start again",
    points=3,
    minutes=12,
    difficulty=2,
    core=False,
    hints=(
        "Three things change, and only for the dead latents: a row of W_dec, a column of W_enc, an entry of b_enc.",
        "directions = inputs - b_dec, each row divided by its length. The living latents' mean encoder length is "
        "W_enc[:, ~dead].norm(dim=0).mean().",
        "W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone(), then W_dec[dead] = directions, "
        "W_enc[:, dead] = (0.2 * length * directions).T and b_enc[dead] = 0.",
    ),
)
def restart(ask: Ask) -> None:
    "The three tensors, against filling them latent by latent."
    ask.compare(
        _some_dead(ask),
        expected=_restarted,
        known=_RESTARTS,
        look="one dead latent: the length of its encoder column, and of its decoder row.",
    )


def _some_dead(ask: Ask) -> Iterator[dict[str, Tensor]]:
    for _ in range(6):
        d_in, d_sae = ask.sizes(2, low=3, high=9)
        dead = torch.zeros(d_sae, dtype=torch.bool)
        dead[torch.randperm(d_sae, generator=ask.generator)[: ask.random.randint(1, d_sae - 2)]] = True

        def drawn(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=ask.generator) + 0.3

        yield {
            "dead": dead,
            "inputs": 3 * drawn(int(dead.sum()), d_in),
            "W_enc": 2 * drawn(d_in, d_sae),
            "b_enc": drawn(d_sae),
            "W_dec": torch.nn.functional.normalize(drawn(d_sae, d_in), dim=1),
            "b_dec": drawn(d_in),
        }


Restarted = tuple[Tensor, Tensor, Tensor]


def _restarted(
    dead: Tensor, inputs: Tensor, W_enc: Tensor, b_enc: Tensor, W_dec: Tensor, b_dec: Tensor
) -> Restarted:
    columns, biases, rows = list(W_enc.T), b_enc.tolist(), list(W_dec)
    lengths = [float(columns[j].square().sum()) ** 0.5 for j in range(len(dead)) if not dead[j]]
    taken = 0
    for j in range(len(dead)):
        if dead[j]:
            away = inputs[taken] - b_dec
            rows[j] = away / away.square().sum() ** 0.5
            columns[j] = rows[j] * 0.2 * sum(lengths) / len(lengths)
            biases[j], taken = 0.0, taken + 1
    return torch.stack(columns, dim=1), torch.tensor(biases), torch.stack(rows)


def _variant(
    *,
    centre: float = 1.0,
    length: Callable[[Tensor, Tensor], Tensor] = lambda W_enc, dead: 0.2 * W_enc[:, ~dead].norm(dim=0).mean(),
    scaled: bool = True,
    bias: Callable[[Tensor, Tensor], Tensor] = lambda b_enc, dead: torch.where(dead, 0, b_enc),
    turned: bool = False,
) -> Callable[..., Restarted]:
    """The right procedure with one thing changed."""

    def formula(
        dead: Tensor, inputs: Tensor, W_enc: Tensor, b_enc: Tensor, W_dec: Tensor, b_dec: Tensor
    ) -> Restarted:
        away = inputs - centre * b_dec
        directions = away / away.norm(dim=1, keepdim=True) if scaled else away
        which = ~dead if turned else dead
        W_enc, W_dec = W_enc.clone(), W_dec.clone()
        W_enc[:, which] = (length(W_enc, dead) * directions).T
        W_dec[which] = directions
        return W_enc, bias(b_enc, which), W_dec

    return formula


_RESTARTS = (
    Known(
        "b-dec-not-subtracted",
        "Your directions point to the inputs themselves. b_dec is added back by the decoder, so it is taken off first: inputs - b_dec.",
        _variant(centre=0.0),
    ),
    Known(
        "b-dec-added",
        "You add b_dec to the inputs; take it off.",
        _variant(centre=-1.0),
    ),
    Known(
        "rows-not-length-one",
        "Your new decoder rows do not have length 1: divide each by its own length.",
        _variant(scaled=False),
    ),
    Known(
        "encoder-too-long",
        "Your new encoder columns are as long as a living latent's. With 0.2 of that a new latent begins quietly.",
        _variant(length=lambda W_enc, dead: W_enc[:, ~dead].norm(dim=0).mean()),
    ),
    Known(
        "encoder-length-one",
        "Your new encoder columns have length 0.2 or 1, whatever the living ones have: measure the living ones first.",
        _variant(length=lambda W_enc, dead: torch.tensor(0.2)),
    ),
    Known(
        "encoder-length-one",
        "Your new encoder columns have length 0.2 or 1, whatever the living ones have: measure the living ones first.",
        _variant(length=lambda W_enc, dead: torch.tensor(1.0)),
    ),
    Known(
        "dead-measured-too",
        "Your mean length counts the dead latents as well; only the living ones say how long a column should be.",
        _variant(length=lambda W_enc, dead: 0.2 * W_enc.norm(dim=0).mean()),
    ),
    Known(
        "rows-measured",
        "You measure the rows of W_enc. A latent's encoder is a column: norm(dim=0).",
        _variant(length=lambda W_enc, dead: 0.2 * W_enc.norm(dim=1).mean()),
    ),
    Known(
        "rows-measured",
        "You measure the rows of W_enc. A latent's encoder is a column: norm(dim=0).",
        _variant(length=lambda W_enc, dead: 0.2 * W_enc[:, ~dead].norm(dim=1).mean()),
    ),
    Known(
        "bias-kept",
        "The new latents keep the old bias, which is what kept them silent: set it to 0.",
        _variant(bias=lambda b_enc, dead: b_enc),
    ),
    Known(
        "all-biases-reset",
        "You set every bias to 0; the living latents keep theirs.",
        _variant(bias=lambda b_enc, dead: torch.zeros_like(b_enc)),
    ),
)
