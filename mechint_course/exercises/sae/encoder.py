"""Chapter 3, section 3: the encoder of a top-k dictionary."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise
from mechint_course.exercises.sae.relu_encoder import bias_mistakes

Case = dict[str, Tensor | int]
_LEAST_GAP = 1e-3


@exercise(
    id="sae.encode",
    title="Which features are on?",
    points=3,
    minutes=8,
    difficulty=2,
    core=True,
    hints=(
        "Three steps: one number for each latent, then keep k of them in each row, then the ReLU. "
        "Write the first on its own and look at its shape.",
        "h = (x - b_dec) @ W_enc + b_enc is [batch, d_sae]. h.topk(k, dim=-1) gives values and indices, both [batch, k]. "
        "All other latents are zero.",
        "values, indices = h.topk(k, dim=-1), then torch.zeros_like(h).scatter(-1, indices, values.relu()).",
    ),
)
def encode(ask: Ask) -> None:
    "Values and gradients against a loop over inputs and latents that sorts each row."
    ask.compare(
        _encode_cases(ask),
        expected=_latent_by_latent,
        known=_ENCODE_MISTAKES,
        gradients=("x", "W_enc", "b_enc", "b_dec"),
        look="the steps in their order (subtract b_dec, multiply, add b_enc, keep the k largest, ReLU), one row by hand.",
    )


def _encode_cases(ask: Ask) -> Iterator[Case]:
    yield {
        "x": torch.tensor([[3.0, 1.0], [1.0, -3.0]]),
        "W_enc": torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]]),
        "b_enc": torch.tensor([0.0, 0.5, 0.5]),
        "b_dec": torch.tensor([1.0, 0.0]),
        "k": 1,
    }
    for number in range(6):
        batch, d_in, d_sae = sorted(ask.sizes(3, low=2, high=11))
        batch = 12 if number == 0 else batch  # once more inputs than latents
        k = (1, d_sae)[number] if number < 2 else ask.random.randint(1, d_sae - 1)
        while True:
            tensors = {
                "x": torch.randn(batch, d_in, generator=ask.generator) + 0.5,
                "W_enc": torch.randn(d_in, d_sae, generator=ask.generator),
                "b_enc": torch.randn(d_sae, generator=ask.generator),
                "b_dec": torch.randn(d_in, generator=ask.generator) + 0.5,
            }
            if _clear(_pre(**tensors)):
                yield {**tensors, "k": k}
                break


def _clear(h: Tensor) -> bool:
    """No two pre-activations of one input are so close that rounding could swap them, by size or by absolute size."""
    ordered = [values.sort(dim=1).values for values in (h, h.abs())]
    return all(float(values.diff(dim=1).min()) > _LEAST_GAP for values in ordered)


def _latent_by_latent(x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, k: int) -> Tensor:
    x, W_enc, b_enc, b_dec = x.double(), W_enc.double(), b_enc.double(), b_dec.double()
    rows = []
    for i in range(len(x)):
        h = (W_enc.T * (x[i] - b_dec)).sum(1) + b_enc
        values = h.tolist()
        kept = sorted(range(len(values)), key=lambda j: -values[j])[:k]
        rows.append(h * torch.tensor([j in kept and values[j] > 0 for j in range(len(values))]))
    return torch.stack(rows)


def _pre(x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor) -> Tensor:
    return (x - b_dec) @ W_enc + b_enc


def _kept(h: Tensor, k: int, *, by: Tensor | None = None, dim: int = 1) -> Tensor:
    by = h if by is None else by
    mask = torch.zeros_like(h).scatter(dim, by.topk(min(k, h.shape[dim]), dim=dim).indices, 1.0)
    return h * mask


def _wrong(pre: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The right answer on a wrong pre-activation."""
    return lambda x, W_enc, b_enc, b_dec, k: _kept(pre(x, W_enc, b_enc, b_dec), k).relu()


def _late(change: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """A wrong answer on the right pre-activation."""
    return lambda x, W_enc, b_enc, b_dec, k: change(_pre(x, W_enc, b_enc, b_dec), k)


_ENCODE_MISTAKES = (
    *bias_mistakes(_wrong),
    Known(
        "bias-after-selection",
        "You pick the k largest before b_enc is added, so the wrong latents are kept.",
        lambda x, W_enc, b_enc, b_dec, k: _kept(
            _pre(x, W_enc, b_enc, b_dec), k, by=_pre(x, W_enc, 0 * b_enc, b_dec)
        ).relu(),
    ),
    Known(
        "bias-everywhere",
        "You add b_enc after the selection, so latents that were not kept are on too.",
        lambda x, W_enc, b_enc, b_dec, k: (_kept(_pre(x, W_enc, 0 * b_enc, b_dec), k) + b_enc).relu(),
    ),
    Known(
        "relu-missing",
        "The ReLU is missing: where fewer than k latents are above zero, negative ones stay on.",
        _late(lambda h, k: _kept(h, k)),
    ),
    Known(
        "topk-missing",
        "You keep every positive latent; only the k largest of each input stay on.",
        _late(lambda h, k: h.relu()),
    ),
    Known(
        "largest-by-size",
        "You pick the k largest absolute values. A strongly negative latent is off, not on.",
        _late(lambda h, k: _kept(h, k, by=h.abs()).relu()),
    ),
    Known(
        "largest-by-size",
        "You pick the k largest absolute values and keep negative ones. A strongly negative latent is off, not on.",
        _late(lambda h, k: _kept(h, k, by=h.abs())),
    ),
    Known(
        "largest-by-size",
        "You take absolute values: a strongly negative latent comes out on. It is off.",
        _late(lambda h, k: _kept(h.abs(), k)),
    ),
    Known(
        "k-smallest",
        "You keep the k smallest pre-activations; the largest ones are meant.",
        _late(lambda h, k: _kept(h, k, by=-h).relu()),
    ),
    Known(
        "topk-over-inputs",
        "You pick along the batch: each latent keeps its k best inputs. Each input keeps its k best latents (dim=-1).",
        _late(lambda h, k: _kept(h, k, dim=0).relu()),
    ),
    Known(
        "topk-over-batch",
        "You pick k latents a row on average, over the whole batch at once. Here every input gets its own k.",
        _late(lambda h, k: _kept(h.flatten()[None], k * len(h)).reshape(h.shape).relu()),
    ),
    Known(
        "topk-once",
        "You keep k latents in the whole batch. Every input keeps k of its own.",
        _late(lambda h, k: _kept(h.flatten()[None], k).reshape(h.shape).relu()),
    ),
    Known(
        "one-too-few",
        "You keep k - 1 latents: the k-th largest is on too (compare with >=, not >).",
        _late(lambda h, k: torch.where(h > h.topk(k, dim=1).values[:, -1:], h, 0).relu()),
    ),
    Known(
        "one-too-many",
        "You keep k + 1 latents.",
        _late(lambda h, k: _kept(h, k + 1).relu()),
    ),
    Known(
        "only-values",
        "You return the k values alone, [batch, k]. Put each back in its latent's place, zeros elsewhere.",
        _late(lambda h, k: h.topk(k, dim=1).values.relu()),
    ),
    Known(
        "only-indices",
        "You return which latents are on, not how strongly.",
        _late(lambda h, k: h.topk(k, dim=1).indices),
    ),
    Known(
        "strength-lost",
        "Your latents are 0 or 1: how strongly each one is on is lost.",
        _late(lambda h, k: (_kept(h, k).relu() > 0).float()),
    ),
    Known(
        "pre-activations-returned",
        "You return h itself: pick the k largest of each row and apply the ReLU.",
        _late(lambda h, k: h),
    ),
)
