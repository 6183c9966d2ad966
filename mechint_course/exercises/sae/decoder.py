"""Chapter 3, section 1: the decoder of a dictionary."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="sae.decode",
    title="Back to the neurons",
    points=2,
    minutes=4,
    difficulty=1,
    core=True,
    hints=(
        "Each row of W_dec is the direction of one latent. How much of each direction does an input get?",
        "A weighted sum of the rows of W_dec, with the latents as weights, is one matrix product. One bias is still missing.",
        "latents @ W_dec is [batch, d_in]. Add the bias that the encoder took away.",
    ),
)
def decode(ask: Ask) -> None:
    "Values and gradients against a sum of directions, latent by latent."
    ask.compare(
        _decode_cases(ask),
        expected=_direction_by_direction,
        known=(
            Known(
                "b-dec-not-added",
                "b_dec is missing: the encoder took it away from x, so the decoder adds it back.",
                lambda latents, W_dec, b_dec: latents @ W_dec,
            ),
            Known(
                "b-dec-subtracted",
                "You subtract b_dec; the decoder adds back what the encoder took away.",
                lambda latents, W_dec, b_dec: latents @ W_dec - b_dec,
            ),
            Known(
                "b-dec-per-latent",
                "You add b_dec once for each latent, times its strength. It is added once.",
                lambda latents, W_dec, b_dec: latents @ (W_dec + b_dec),
            ),
            Known(
                "relu-on-output",
                "You apply a ReLU to the reconstruction. The decoder has none: it is a plain weighted sum.",
                lambda latents, W_dec, b_dec: (latents @ W_dec + b_dec).relu(),
            ),
            Known(
                "relu-on-output",
                "You apply a ReLU before b_dec is added. The decoder has none: it is a plain weighted sum.",
                lambda latents, W_dec, b_dec: (latents @ W_dec).relu() + b_dec,
            ),
            Known(
                "strength-ignored",
                "You add up the directions of all latents that are on, but not times how strongly they are on.",
                lambda latents, W_dec, b_dec: (latents > 0).to(W_dec) @ W_dec + b_dec,
            ),
            Known(
                "averaged",
                "You average over the latents; the decoder adds them up.",
                lambda latents, W_dec, b_dec: latents @ W_dec / latents.shape[1] + b_dec,
            ),
            Known(
                "averaged",
                "You average over the latents that are on; the decoder adds them up.",
                lambda latents, W_dec, b_dec: (
                    latents @ W_dec / (latents > 0).sum(1, keepdim=True).clamp_min(1) + b_dec
                ),
            ),
            Known(
                "directions-normalised",
                "You rescale the rows of W_dec to length 1. Here they are used as they are.",
                lambda latents, W_dec, b_dec: latents @ (W_dec / W_dec.norm(dim=1, keepdim=True)) + b_dec,
            ),
            Known(
                "directions-normalised",
                "You rescale the columns of W_dec to length 1. W_dec is used as it is.",
                lambda latents, W_dec, b_dec: latents @ (W_dec / W_dec.norm(dim=0, keepdim=True)) + b_dec,
            ),
        ),
        gradients=("latents", "W_dec", "b_dec"),
        look="one input with one latent on: its reconstruction is that latent's row of W_dec, scaled, plus b_dec.",
    )


def _decode_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "latents": torch.tensor([[2.0, 0.0], [0.0, 0.0]]),
        "W_dec": torch.tensor([[1.0, 0.0, -3.0], [0.5, 0.5, 0.5]]),
        "b_dec": torch.tensor([0.0, 1.0, 2.0]),
    }
    for _ in range(5):
        batch, d_in, d_sae = ask.sizes(3)
        latents = torch.randn(batch, d_sae, generator=ask.generator).relu() * 2
        latents[0, 0] = 1.7  # something is on
        yield {
            "latents": latents,
            "W_dec": torch.randn(d_sae, d_in, generator=ask.generator),
            "b_dec": torch.randn(d_in, generator=ask.generator),
        }


def _direction_by_direction(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    latents, W_dec, b_dec = latents.double(), W_dec.double(), b_dec.double()
    rows = []
    for i in range(len(latents)):
        total = b_dec
        for j in range(len(W_dec)):
            total = total + latents[i, j] * W_dec[j]
        rows.append(total)
    return torch.stack(rows)
