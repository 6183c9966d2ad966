"""Resampling: dead latents start again on inputs that the dictionary reconstructs badly.

The procedure of Bricken et al. 2023 (Towards Monosemanticity, appendix "Neuron Resampling"):

1. At a few steps, take the latents that have been silent for some time.
2. Measure the loss on many inputs. For each dead latent pick one, with a chance proportional to its loss squared.
3. The latent's decoder row becomes that input's direction; its encoder column the same direction, 0.2 times as long
   as a living latent's on average; its bias 0. Adam forgets what it knew about these weights.

The paper trains 1,000,000 steps of 8,192 inputs, resamples at 25,000, 50,000, 75,000 and 100,000 (2.5 to 10 % of the
way) what was silent for the last 12,500, and measures the loss on 819,200 inputs. Ours trains a thousand steps, of
which 2.5 % are not enough to tell the dead from the late. So the schedule is scaled: four times in the first half,
silent for half an interval as there, 16 inputs for each latent. Inputs are those of the steps just before, each
measured when it comes by, and drawn without replacement; directions are of x - b_dec, since b_dec is added back.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.sae.base import SAE
from mechint_course.sae.team import ALONE, Team

_ENCODER_LENGTH = 0.2
"""Of a new latent's encoder column, against that of a living one."""


@dataclass(frozen=True)
class Resampling:
    """When to resample, as shares of the training, and from how many inputs."""

    at: tuple[float, ...] = (0.125, 0.25, 0.375, 0.5)
    """Shares of the steps after which dead latents start again."""
    silent: float = 0.0625
    """A latent is dead here when it was silent for this share of the steps before."""
    inputs_each: int = 16
    """Inputs looked at for each latent of the dictionary."""
    seed: int = 0
    """Of the draws; a stream of their own."""

    def __post_init__(self) -> None:
        """Raises ValueError where shares are not between 0 and 1, or inputs_each is not positive."""
        if any(not 0 < share < 1 for share in (*self.at, self.silent)) or self.inputs_each < 1:
            raise ValueError(
                f"Resampling takes shares between 0 and 1 and at least one input a latent, found at={self.at}, "
                f"silent={self.silent}, inputs_each={self.inputs_each}: the defaults are four times in the first half."
            )

    def steps(self, n_steps: int) -> tuple[int, ...]:
        """After which steps dead latents start again.

        >>> Resampling().steps(800)
        (100, 200, 300, 400)
        """
        return tuple(round(share * n_steps) for share in self.at)

    def looks(self, step: int, n_steps: int, batch: int, d_sae: int) -> bool:
        """Whether the inputs of this step are measured: it is one of the last before a resampling.

        >>> [step for step in range(800) if Resampling(inputs_each=2).looks(step, 800, batch=64, d_sae=96)]
        [97, 98, 99, 197, 198, 199, 297, 298, 299, 397, 398, 399]
        """
        needed = -(-self.inputs_each * d_sae // batch)
        return any(due - needed <= step < due for due in self.steps(n_steps))


@dataclass
class Candidates:
    """The inputs drawn so far, by the keys that make a weighted draw without replacement.

    Each row gets the key log(loss^2) + Gumbel noise; the n largest keys of all rows are a draw of n in which the
    chance is proportional to loss^2. So only n rows have to be kept, however many come by.
    """

    rows: Float[Tensor, "kept d_in"]
    """Each less the b_dec of its time."""
    keys: Float[Tensor, " kept"]

    @classmethod
    def none(cls, sae: SAE) -> "Candidates":
        """No inputs yet."""
        return cls(sae.W_dec.detach().new_zeros(0, sae.d_in), sae.W_dec.detach().new_zeros(0))

    @torch.no_grad()
    def look_at(self, sae: SAE, x: Float[Tensor, "batch d_in"], noise: torch.Generator, team: Team) -> None:
        """Measures the loss of each row of x, and keeps as many rows as there are latents."""
        loss = (x - sae.reconstruct(x)).square().sum(-1)
        uniform = team.share(torch.rand(len(x) * team.size, generator=noise)).to(loss).clamp_min(1e-30)
        keys = torch.cat([self.keys, 2 * loss.clamp_min(1e-30).log() - uniform.log().neg().log()])
        rows = torch.cat([self.rows, x - sae.b_dec])
        self.rows, self.keys = _largest(rows, keys, sae.d_sae)

    def drawn(self, n: int, team: Team) -> Float[Tensor, "n d_in"]:
        """The draw of n (or of as many as there are) from everybody's rows."""
        return _largest(team.gathered(self.rows), team.gathered(self.keys), n)[0]


def _largest(rows: Tensor, keys: Tensor, n: int) -> tuple[Tensor, Tensor]:
    kept = keys.topk(min(n, len(keys))).indices
    return rows[kept], keys[kept]


@torch.no_grad()
def resample(
    sae: SAE,
    dead: Bool[Tensor, " d_sae"],
    candidates: Candidates,
    optimiser: torch.optim.Adam,
    team: Team = ALONE,
) -> Int[Tensor, " started"]:
    """Lets dead latents start again on the candidates; gives those that did.

    Where all are dead there is no living one to measure by, and where there are fewer candidates than dead latents
    the rest have to wait.
    """
    inputs = candidates.drawn(int(dead.sum()), team)
    which = dead.nonzero().squeeze(-1)[: len(inputs)]
    if len(which) == 0 or bool(dead.all()):
        return which[:0]
    directions = inputs / inputs.norm(dim=1, keepdim=True).clamp_min(1e-12)
    living = sae.W_enc[:, ~dead].norm(dim=0).mean()
    sae.W_dec[which] = directions
    sae.W_enc[:, which] = (_ENCODER_LENGTH * living * directions).T
    sae.reset(which)
    for name, parameter in sae.named_parameters():
        memory = optimiser.state[parameter] if name != "b_dec" else {}
        for what in ("exp_avg", "exp_avg_sq"):
            if what in memory:
                (memory[what].T if name == "W_enc" else memory[what])[which] = 0
    return which
