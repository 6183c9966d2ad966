"""How much the sparse product saves, as a ratio: `python -m mechint_course test -m release tests/features/test_correlation_speed.py`."""

import time

import pytest
import torch

from mechint_course.features.correlation import StreamingCorrelation, sparse_rows


@pytest.mark.release
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("k", [16, 32])
def test_sparse_streaming_beats_the_dense_streaming_product_threefold(k, capsys):
    """4,096 x 4,096 latents, k on a token; the dense rival adds x.T @ y in float32, which is its fastest way."""
    n_latents, n_tokens, size = 4096, 32_768, 8_192
    generator = torch.Generator().manual_seed(0)
    batches = []
    for _ in range(n_tokens // size):
        sides = [
            (
                torch.rand(size, k, generator=generator),
                torch.rand(size, n_latents, generator=generator).topk(k).indices,
            )
            for _ in range(2)
        ]
        batches.append([(*side, torch.zeros(size, n_latents).scatter(1, side[1], side[0])) for side in sides])

    def sparse():
        stream = StreamingCorrelation(n_latents, n_latents)
        for left, right in batches:
            stream.update(*(sparse_rows(side[0], side[1], n_latents) for side in (left, right)))
        return stream.result()

    def dense():
        products, totals = torch.zeros(n_latents, n_latents, dtype=torch.float64), [0.0, 0.0]
        squares = [0.0, 0.0]
        for pair in batches:
            x, y = (side[2] for side in pair)
            products += x.T @ y
            for i, side in enumerate((x, y)):
                totals[i] = totals[i] + side.double().sum(0)
                squares[i] = squares[i] + side.double().square().sum(0)
        spread = [(s - t**2 / n_tokens).clamp(min=0).sqrt() for s, t in zip(squares, totals, strict=True)]
        return ((products - torch.outer(*totals) / n_tokens) / torch.outer(*spread)).float()

    seconds = {}
    for way in (sparse, dense):
        began = time.process_time()
        result = way()
        seconds[way.__name__] = time.process_time() - began
        if way is sparse:
            ours = result
    torch.testing.assert_close(ours, result, atol=1e-4, rtol=1e-3)
    ratio = seconds["dense"] / seconds["sparse"]
    with capsys.disabled():
        print(f"\nk={k}: sparse {seconds['sparse']:.1f} s, dense {seconds['dense']:.1f} s, {ratio:.1f} times")
    assert ratio >= 3
