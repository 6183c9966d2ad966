"""Batches of inputs in memory: every row once a round, the same at every start, and clear errors."""

import pytest
import torch

from mechint_course.sae import Shuffled


def taken(batches: Shuffled, first: int, n: int) -> list[torch.Tensor]:
    stream = batches(first)
    return [next(stream) for _ in range(n)]


def test_a_round_gives_every_row_once_and_the_next_another_order():
    batches = Shuffled(torch.arange(12.0)[:, None], batch_size=4, seed=3)
    rows = torch.cat(taken(batches, 0, 6))[:, 0].tolist()
    assert sorted(rows[:12]) == sorted(rows[12:]) == [float(i) for i in range(12)]
    assert rows[:12] != rows[12:]
    assert rows[:12] != sorted(rows[:12])


def test_it_goes_on_from_any_step():
    batches = Shuffled(torch.randn(11, 3), batch_size=4, seed=0)
    whole = taken(batches, 0, 7)
    for first in (1, 2, 5):
        assert all(
            torch.equal(a, b) for a, b in zip(whole[first:], taken(batches, first, 7 - first), strict=True)
        )
    assert not torch.equal(whole[0], taken(Shuffled(batches.x, batch_size=4, seed=1), 0, 1)[0])


@pytest.mark.parametrize(("rows", "batch_size"), [(3, 4), (3, 0)])
def test_a_batch_that_cannot_be_filled_is_refused(rows, batch_size):
    with pytest.raises(ValueError, match="batch"):
        Shuffled(torch.zeros(rows, 2), batch_size=batch_size)
