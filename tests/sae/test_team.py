"""Two processes that train together do what one does on the joined batches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError
from safetensors.torch import load_file

from mechint_course.sae import Team, joined
from tests.sae import team_training

ROOT = Path(__file__).parents[2]


def test_a_team_of_one_shares_nothing():
    with joined() as team:
        assert (team.size, team.rank) == (1, 0)
        rows = torch.arange(6.0).reshape(3, 2)
        for same in (team.share(rows), team.sum(rows), team.mean(rows), team.gathered(rows)):
            assert torch.equal(same, rows)
        assert torch.equal(team.any(rows > 1), rows > 1)
        assert team.nth_largest(torch.tensor([1.0, 3.0]), 3) == 0


def test_a_batch_that_does_not_divide_is_refused(monkeypatch):
    monkeypatch.setattr(Team, "size", 2)
    with pytest.raises((ValueError, TypeCheckError), match="multiple of 2"):
        Team().share(torch.zeros(3, 2))


@pytest.mark.slow
def test_two_processes_train_what_one_trains(tmp_path):
    """Tolerance: all weights and errors within 1e-5 after 30 steps, since sums are added in another order."""
    out = tmp_path / "two.safetensors"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = subprocess.run(
        [*command, team_training.__file__, out], cwd=ROOT, capture_output=True, text=True, timeout=600,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    two, one = load_file(out), team_training.train(Team())
    assert set(two) == set(one)
    assert torch.equal(two["thresholds"], one["thresholds"])  # exact, ties included
    for name, value in one.items():
        if name.endswith(".log"):
            torch.testing.assert_close(two[name][:, :3], value[:, :3], atol=1e-5, rtol=1e-5)
            assert torch.equal(two[name][:, 3], value[:, 3]), name  # the dead are the same
        else:
            torch.testing.assert_close(two[name], value, atol=1e-5, rtol=1e-5)
    assert any((one[name][:, 3] > 0).any() for name in one if name.endswith(".log"))
    assert (tmp_path / "two.half").is_file()
