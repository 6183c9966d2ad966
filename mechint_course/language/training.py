"""Training a one-layer language model in minutes: a plain torch loop that can stop anywhere and go on to the same result."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from jaxtyping import Int
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mechint_course.language.cache import write_whole
from mechint_course.language.fast_loss import fast_losses
from mechint_course.language.models import Shape, new_model, parameters_of, set_parameters
from mechint_course.work import work

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_SAVE_EVERY = 250


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what training gives, so that a model can be made again.

    >>> Recipe(tokens=1_000_000, seed=0).steps  # 32 sequences of 128 tokens a step
    244
    """

    tokens: int
    """How many tokens to train on; the text is gone through again where it is shorter."""
    seed: int
    """Draws the first weights; the order of the text is drawn from another stream."""
    shape: Shape = field(default_factory=Shape)
    batch_size: int = 32
    """Sequences a step."""
    learning_rate: float = 6e-3
    warmup_steps: int = 150
    weight_decay: float = 0.05
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16 is faster on processors that have it; the weights themselves stay float32."""

    @property
    def steps(self) -> int:
        """How many steps that makes."""
        return max(1, self.tokens // (self.batch_size * self.shape.n_ctx))

    def learning_rate_at(self, step: int) -> float:
        """Up in a straight line, then down to a hundredth along a cosine.

        >>> recipe = Recipe(tokens=4096 * 1000, seed=0)
        >>> [round(recipe.learning_rate_at(step), 6) for step in (74, 149, 999)]
        [0.003, 0.006, 6e-05]
        """
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps + 1) / max(1, self.steps - self.warmup_steps)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


@dataclass(frozen=True)
class Trained:
    """A model, and how far its training came."""

    model: "TransformerBridge"
    steps: int
    finished: bool
    curve: tuple[tuple[int, float], ...]
    """(step, mean loss in nats since the entry before)"""
    seconds: float
    """How long it took in all, the time before a stop included."""


class BatchOrder:
    """Which sequences each step sees: every epoch in a new order that only the seed and the epoch decide.

    Raises ValueError where the text is shorter than one batch.

    >>> order = BatchOrder(n_sequences=4, batch_size=2, seed=0)
    >>> sorted([*order.rows(0).tolist(), *order.rows(1).tolist()])  # two steps have seen every sequence once
    [0, 1, 2, 3]
    """

    def __init__(self, n_sequences: int, batch_size: int, seed: int) -> None:
        if n_sequences < batch_size:
            raise ValueError(
                f"Expected at least {batch_size} sequences of text (one batch), found {n_sequences}."
            )
        self.per_epoch = n_sequences // batch_size
        self.n_sequences, self.batch_size, self.seed = n_sequences, batch_size, seed
        self._epoch, self._rows = -1, torch.empty(0)

    def rows(self, step: int) -> Int[Tensor, " batch"]:
        """The rows of the text that a step sees."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            # Far from the seed of the weights: one stream must never feed both.
            generator = torch.Generator().manual_seed(1_000_003 * (self.seed + 1) + epoch)
            self._rows, self._epoch = torch.randperm(self.n_sequences, generator=generator), epoch
        return self._rows[place * self.batch_size : (place + 1) * self.batch_size]


