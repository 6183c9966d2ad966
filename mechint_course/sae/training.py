"""Training a dictionary on any stream of activations."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.sae import checkpoint as checkpoints
from mechint_course.sae.base import SAE, Loss, Moment
from mechint_course.sae.centre import geometric_median
from mechint_course.work import work

Batches = Iterable[Float[Tensor, "batch d_in"]] | Callable[[int], Iterator[Float[Tensor, "batch d_in"]]]
"""Batches of inputs in a shuffled order, or a function that gives them from a step on (so that resuming skips quickly)."""

_MEDIAN_ROWS = 50_000  # at most; more would not move the geometric median


@dataclass(frozen=True)
class Entry:
    """One line of the training log."""

    step: int
    """Steps taken."""
    loss: float
    """What was minimised, over the variance of the first batch."""
    fvu: float
    """Squared error over the variance of the first batch: 1 is no better than the mean."""
    l0: float
    """Latents on for one input, on average."""
    dead: int
    """Latents silent for `dead_after` inputs or more."""


@dataclass
class TrainingLog:
    """How a training went."""

    entries: list[Entry] = field(default_factory=list)
    n_steps: int = 0
    """Steps taken in all."""
    n_inputs: int = 0
    """Inputs seen in all."""
    interrupted: bool = False
    """Whether it was stopped before its last step; the dictionary is what had been reached."""


@dataclass
class _Run:
    """Everything that a step changes, beside the dictionary itself."""

    optimiser: torch.optim.Adam
    silent_for: Int[Tensor, " d_sae"]
    variance: float
    log: TrainingLog


def train_sae(
    sae: SAE,
    batches: Batches,
    *,
    n_steps: int,
    learning_rate: float = 1e-3,
    warm_up: float = 0.05,
    decay: float = 0.3,
    dead_after: int = 200_000,
    log_every: int = 20,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 500,
    quiet: bool = False,
) -> TrainingLog:
    """Trains `sae` in place for n_steps batches, and gives the log.

    Adam; the learning rate climbs over the first `warm_up` share of the steps and falls to 0 over the last `decay`
    share. Decoder rows keep length 1, and the part of their gradient along themselves is removed first (Bricken et
    al. 2023, appendix). b_dec starts at the geometric median of the first batch. The loss is divided by that batch's
    variance and the biases' learning rate is scaled with its spread, so neither depends on the inputs' units.
    A latent silent for `dead_after` inputs counts as dead; the architecture decides what to do about it.

    Data and initialisation never share randomness: this function draws none. An interrupt stops cleanly. With
    `checkpoint`, the state is written to that file every `checkpoint_every` steps, and a training whose file exists
    goes on from it; the result equals that of a training that never stopped, if `batches` gives the same batches.

    Raises ValueError where batches run out, have a wrong shape or hold numbers that are not finite, or where the
    checkpoint belongs to another training.
    """
    if n_steps < 1 or learning_rate <= 0:
        raise ValueError(
            f"n_steps ({n_steps}) must be 1 or more and learning_rate ({learning_rate}) above 0."
        )
    recipe = {
        "architecture": sae.architecture, "d_in": sae.d_in, "d_sae": sae.d_sae, **sae.own_config(), "n_steps": n_steps,
        "learning_rate": learning_rate, "warm_up": warm_up, "decay": decay, "dead_after": dead_after,
    }  # fmt: skip
    path = Path(checkpoint) if checkpoint is not None else None
    run = _resume(sae, path, recipe) if path is not None and path.exists() else None
    done = run.log.n_steps if run else 0
    stream = _stream(batches, done)
    with work(n_steps, "Training the dictionary", disable=quiet) as bar:
        bar.update(done)
        for step in range(done, n_steps):
            x = _checked(next(stream, None), sae, step, n_steps)
            if run is None:
                run = _start(sae, x)
            rate = learning_rate * schedule(step, n_steps, warm_up, decay)
            loss = _step(sae, x, run, Moment(step, n_steps, run.silent_for >= dead_after), rate)
            if (step + 1) % log_every == 0 or step + 1 == n_steps:
                entry = _entry(loss, run, dead_after)
                run.log.entries.append(entry)
                bar.note(loss=f"{entry.loss:.3f}", L0=f"{entry.l0:.1f}", dead=entry.dead)
            if path is not None and ((step + 1) % checkpoint_every == 0 or step + 1 == n_steps):
                _write(path, sae, run, recipe)
            bar.update()
    log = run.log if run else TrainingLog()
    log.interrupted = bar.interrupted
    return log


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


def _checked(x: Tensor | None, sae: SAE, step: int, n_steps: int) -> Tensor:
    if x is None:
        raise ValueError(
            f"The batches ran out after {step} of {n_steps} steps: give more of them, or ask for fewer steps."
        )
    if x.ndim != 2 or x.shape[1] != sae.d_in or len(x) == 0:
        raise ValueError(
            f"Batch {step} has shape {tuple(x.shape)}, expected [batch, {sae.d_in}] with at least one row."
        )
    x = x.detach().to(sae.W_dec)
    if not torch.isfinite(x).all():
        raise ValueError(
            f"Batch {step} holds numbers that are not finite (NaN or infinity): look at where it comes from."
        )
    return x


def _optimiser(sae: SAE, spread: float) -> torch.optim.Adam:
    names = dict(sae.named_parameters())
    weights = [names.pop("W_enc"), names.pop("W_dec")]
    # Weights are free of units (their rows are unit vectors); biases and thresholds are in the units of the inputs.
    groups = [{"params": weights, "units": 1.0}, {"params": list(names.values()), "units": spread}]
    return torch.optim.Adam(groups, lr=0.0, fused=True)


@torch.no_grad()
def _start(sae: SAE, x: Tensor) -> _Run:
    sae.prepare(x)
    sae.b_dec.copy_(geometric_median(x[:_MEDIAN_ROWS]))
    variance = float((x - x.mean(0)).square().sum(-1).mean())
    if variance == 0:
        raise ValueError(
            "All rows of the first batch are equal, so there is nothing to learn: give inputs that vary."
        )
    silent_for = torch.zeros(sae.d_sae, dtype=torch.long, device=x.device)
    return _Run(_optimiser(sae, (variance / sae.d_in) ** 0.5), silent_for, variance, TrainingLog())


def _step(sae: SAE, x: Tensor, run: _Run, moment: Moment, rate: float) -> Loss:
    for group in run.optimiser.param_groups:
        group["lr"] = rate * group["units"]
    loss = sae.training_loss(x, moment)
    run.optimiser.zero_grad()
    (loss.total / run.variance).backward()
    with torch.no_grad():
        if sae.unit_norm_decoder and sae.W_dec.grad is not None:
            along = torch.linalg.vecdot(sae.W_dec.grad, sae.W_dec).unsqueeze(1)
            sae.W_dec.grad.addcmul_(along, sae.W_dec, value=-1)
        run.optimiser.step()
        if sae.unit_norm_decoder:
            sae.W_dec.div_(sae.W_dec.norm(dim=1, keepdim=True))
    run.silent_for += len(x)
    run.silent_for[loss.fired] = 0
    run.log.n_steps += 1
    run.log.n_inputs += len(x)
    return loss


def _entry(loss: Loss, run: _Run, dead_after: int) -> Entry:
    total, error = float(loss.total.detach()) / run.variance, float(loss.squared_error) / run.variance
    if not total < float("inf"):
        raise ValueError(
            f"The loss became {total} at step {run.log.n_steps}: train with a lower learning rate."
        )
    return Entry(run.log.n_steps, total, error, float(loss.l0), int((run.silent_for >= dead_after).sum()))


def _write(path: Path, sae: SAE, run: _Run, recipe: dict[str, Any]) -> None:
    tensors = {f"sae.{name}": tensor for name, tensor in sae.state_dict().items()}
    for number, values in run.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": value for name, value in values.items()}
    state = {"recipe": recipe, "variance": run.variance, "choices": sae.choices(), "log": asdict(run.log)}
    checkpoints.write(path, tensors | {"silent_for": run.silent_for}, state)


def _resume(sae: SAE, path: Path, recipe: dict[str, Any]) -> _Run:
    tensors, state = checkpoints.read(path, recipe)
    variance = float(state["variance"])
    sae.choose(state["choices"])
    sae.load_state_dict(
        {name.removeprefix("sae."): value for name, value in tensors.items() if name.startswith("sae.")}
    )
    optimiser = _optimiser(sae, (variance / sae.d_in) ** 0.5)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    remembered = optimiser.state_dict()
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, number, what = name.split(".")
            like = parameters[int(number)]
            # Adam's fused kernel reads memory in order, so its state must lie in memory as the parameter does.
            laid_out = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            remembered["state"].setdefault(int(number), {})[what] = laid_out
    optimiser.load_state_dict(remembered)
    log = state["log"]
    entries = [Entry(**entry) for entry in log.pop("entries")]
    return _Run(optimiser, tensors["silent_for"], variance, TrainingLog(entries, **log))
