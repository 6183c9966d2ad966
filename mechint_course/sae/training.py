"""Training dictionaries on any stream of activations: one, or several on the same stream at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course.sae import checkpoint as checkpoints
from mechint_course.sae.base import SAE
from mechint_course.sae.log import Entry, TrainingLog
from mechint_course.sae.resampling import Resampling
from mechint_course.sae.team import ALONE, Team
from mechint_course.sae.trainee import Course, Trainee
from mechint_course.work import work

Batches = Iterable[Float[Tensor, "batch d_in"]] | Callable[[int], Iterator[Float[Tensor, "batch d_in"]]]
"""Batches of inputs in a shuffled order, or a function that gives them from a step on (so that resuming skips quickly)."""


def train_sae(
    sae: SAE,
    batches: Batches,
    *,
    n_steps: int,
    learning_rate: float = 1e-3,
    warm_up: float = 0.05,
    decay: float = 0.3,
    dead_after: int = 200_000,
    resampling: Resampling | None = None,
    log_every: int = 20,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 500,
    quiet: bool = False,
    team: Team = ALONE,
) -> TrainingLog:
    """Trains `sae` in place for n_steps batches, and gives the log.

    Adam; the learning rate climbs over the first `warm_up` share of the steps and falls to 0 over the last `decay`
    share. Decoder rows keep length 1, and the part of their gradient along themselves is removed first (Bricken et
    al. 2023, appendix). b_dec starts at the geometric median of the first batch. The loss is divided by that batch's
    variance and the biases' learning rate is scaled with its spread, so neither depends on the inputs' units.
    A latent silent for `dead_after` inputs counts as dead; the architectures that pick their largest latents start to
    bring it back, by AuxK, after a quarter of that. `resampling` brings dead latents back in any architecture, at a
    few steps.

    Data and initialisation never share randomness: this function draws none, and `resampling` from a stream of its
    own. An interrupt stops cleanly. With `checkpoint`, the state is written to that file every `checkpoint_every`
    steps, and a training whose file exists goes on from it; the result equals that of a training that never stopped,
    if `batches` gives the same batches. With `team`, each of its processes gives its own share of every batch.

    Raises ValueError where n_steps or the learning rate is not above 0; where batches run out, have a wrong shape or
    hold numbers that are not finite, or the rows of the first one are all equal; where the loss is no longer finite;
    or where the checkpoint belongs to another training.

    Inputs that hold one of four features each, 1 or 2 strong. The dictionary finds all four directions:

    >>> from mechint_course.sae import Shuffled, TopKSAE, mcc
    >>> x = torch.cat([torch.eye(4), 2 * torch.eye(4)])
    >>> sae = TopKSAE(d_in=4, d_sae=8, k=1, seed=0)
    >>> log = train_sae(sae, Shuffled(x, batch_size=8), n_steps=60, learning_rate=0.03, quiet=True)
    >>> log.n_inputs, log.entries[-1].l0, round(log.entries[-1].fvu, 1)
    (480, 1.0, 0.0)
    >>> round(mcc(sae.W_dec, torch.eye(4)).mcc, 1)
    1.0
    """
    return train_saes(
        [sae],
        batches,
        n_steps=n_steps,
        learning_rate=learning_rate,
        warm_up=warm_up,
        decay=decay,
        dead_after=dead_after,
        resampling=resampling,
        log_every=log_every,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        quiet=quiet,
        team=team,
    )[0]


def train_saes(
    saes: Sequence[SAE],
    batches: Batches,
    *,
    n_steps: int,
    learning_rate: float | Sequence[float] = 1e-3,
    warm_up: float = 0.05,
    decay: float = 0.3,
    dead_after: int = 200_000,
    resampling: Resampling | None = None,
    log_every: int = 20,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 500,
    quiet: bool = False,
    team: Team = ALONE,
) -> list[TrainingLog]:
    """Trains several dictionaries on one stream: activations, which cost more than a step, are made once.

    They may differ in architecture and size, and each becomes what `train_sae` alone would make of it.
    `learning_rate` is one number, or one for each; all else as in `train_sae`.
    Raises ValueError as that does, and where there is no dictionary or not one learning rate for each.

    >>> from mechint_course.sae import Shuffled, StandardSAE, TopKSAE
    >>> batches = Shuffled(torch.cat([torch.eye(4), 2 * torch.eye(4)]), batch_size=8)
    >>> alone, other = TopKSAE(4, 8, k=1, seed=0), StandardSAE(4, 6, l1_coefficient=0.1, seed=1)
    >>> together = TopKSAE(4, 8, k=1, seed=0)
    >>> _ = train_sae(alone, batches, n_steps=10, quiet=True)
    >>> logs = train_saes([together, other], batches, n_steps=10, learning_rate=[1e-3, 1e-2], quiet=True)
    >>> [log.n_steps for log in logs], torch.allclose(together.W_dec, alone.W_dec)
    ([10, 10], True)
    """
    rates = [learning_rate] * len(saes) if isinstance(learning_rate, float | int) else list(learning_rate)
    if n_steps < 1 or not saes or len(rates) != len(saes) or min(rates) <= 0:
        raise ValueError(
            f"Expected n_steps of 1 or more (found {n_steps}) and a learning rate above 0 for each dictionary "
            f"(found {rates} for {len(saes)})."
        )
    course = Course(n_steps, dead_after, resampling, team)
    recipe = _recipe(saes, rates, course, warm_up, decay)
    path = Path(checkpoint) if checkpoint is not None else None
    trainees = _resume(saes, path, recipe, course) if path is not None and path.exists() else []
    done = trainees[0].log.n_steps if trainees else 0
    stream = _stream(batches, done)
    title = "Training the dictionary" if len(saes) == 1 else f"Training {len(saes)} dictionaries"
    with work(n_steps, title, disable=quiet or team.rank > 0) as bar:
        bar.update(done)
        for step in range(done, n_steps):
            x = _checked(next(stream, None), saes, step, n_steps)
            trainees = trainees or [Trainee.start(sae, x, course) for sae in saes]
            last = step + 1 == n_steps
            factor, noted = schedule(step, n_steps, warm_up, decay), last or (step + 1) % log_every == 0
            entries = [
                trainee.step(x, rate * factor, noted=noted)
                for trainee, rate in zip(trainees, rates, strict=True)
            ]
            if noted:
                bar.note(**_figures([entry for entry in entries if entry]))
            if path is not None and (last or (step + 1) % checkpoint_every == 0):
                _write(path, trainees, recipe)
            bar.update()
    logs = [trainee.log for trainee in trainees] or [TrainingLog() for _ in saes]
    for log in logs:
        log.interrupted = bar.interrupted
    return logs


def schedule(step: int, n_steps: int, warm_up: float, decay: float) -> float:
    """The factor on the learning rate: up to 1, level, and down to nearly 0 at the last step.

    >>> [schedule(step, 10, warm_up=0.2, decay=0.4) for step in (0, 1, 5, 7, 9)]
    [0.5, 1.0, 1.0, 0.75, 0.25]
    """
    rising = (step + 1) / max(1.0, warm_up * n_steps)
    falling = (n_steps - step) / max(1.0, decay * n_steps)
    return min(1.0, rising, falling)


def _stream(batches: Batches, done: int) -> Iterator[Tensor]:
    return batches(done) if callable(batches) else islice(iter(batches), done, None)


def _checked(x: Tensor | None, saes: Sequence[SAE], step: int, n_steps: int) -> Tensor:
    if x is None:
        raise ValueError(
            f"The batches ran out after {step} of {n_steps} steps: give more of them, or ask for fewer steps."
        )
    for sae in saes:
        if x.ndim != 2 or x.shape[1] != sae.d_in or len(x) == 0:
            raise ValueError(
                f"Batch {step} has shape {tuple(x.shape)}, expected [batch, {sae.d_in}] with at least one row."
            )
    x = x.detach().to(saes[0].W_dec)
    if not torch.isfinite(x).all():
        raise ValueError(
            f"Batch {step} holds numbers that are not finite (NaN or infinity): look at where it comes from."
        )
    return x


def _figures(entries: list[Entry]) -> dict[str, float | str]:
    """What stands beside the bar: of one dictionary, or of each in turn."""
    columns = {
        "loss": [f"{entry.loss:.3f}" for entry in entries],
        "L0": [f"{entry.l0:.1f}" for entry in entries],
        "dead": [str(entry.dead) for entry in entries],
    }
    return {name: " ".join(values) for name, values in columns.items()}


def _recipe(
    saes: Sequence[SAE], rates: list[float], course: Course, warm_up: float, decay: float
) -> dict[str, Any]:
    """What a checkpoint must agree on."""
    resampling = course.resampling and {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(course.resampling).items()
    }
    recipe: dict[str, Any] = {
        "n_steps": course.n_steps, "warm_up": warm_up, "decay": decay, "dead_after": course.dead_after,
        "resampling": resampling, "processes": course.team.size,
    }  # fmt: skip
    for number, (sae, rate) in enumerate(zip(saes, rates, strict=True)):
        own = {"architecture": sae.architecture, "d_in": sae.d_in, "d_sae": sae.d_sae, "learning_rate": rate}
        recipe |= {_named(number, len(saes), name): value for name, value in (own | sae.settings()).items()}
    return recipe


def _named(number: int, of: int, name: str) -> str:
    return name if of == 1 else f"dictionary {number + 1}, {name}"


def _write(path: Path, trainees: list[Trainee], recipe: dict[str, Any]) -> None:
    tensors = {
        f"{number}/{name}": tensor
        for number, trainee in enumerate(trainees)
        for name, tensor in trainee.tensors().items()
    }
    if trainees[0].course.team.rank == 0:
        checkpoints.write(path, tensors, {"recipe": recipe, "trainees": [each.state() for each in trainees]})


def _resume(saes: Sequence[SAE], path: Path, recipe: dict[str, Any], course: Course) -> list[Trainee]:
    tensors, state = checkpoints.read(path, recipe)
    trainees = []
    for number, (sae, own) in enumerate(zip(saes, state["trainees"], strict=True)):
        mine = {
            name.removeprefix(f"{number}/"): value
            for name, value in tensors.items()
            if name.startswith(f"{number}/")
        }
        trainees.append(Trainee.resumed(sae, mine, own, course))
    return trainees
