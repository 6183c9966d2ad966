"""Chapter 3, section 1: the encoder of Bricken et al. 2023."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="sae.relu_encode",
    title="From neurons to latents",
    points=2,
    minutes=4,
    difficulty=1,
    core=True,
    hints=(
        "Three steps, in the formula's order: take b_dec away, one number for each latent, the ReLU.",
        "(x - b_dec) is [batch, d_in] and W_enc is [d_in, d_sae]: their matrix product has one number for each latent.",
        "torch.relu((x - b_dec) @ W_enc + b_enc).",
    ),
)
def relu_encode(ask: Ask) -> None:
    "Values and gradients against a loop over latents."
    ask.compare(
        _cases(ask),
        expected=_latent_by_latent,
        known=(
            *bias_mistakes(_wrong),
            Known(
                "relu-missing",
                "The ReLU is missing: some of your latents are negative.",
                lambda x, W_enc, b_enc, b_dec: (x - b_dec) @ W_enc + b_enc,
            ),
            Known(
                "bias-after-relu",
                "You add b_enc after the ReLU. It belongs inside: a negative bias keeps a latent off for weak inputs.",
                lambda x, W_enc, b_enc, b_dec: ((x - b_dec) @ W_enc).relu() + b_enc,
            ),
            Known(
                "absolute-value",
                "You take absolute values: a strongly negative latent comes out on. It is off.",
                lambda x, W_enc, b_enc, b_dec: ((x - b_dec) @ W_enc + b_enc).abs(),
            ),
            Known(
                "strength-lost",
                "Your latents are 0 or 1: how strongly each one is on is lost.",
                lambda x, W_enc, b_enc, b_dec: ((x - b_dec) @ W_enc + b_enc > 0).float(),
            ),
        ),
        gradients=("x", "W_enc", "b_enc", "b_dec"),
        look="the steps in their order (subtract b_dec, multiply, add b_enc, ReLU), with one input by hand.",
    )


def bias_mistakes(wrong: Callable[[Callable[..., Tensor]], Callable[..., Tensor]]) -> tuple[Known, ...]:
    """What goes wrong with the two biases of any encoder; `wrong` makes an answer of a pre-activation."""
    return (
        Known(
            "b-dec-not-subtracted",
            "You do not subtract b_dec from x. The decoder adds b_dec at the end, so the encoder must take it away first.",
            wrong(lambda x, W, b, c: x @ W + b),
        ),
        Known(
            "b-dec-added",
            "You add b_dec to x; the encoder subtracts it.",
            wrong(lambda x, W, b, c: (x + c) @ W + b),
        ),
        Known(
            "b-enc-missing",
            "Your latents ignore b_enc, the threshold that each latent learns for itself.",
            wrong(lambda x, W, b, c: (x - c) @ W),
        ),
        Known(
            "b-enc-subtracted",
            "You subtract b_enc; the formula adds it.",
            wrong(lambda x, W, b, c: (x - c) @ W - b),
        ),
        Known(
            "biases-missing",
            "Your latents ignore both b_dec and b_enc.",
            wrong(lambda x, W, b, c: x @ W),
        ),
    )


def _wrong(pre: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The ReLU on a wrong pre-activation."""
    return lambda x, W_enc, b_enc, b_dec: pre(x, W_enc, b_enc, b_dec).relu()


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {
        "x": torch.tensor([[3.0, 1.0], [1.0, -3.0]]),
        "W_enc": torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]]),
        "b_enc": torch.tensor([-0.5, 0.5, 0.25]),
        "b_dec": torch.tensor([1.0, 0.75]),
    }
    for _ in range(5):
        batch, d_in, d_sae = ask.sizes(3)
        case = {
            "x": torch.randn(batch, d_in, generator=ask.generator) + 0.5,
            "W_enc": torch.randn(d_in, d_sae, generator=ask.generator),
            "b_enc": torch.randn(d_sae, generator=ask.generator),
            "b_dec": torch.randn(d_in, generator=ask.generator) + 0.5,
        }
        yield case


def _latent_by_latent(x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    x, W_enc, b_enc, b_dec = x.double(), W_enc.double(), b_enc.double(), b_dec.double()
    h = [((x - b_dec) * W_enc[:, j]).sum(1) + b_enc[j] for j in range(W_enc.shape[1])]
    return torch.stack([values * (values > 0) for values in h], dim=1)
