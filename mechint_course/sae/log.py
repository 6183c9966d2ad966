"""What a training writes down about itself."""

from dataclasses import dataclass, field


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
