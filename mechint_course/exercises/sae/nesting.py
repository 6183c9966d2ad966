"""Chapter 3, section 10: dictionaries inside a dictionary."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.values import Value


@exercise(
    id="sae.nested_loss",
    title="Dictionaries inside a dictionary",
    points=3,
    minutes=12,
    difficulty=3,
    core=False,
    hints=(
        "For one size m: reconstruct x from the first m latents alone, and take the squared distance, summed over d_in and "
        "averaged over the batch.",
        "latents[:, :m] @ W_dec[:m] + b_dec is that reconstruction. The loss is the mean of the losses of all sizes.",
        "losses = [(x - latents[:, :m] @ W_dec[:m] - b_dec).square().sum(-1).mean() for m in sizes]; the answer is "
        "sum(losses) / len(sizes).",
    ),
)
def nested_loss(ask: Ask) -> None:
    "Sums one size after another, latent by latent; with gradients."
    ask.compare(
        _nests(ask),
        expected=_by_latent,
        known=_NEST_MISTAKES,
        gradients=("latents", "W_dec", "b_dec"),
        look="one size alone: with sizes (d_sae,) the loss is that of an ordinary dictionary.",
    )


def _nests(ask: Ask) -> Iterator[dict[str, Value]]:
    yield {
        "x": torch.tensor([[3.0, 1.0]]),
        "latents": torch.tensor([[2.0, 1.0]]),
        "W_dec": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        "b_dec": torch.tensor([1.0, 0.0]),
        "sizes": (1, 2),
    }
    for number in range(4):
        batch, d_in, d_sae = sorted(ask.sizes(3, low=3, high=11))
        latents = torch.rand(batch, d_sae, generator=ask.generator) * (
            torch.rand(batch, d_sae, generator=ask.generator) < 0.6
        )
        cuts = sorted(ask.random.sample(range(1, d_sae), 1 + number % 2)) if number else []
        yield {
            "x": torch.randn(batch, d_in, generator=ask.generator),
            "latents": latents,
            "W_dec": torch.randn(d_sae, d_in, generator=ask.generator),
            "b_dec": torch.randn(d_in, generator=ask.generator),
            "sizes": (*cuts, d_sae),
        }


def _by_latent(x: Tensor, latents: Tensor, W_dec: Tensor, b_dec: Tensor, sizes: tuple[int, ...]) -> Tensor:
    total = torch.zeros((), dtype=x.dtype)
    for size in sizes:
        for row, values in zip(x, latents, strict=True):
            made = b_dec
            for j in range(size):
                made = made + values[j] * W_dec[j]
            total = total + ((row - made) ** 2).sum() / len(x)
    return total / len(sizes)


def _errors(x: Tensor, latents: Tensor, W_dec: Tensor, b_dec: Tensor, sizes: tuple[int, ...]) -> list[Tensor]:
    return [x - latents[:, :m] @ W_dec[:m] - b_dec for m in sizes]


def _squares(*case: Value) -> Tensor:
    return torch.stack([error.square().sum(-1).mean() for error in _errors(*case)])


_NEST_MISTAKES = (
    Known(
        "summed-over-sizes",
        "You add the losses of the sizes; their mean is asked for, so that the learning rate keeps its meaning.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, b_dec, sizes).sum(),
    ),
    Known(
        "whole-only",
        "That is the loss of the whole dictionary; every prefix has to reconstruct x by itself.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, b_dec, sizes)[-1],
    ),
    Known(
        "smallest-only",
        "That is the loss of the smallest prefix; all sizes count.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, b_dec, sizes)[0],
    ),
    Known(
        "bias-missing",
        "b_dec is missing: every prefix adds it.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, 0 * b_dec, sizes).mean(),
    ),
    Known(
        "mean-over-d-in",
        "You average over d_in; add up over d_in and average over the batch.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, b_dec, sizes).mean() / x.shape[1],
    ),
    Known(
        "not-averaged-over-batch",
        "You add up over the batch; average over it.",
        lambda x, latents, W_dec, b_dec, sizes: _squares(x, latents, W_dec, b_dec, sizes).mean() * len(x),
    ),
    Known(
        "groups-not-prefixes",
        "Each of your groups reconstructs x from its own latents only; a prefix holds all groups before it too.",
        lambda x, latents, W_dec, b_dec, sizes: torch.stack(
            [
                (x - latents[:, a:b] @ W_dec[a:b] - b_dec).square().sum(-1).mean()
                for a, b in zip((0, *sizes), sizes, strict=False)
            ]
        ).mean(),
    ),
    Known(
        "bias-each-time",
        "You add b_dec once for each group before; one prefix adds it once.",
        lambda x, latents, W_dec, b_dec, sizes: torch.stack(
            [
                (x - latents[:, :m] @ W_dec[:m] - (i + 1) * b_dec).square().sum(-1).mean()
                for i, m in enumerate(sizes)
            ]
        ).mean(),
    ),
    Known(
        "not-squared",
        "You take distances; squared distances are asked for.",
        lambda x, latents, W_dec, b_dec, sizes: torch.stack(
            [error.norm(dim=-1).mean() for error in _errors(x, latents, W_dec, b_dec, sizes)]
        ).mean(),
    ),
    Known(
        "last-latents",
        "You take the last latents of the dictionary; a prefix is its first ones.",
        lambda x, latents, W_dec, b_dec, sizes: torch.stack(
            [(x - latents[:, -m:] @ W_dec[-m:] - b_dec).square().sum(-1).mean() for m in sizes]
        ).mean(),
    ),
    Known(
        "losses-returned",
        "You return a loss for each size; their mean is asked for.",
        _squares,
    ),
)
