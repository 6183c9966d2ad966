"""The token-only part and what is left over, against loops over tokens and numpy in double precision."""

import numpy as np
import pytest
import torch

from mechint_course.features.correlation import as_rows
from mechint_course.features.token_part import TokenSplit


def some(seed=0, n=900, d_vocab=7):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(d_vocab - 1, (n,), generator=generator)  # the last token never occurs
    shared, own = torch.randn(d_vocab, 4, generator=generator), torch.randn(n, 4, generator=generator)
    left = (shared[tokens] + own + 0.3).relu()
    right = (
        torch.cat([shared[tokens, :1], own[:, 1:3], torch.randn(n, 2, generator=generator)], 1) - 0.5
    ).relu()
    left[:, 3], right[:, 4] = 0.0, tokens.float()  # never on; nothing but the token
    return left.double(), right.double(), tokens


def parts(x, tokens):
    means = torch.stack([x[tokens == t].mean(0) for t in tokens.tolist()])
    return means, x - means


def pearson(x, y):
    x, y = (side - side.mean(0) for side in (x, y))
    scale = torch.outer(x.norm(dim=0), y.norm(dim=0))
    return torch.where(scale > 1e-9, x.T @ y / scale, 0.0)


@pytest.mark.parametrize("kinds", [("dense", "dense"), ("sparse", "dense"), ("sparse", "sparse")])
def test_parts_are_those_of_loops_over_tokens(kinds):
    left, right, tokens = some()
    split = TokenSplit(4, 5, d_vocab=7)
    for rows in torch.arange(len(tokens)).split(130):
        sides = [
            as_rows(side[rows]) if kind == "sparse" else side[rows]
            for side, kind in zip((left, right), kinds, strict=True)
        ]
        split.update(*sides, tokens[rows])
    (token_x, rest_x), (token_y, rest_y) = parts(left, tokens), parts(right, tokens)
    for found, wanted in (
        (split.raw(), pearson(left, right)),
        (split.token_only(), pearson(token_x, token_y)),
        (split.residual(), pearson(rest_x, rest_y)),
    ):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-5)
    explained = split.explained()
    np.testing.assert_allclose(
        explained[0][:3].numpy(), (token_x.var(0) / left.var(0))[:3].numpy(), atol=1e-5
    )
    assert explained[0][3] == 0 and explained[1][4] == pytest.approx(1)
    assert (split.residual()[:, 4] == 0).all(), "nothing is left over of a feature that is a token"


def test_what_agrees_by_token_alone_has_no_residual_agreement():
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(20, (40_000,), generator=generator)
    table = torch.rand(20, 1, generator=generator)
    noisy = [table[tokens] + torch.rand(len(tokens), 1, generator=generator) for _ in range(2)]
    split = TokenSplit(1, 1, d_vocab=20)
    split.update(*noisy, tokens)
    assert split.token_only().item() > 0.99 and abs(split.residual().item()) < 0.02
    assert split.raw().item() > 0.3


def test_bad_tokens_are_refused():
    split = TokenSplit(2, 2, d_vocab=3)
    with pytest.raises(ValueError, match="0 to 2"):
        split.update(torch.rand(2, 2), torch.rand(2, 2), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="a token for each"):
        split.update(torch.rand(2, 2), torch.rand(2, 2), torch.tensor([0]))
    with pytest.raises(ValueError, match="at least one token"):
        TokenSplit(2, 2, d_vocab=0)
