"""Chapter 3, section 1: the part of a gradient that leaves the lengths of the decoder's rows alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="sae.tangent",
    title="Turn, do not stretch",
    points=2,
    minutes=6,
    difficulty=2,
    core=True,
    hints=(
        "Each row has a gradient of its own. How much of it lies along the row? Take that much of the row away.",
        "(gradient * W_dec).sum(dim=1, keepdim=True) says, for each row, how much of the gradient lies along it.",
        "along = (gradient * W_dec).sum(dim=1, keepdim=True); return gradient - along * W_dec.",
    ),
)
def tangent(ask: Ask) -> None:
    "Every row against what is left of it in a basis of directions at right angles to the row."
    ask.compare(
        _cases(ask),
        expected=_in_a_basis,
        known=(
            Known(
                "along-kept",
                "You return the part along each row; that is the part to take away.",
                lambda W_dec, gradient: _along(W_dec, gradient) * W_dec,
            ),
            Known(
                "along-added",
                "You add the part along each row; it is taken away.",
                lambda W_dec, gradient: gradient + _along(W_dec, gradient) * W_dec,
            ),
            Known(
                "not-along-the-row",
                "You subtract the number (gradient . row) from every entry. Subtract that much of the row itself.",
                lambda W_dec, gradient: gradient - _along(W_dec, gradient),
            ),
            Known(
                "columns-for-rows",
                "You work along the columns. A latent's direction is a row of W_dec: sum over d_in, dim 1.",
                lambda W_dec, gradient: gradient - (gradient * W_dec).sum(0, keepdim=True) * W_dec,
            ),
            Known(
                "one-number-for-all",
                "You take one product over the whole matrix. Every row needs its own.",
                lambda W_dec, gradient: gradient - (gradient * W_dec).sum() * W_dec,
            ),
            Known(
                "all-rows-removed",
                "You take away the parts along all other rows too. Each gradient only loses what lies along its own row.",
                lambda W_dec, gradient: gradient - gradient @ W_dec.T @ W_dec,
            ),
            Known(
                "whole-row-removed",
                "You take the whole row away. Take away as much of it as the gradient has: the row times (gradient . row).",
                lambda W_dec, gradient: gradient - W_dec,
            ),
            Known(
                "size-ignored",
                "You use the size of the part along the row without its sign.",
                lambda W_dec, gradient: gradient - _along(W_dec, gradient).abs() * W_dec,
            ),
            Known(
                "gradient-normalised",
                "You also scale what is left to length 1. It keeps the length it has.",
                lambda W_dec, gradient: torch.nn.functional.normalize(_rest(W_dec, gradient), dim=1),
            ),
            Known(
                "gradient-removed",
                "You swapped the two: you take the gradient's direction out of the row. The row stays as it is.",
                lambda W_dec, gradient: (
                    W_dec
                    - _along(W_dec, gradient)
                    / gradient.square().sum(1, keepdim=True).clamp_min(1e-12)
                    * gradient
                ),
            ),
            Known("unchanged", "Your gradient is the one you were given.", lambda W_dec, gradient: gradient),
        ),
        look="one row by hand: the result times the row, summed, must be 0.",
    )


def _along(W_dec: Tensor, gradient: Tensor) -> Tensor:
    return (gradient * W_dec).sum(1, keepdim=True)


def _rest(W_dec: Tensor, gradient: Tensor) -> Tensor:
    return gradient - _along(W_dec, gradient) * W_dec


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "W_dec": torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]]),
        "gradient": torch.tensor([[3.0, 2.0], [1.0, -2.0], [1.0, 2.0]]),
    }
    for _ in range(10):
        d_sae, d_in = ask.sizes(2)
        W_dec = torch.randn(d_sae, d_in, generator=ask.generator)
        yield {
            "W_dec": W_dec / W_dec.norm(dim=1, keepdim=True),
            "gradient": 2 * torch.randn(d_sae, d_in, generator=ask.generator),
        }


def _in_a_basis(W_dec: Tensor, gradient: Tensor) -> Tensor:
    rows = []
    for row, slope in zip(W_dec.double(), gradient.double(), strict=True):
        # A full set of right-angled directions that begins with the row; the rest of them hold what is left.
        others = torch.linalg.svd(row[None], full_matrices=True).Vh[1:]
        rows.append((others @ slope) @ others)
    return torch.stack(rows)
