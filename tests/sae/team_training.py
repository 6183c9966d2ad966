"""What `test_team.py` starts under torchrun: both processes train every architecture on their shares, one writes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from mechint_course.sae import (
    SAE,
    BatchTopKSAE,
    JumpReLUSAE,
    MatryoshkaSAE,
    Resampling,
    StandardSAE,
    Team,
    TopKSAE,
    joined,
    train_saes,
)
from mechint_course.sae.seeds import stream

D, N, ROWS = 16, 24, 128
HOW = {"n_steps": 30, "learning_rate": 2e-3, "dead_after": 600, "log_every": 10, "quiet": True,
       "resampling": Resampling(at=(0.5,), silent=0.2, inputs_each=10)}  # fmt: skip


def dictionaries() -> list[SAE]:
    saes = [
        StandardSAE(D, N, 0.1, seed=0),
        TopKSAE(D, N, 3, seed=0),
        JumpReLUSAE(D, N, 0.5, target_l0=3.0, seed=0),
        BatchTopKSAE(D, N, 3, seed=0),
        MatryoshkaSAE(D, N, 3, (8, 16), seed=0),
    ]
    with torch.no_grad():
        for sae in saes:
            sae.b_enc[::4] = -9.0  # a quarter is dead, for AuxK and for resampling
    return saes


def batches(team: Team) -> Iterator[Tensor]:
    directions = torch.randn(20, D, generator=stream("team.truth", 0))
    data = stream("team.data", 0)
    while True:
        on = torch.rand(ROWS, 20, generator=data) < 0.1
        yield team.share((on * torch.rand(ROWS, 20, generator=data)) @ directions + 0.3)


def thresholds(team: Team) -> Tensor:
    """The n-th largest of numbers of which each process holds a part, ties and a lack of numbers included."""
    values = torch.rand(1000, generator=stream("team.values", 0)).round(decimals=2)
    own = values[: 700 if team.size == 1 else 300] if team.rank == 0 else values[300:700]
    return torch.stack([team.nth_largest(own, n) for n in (1, 2, 350, 700, 701)])


def train(team: Team, path: Path | None = None) -> dict[str, Tensor]:
    saes = dictionaries()
    logs = train_saes(saes, batches(team), team=team, checkpoint=path, checkpoint_every=20, **HOW)
    found = {f"{n}.{name}": value for n, sae in enumerate(saes) for name, value in sae.state_dict().items()}
    found |= {
        f"{n}.log": torch.tensor([[e.loss, e.fvu, e.l0, e.dead] for e in log.entries])
        for n, log in enumerate(logs)
    }
    return found | {"thresholds": thresholds(team)}


if __name__ == "__main__":
    with joined() as us:
        assert us.size == 2, us
        mine = train(us, Path(sys.argv[1]).with_suffix(".half"))
        if us.rank == 0:
            save_file({name: value.contiguous() for name, value in mine.items()}, sys.argv[1])
