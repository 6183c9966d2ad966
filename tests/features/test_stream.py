"""Shuffled activations: all of them, once a round, mixed, and the same from any step on."""

from itertools import islice

import pytest
import torch

from mechint_course.features.stream import ActivationBatches
from mechint_course.language.activations import activations
from mechint_course.language.models import load_model


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(0, 25, (24, 8), generator=torch.Generator().manual_seed(1))


def rows(batches):
    return sorted(map(tuple, torch.cat(batches).tolist()))


def test_a_round_holds_every_activation_once_in_mixed_order(tokens):
    model = load_model("tiny")
    whole = activations(model, tokens).flatten(0, 1)
    source = ActivationBatches(model, tokens, batch_size=16, buffer=64, seed=3)
    first, second = list(islice(source, 12)), list(islice(source(12), 12))
    assert torch.tensor(rows(first)).allclose(torch.tensor(rows([whole])), atol=1e-5)
    assert torch.tensor(rows(second)).allclose(torch.tensor(rows([whole])), atol=1e-5)
    assert not torch.equal(torch.cat(first), torch.cat(second))
    # The first 16 of the first buffer's 64 rows come from most of its eight sequences, not from two.
    came_from = (first[0].unsqueeze(1) - whole.unsqueeze(0)).abs().amax(-1).argmin(1) // 8
    assert len(set(came_from.tolist())) >= 5


@pytest.mark.parametrize("step", [1, 3, 4, 11, 30])
def test_going_on_from_a_step_gives_the_same_batches(tokens, step):
    source = ActivationBatches(load_model("tiny"), tokens, batch_size=16, buffer=64, seed=3)
    for ours, wanted in zip(islice(source(step), 5), islice(source, step, step + 5), strict=True):
        assert torch.equal(ours, wanted)


def test_seeds_differ_and_sizes_are_checked(tokens):
    model = load_model("tiny")
    first, other = (
        next(ActivationBatches(model, tokens, batch_size=16, buffer=64, seed=seed)()) for seed in (0, 1)
    )
    assert not torch.equal(first, other)
    with pytest.raises(ValueError, match="batch_size = 1000"):
        ActivationBatches(model, tokens, batch_size=1000)