def train_language_model(
    tokens: Int[Tensor, "n_sequences n_ctx"],
    recipe: Recipe,
    *,
    state_file: Path | None = None,
    resume: bool = False,
    title: str = "Training the language model",
    checkpoints: Mapping[int, Callable[["TransformerBridge"], None]] | None = None,
) -> Trained:
    """Trains a model from the recipe's seed on the text; an interrupt stops it cleanly and keeps what was reached.

    With a `state_file`, the state is kept there now and then (and at a stop), and `resume=True` goes on from it: the
    result is the same as without the stop. A state of another recipe or text is a ValueError. `checkpoints` says what
    to do with the model after which steps (0 is before the first); those before the place of a resumption are past.
    Raises ValueError where the sequences are not as long as the recipe's context or make no batch, and
    FloatingPointError where the loss is no finite number any more.

    A text in which 1, 2 and 3 take turns is soon known; before training the loss is about ln 4 = 1.4 nats.

    >>> tokens = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 1]]).repeat(16, 1)
    >>> shape = Shape(d_vocab=4, n_ctx=8, d_model=8, n_heads=1, d_mlp=8)
    >>> recipe = Recipe(100 * 4 * 8, seed=0, shape=shape, batch_size=4, learning_rate=0.03, warmup_steps=5)
    >>> trained = train_language_model(tokens, recipe)
    >>> trained.steps, round(trained.curve[-1][1], 1)
    (100, 0.0)
    >>> trained.model(tokens[:1])[0].argmax(dim=-1)  # what it expects behind each token
    tensor([1, 2, 3, 1, 2, 3, 1, 2])
    """
    if tokens.shape[1] != recipe.shape.n_ctx:
        raise ValueError(f"Expected sequences of {recipe.shape.n_ctx} tokens, found {tokens.shape[1]}.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = new_model(recipe.shape, seed=recipe.seed)
    weights = {n: p.detach().to(device, copy=True).requires_grad_() for n, p in parameters_of(model).items()}
    optimizer = torch.optim.AdamW(
        weights.values(), lr=0.0, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    key = _key(tokens, recipe)
    step, earlier = _restore(state_file, key, weights, optimizer) if resume and state_file else (0, 0.0)
    start = time.monotonic()

    def look(step: int) -> None:
        if checkpoints and step in checkpoints:
            _fill(model, weights)
            checkpoints[step](model)

    order = BatchOrder(len(tokens), recipe.batch_size, recipe.seed)
    half = recipe.precision == "bfloat16"
    curve: list[tuple[int, float]] = []
    recent: list[float] = []
    with work(recipe.steps, title) as bar:
        bar.update(step)
        if not step:
            look(0)
        while step < recipe.steps:
            batch = tokens[order.rows(step)].to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss = fast_losses(weights, batch, n_heads=recipe.shape.n_heads).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = recipe.learning_rate_at(step)
            optimizer.step()
            step += 1
            recent.append(loss.item())
            look(step)
            bar.update()
            if step % 50 == 0 or step == recipe.steps:
                curve.append((step, sum(recent) / len(recent)))
                bar.note(loss=f"{curve[-1][1]:.3f}")
                recent.clear()
                if not math.isfinite(curve[-1][1]):
                    raise FloatingPointError(
                        f"The loss is {curve[-1][1]} at step {step}; use a smaller learning rate."
                    )
            if state_file and step % _SAVE_EVERY == 0:
                _keep(state_file, key, (step, earlier + time.monotonic() - start), weights, optimizer)
    seconds = earlier + time.monotonic() - start
    if state_file:
        _keep(state_file, key, (step, seconds), weights, optimizer)
    _fill(model, weights)
    return Trained(model, step, step >= recipe.steps, tuple(curve), seconds)


def _fill(model: "TransformerBridge", weights: Mapping[str, Tensor]) -> None:
    set_parameters(
        model, {name: weight.detach().cpu() for name, weight in weights.items()}, source="training"
    )


def _key(tokens: Tensor, recipe: Recipe) -> str:
    """Sixteen characters that stand for this recipe on this text."""
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    digest.update(tokens.to(torch.int16).contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _keep(
    file: Path,
    key: str,
    reached: tuple[int, float],
    weights: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
) -> None:
    tensors = {}
    for name, weight in weights.items():
        tensors[f"weight {name}"] = weight.detach()
        for kind in ("exp_avg", "exp_avg_sq"):
            if kind in optimizer.state[weight]:
                tensors[f"{kind} {name}"] = optimizer.state[weight][kind]
    step, seconds = reached
    write_whole(tensors, file, {"key": key, "step": str(step), "seconds": f"{seconds:.1f}"})


def _restore(
    file: Path, key: str, weights: dict[str, Tensor], optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    """Fills weights and optimizer from the kept state; the step that was reached and the seconds it took, or zeros."""
    if not file.exists():
        return 0, 0.0
    try:
        with safe_open(file, framework="pt") as opened:
            notes = opened.metadata() or {}
            if notes.get("key") != key:
                raise ValueError(
                    f"{file}: expected the state of this training, found that of another recipe or text; "
                    "start without resuming, or give the options of that run."
                )
            for name, weight in weights.items():
                with torch.no_grad():
                    weight.copy_(opened.get_tensor(f"weight {name}"))
                step, seconds = int(notes["step"]), float(notes["seconds"])
                if step:
                    moments = {
                        kind: opened.get_tensor(f"{kind} {name}") for kind in ("exp_avg", "exp_avg_sq")
                    }
                    place = {kind: value.to(weight.device) for kind, value in moments.items()}
                    optimizer.state[weight] = {"step": torch.tensor(float(step)), **place}
    except (SafetensorError, OSError, KeyError) as error:
        raise ValueError(
            f"{file}: expected the kept state of a training, found a damaged file ({error})."
        ) from error
    return step, seconds
