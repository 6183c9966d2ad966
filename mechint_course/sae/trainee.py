"""A dictionary in training: everything that one step changes, and how it goes to disk and comes back."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.sae.base import SAE, Moment
from mechint_course.sae.centre import geometric_median
from mechint_course.sae.log import Entry, TrainingLog
from mechint_course.sae.resampling import Candidates, Resampling, resample
from mechint_course.sae.seeds import stream
from mechint_course.sae.team import Team

_REVIVED_AFTER = 1 / 4
"""AuxK starts before a latent counts as dead, after this share of that time."""
_MEDIAN_ROWS = 50_000  # at most; more would not move the geometric median


@dataclass(frozen=True)
class Course:
    """What a training was asked for, the same for every dictionary on the stream."""

    n_steps: int
    dead_after: int
    resampling: Resampling | None
    team: Team


class Trainee:
    """One dictionary, its optimiser, and its log."""

    def __init__(self, sae: SAE, variance: float, course: Course) -> None:
        self.sae, self.variance, self.course = sae, variance, course
        self.optimiser = _optimiser(sae, variance)
        self.silent_for: Int[Tensor, " d_sae"] = torch.zeros(
            sae.d_sae, dtype=torch.long, device=sae.W_dec.device
        )
        self.candidates = Candidates.none(sae)
        self.log = TrainingLog()

    @classmethod
    @torch.no_grad()
    def start(cls, sae: SAE, x: Float[Tensor, "batch d_in"], course: Course) -> "Trainee":
        """Puts b_dec in the middle of everybody's first batch. Raises ValueError where that does not vary."""
        x = course.team.gathered(x)
        sae.prepare(x, course.team)
        sae.b_dec.copy_(geometric_median(x[:_MEDIAN_ROWS]))
        variance = float((x - x.mean(0)).square().sum(-1).mean())
        if variance == 0:
            raise ValueError(
                "All rows of the first batch are equal, so there is nothing to learn: give inputs that vary."
            )
        return cls(sae, variance, course)

    def step(self, x: Float[Tensor, "batch d_in"], rate: float, *, noted: bool) -> Entry | None:
        """One step of Adam on the batch x; with `noted`, its line of the log.

        Raises ValueError where the loss is no longer finite (looked at in noted steps).
        """
        sae, team, step = self.sae, self.course.team, self.log.n_steps
        seen = len(x) * team.size
        self._look(x, step, seen)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["units"]
        silent = self.silent_for >= _REVIVED_AFTER * self.course.dead_after
        moment = Moment(step, self.course.n_steps, silent, team)
        loss = sae.training_loss(x, moment)
        self.optimiser.zero_grad()
        (loss.total / self.variance).backward()
        with torch.no_grad():
            team.average_gradients(list(sae.parameters()))
            if sae.unit_norm_decoder and sae.W_dec.grad is not None:
                along = torch.linalg.vecdot(sae.W_dec.grad, sae.W_dec).unsqueeze(1)
                sae.W_dec.grad.addcmul_(along, sae.W_dec, value=-1)
            self.optimiser.step()
            if sae.unit_norm_decoder:
                sae.W_dec.div_(sae.W_dec.norm(dim=1, keepdim=True))
        self.silent_for += seen
        self.silent_for[team.any(loss.fired)] = 0
        self.log.n_steps += 1
        self.log.n_inputs += seen
        self._resample(seen)
        return self._note(loss.total, loss.squared_error, loss.l0) if noted else None

    def _look(self, x: Tensor, step: int, seen: int) -> None:
        rule, n_steps = self.course.resampling, self.course.n_steps
        if rule and rule.looks(step, n_steps, seen, self.sae.d_sae):
            noise = stream(f"sae.resampling.{step}", rule.seed)
            self.candidates.look_at(self.sae, x, noise, self.course.team)

    def _resample(self, seen: int) -> None:
        rule, n_steps = self.course.resampling, self.course.n_steps
        if rule is None or self.log.n_steps not in rule.steps(n_steps):
            return
        dead = self.silent_for >= max(1, round(rule.silent * n_steps)) * seen
        started = resample(self.sae, dead, self.candidates, self.optimiser, self.course.team)
        self.silent_for[started] = 0
        self.candidates = Candidates.none(self.sae)

    def _note(self, total: Tensor, squared_error: Tensor, l0: Tensor) -> Entry:
        means = self.course.team.mean(torch.stack([total.detach(), squared_error, l0.to(total)]))
        loss, fvu = float(means[0]) / self.variance, float(means[1]) / self.variance
        if not loss < float("inf"):
            raise ValueError(
                f"The loss became {loss} at step {self.log.n_steps}: train with a lower learning rate."
            )
        dead = int((self.silent_for >= self.course.dead_after).sum())
        entry = Entry(self.log.n_steps, loss, fvu, float(means[2]), dead)
        self.log.entries.append(entry)
        return entry

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint holds of it, beside `state`; every process of a team has to ask."""
        found = {f"sae.{name}": tensor for name, tensor in self.sae.state_dict().items()}
        for number, values in self.optimiser.state_dict()["state"].items():
            found |= {f"adam.{number}.{name}": value for name, value in values.items()}
        gathered = self.course.team.gathered
        candidates = {"rows": gathered(self.candidates.rows), "keys": gathered(self.candidates.keys)}
        return found | {"silent_for": self.silent_for} | candidates

    def state(self) -> dict[str, Any]:
        """The same, of what is no tensor."""
        return {"variance": self.variance, "choices": self.sae.choices(), "log": asdict(self.log)}

    @classmethod
    def resumed(
        cls, sae: SAE, tensors: dict[str, Tensor], state: dict[str, Any], course: Course
    ) -> "Trainee":
        """What `tensors` and `state` gave, in training again."""
        sae.choose(state["choices"])
        sae.load_state_dict(
            {name.removeprefix("sae."): value for name, value in tensors.items() if name.startswith("sae.")}
        )
        self = cls(sae, float(state["variance"]), course)
        parameters = [parameter for group in self.optimiser.param_groups for parameter in group["params"]]
        remembered = self.optimiser.state_dict()
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, number, what = name.split(".")
                like = parameters[int(number)]
                # Adam's fused kernel reads memory in order, so its state must lie in memory as the parameter does.
                laid_out = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
                remembered["state"].setdefault(int(number), {})[what] = laid_out
        self.optimiser.load_state_dict(remembered)
        device, share = sae.W_dec.device, course.team.share
        self.silent_for = tensors["silent_for"].to(device)
        self.candidates = Candidates(share(tensors["rows"]).to(device), share(tensors["keys"]).to(device))
        entries = [Entry(**entry) for entry in state["log"].pop("entries")]
        self.log = TrainingLog(entries, **state["log"])
        return self


def _optimiser(sae: SAE, variance: float) -> torch.optim.Adam:
    # Adam's steps do not depend on the size of a gradient, so each kind of parameter gets steps of its own size:
    # weights are free of units (rows of unit length), biases are coordinates, a threshold is compared with lengths.
    length, coordinate = variance**0.5, (variance / sae.d_in) ** 0.5
    units = {"W_enc": 1.0, "W_dec": 1.0, "b_enc": coordinate, "b_dec": coordinate}
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in sae.named_parameters():
        groups.setdefault(units.get(name, length), []).append(parameter)
    return torch.optim.Adam(
        [{"params": parameters, "units": unit} for unit, parameters in groups.items()], lr=0.0, fused=True
    )
