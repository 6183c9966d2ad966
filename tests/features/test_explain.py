"""The offline explainer on units whose rule is known, and the control's scores against loops."""

import numpy as np
import pytest
import torch
from scipy import sparse

from mechint_course.features.control_scores import favourite_tokens, matched_noise, next_token_scores
from mechint_course.features.explain import explain_and_score, token_rule, window

D_VOCAB = 12


def made(*, after: bool, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(values, tokens, choosing): a unit that is on at token 3; with `after`, only in sequences where 7 stands early on."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, 7, (400, 15), generator=generator)
    tokens[::2, 1] = 7
    at = tokens[:, 1:] == 3
    if after:
        at = at & (tokens[:, 1] == 7)[:, None]
    values = at * (2 + 0.1 * torch.rand(at.shape, generator=generator))
    return values.float(), tokens, torch.arange(400) % 4 < 2


def test_a_token_unit_is_told_by_the_token_and_nothing_beyond_it() -> None:
    values, tokens, choosing = made(after=False)
    found = explain_and_score(values, tokens, choosing, D_VOCAB, context=False)
    assert found is not None
    assert found[1].plain > 0.99
    assert abs(found[1].beyond_token) < 1e-6


def test_a_unit_of_context_needs_the_context_rule() -> None:
    values, tokens, choosing = made(after=True)
    token = explain_and_score(values, tokens, choosing, D_VOCAB, context=False)
    both = explain_and_score(values, tokens, choosing, D_VOCAB)
    assert token is not None
    assert both is not None
    assert both[1].plain > token[1].plain + 0.15
    assert both[1].beyond_token > 0.8
    assert int(both[0].context.argmax()) == 7


def test_a_unit_of_chance_has_no_score() -> None:
    values, tokens, choosing = made(after=False)
    values = values[torch.randperm(400, generator=torch.Generator().manual_seed(1))]
    found = explain_and_score(values.roll(3, dims=1), tokens, choosing, D_VOCAB)
    assert found is not None
    assert abs(found[1].plain) < 0.1
    assert explain_and_score(torch.zeros_like(values), tokens, choosing, D_VOCAB) is None


def test_the_table_holds_the_mean_at_each_token() -> None:
    values, tokens, _ = made(after=True)
    rule = token_rule(values, tokens, D_VOCAB)
    for token in range(D_VOCAB):
        here = values[tokens[:, 1:] == token]
        assert rule.table[token] == pytest.approx(float(here.mean()) if len(here) else 0.0, abs=1e-5)


def test_the_window_holds_the_last_tokens() -> None:
    tokens = torch.randint(0, D_VOCAB, (3, 9), generator=torch.Generator().manual_seed(2))
    found = window(tokens, D_VOCAB, width=4).toarray()
    for row in range(3):
        for position in range(1, 9):
            seen = set(tokens[row, max(0, position - 4) : position].tolist())
            assert set(np.flatnonzero(found[row * 8 + position - 1])) == seen


def test_favourites_are_those_of_a_loop() -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(50, 6, generator=generator) * (torch.rand(50, 6, generator=generator) < 0.5)
    x[:, 5] = 0
    tokens = torch.randint(0, D_VOCAB, (50,), generator=generator)
    found = favourite_tokens(sparse.csr_array(x.numpy()), tokens, D_VOCAB)
    for unit in range(5):
        spent = [float(x[tokens == token, unit].sum()) for token in range(D_VOCAB)]
        assert found.token[unit] == spent.index(max(spent))
        assert found.share[unit] == pytest.approx(max(spent) / sum(spent), abs=1e-5)
    assert found.share[5] == 0


def test_logit_weights_that_know_the_next_token_score_above_chance() -> None:
    generator = torch.Generator().manual_seed(4)
    following = torch.randint(0, D_VOCAB, (4000,), generator=generator)
    rows = torch.zeros(4000, 3)
    rows[following == 5, 0] = 1.0  # on just before 5
    rows[:, 1] = 1.0
    rows[following == 5, 2] = 1.0
    weights = torch.zeros(3, D_VOCAB)
    weights[0, 5], weights[1, 5], weights[2, 5] = 1.0, 1.0, -1.0
    found = next_token_scores(sparse.csr_array(rows.numpy()), following, weights)
    share = float((following == 5).float().mean())
    assert found[0] == pytest.approx(1 - share / 2, abs=0.03)
    assert found[1] == pytest.approx(0.5, abs=0.03)
    assert found[2] == pytest.approx(share / 2, abs=0.03)


def test_noise_has_the_mean_and_covariance_of_the_layer() -> None:
    x = torch.randn(300, 5, generator=torch.Generator().manual_seed(5)) @ torch.tensor(
        [[2.0, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 3, 1], [0, 0, 0, 0, 0]]
    )
    noise = matched_noise(x + 4, 200_000, seed=0)
    assert torch.allclose(noise.mean(0), x.mean(0) + 4, atol=0.05)
    assert torch.allclose(torch.cov(noise.T), torch.cov(x.T, correction=0), atol=0.15)
