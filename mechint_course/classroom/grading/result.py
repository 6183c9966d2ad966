"""What grading one submission came to: plain data, which goes to SQLite, to JSON, and over a cluster's wire."""

import json
from dataclasses import asdict, dataclass, field

GRADED = "graded"
NEEDS_A_PERSON = "needs a person"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Mark:
    """One exercise of one submission."""

    exercise: str
    points: float
    of: float
    mistake: str | None
    """The slug of the mistake; None where the answer passed."""
    message: str
    like_reference: bool = False
    """The answer is the course's reference, word for word. Ask about it; it proves nothing by itself."""


@dataclass(frozen=True)
class Result:
    """One submission."""

    key: str
    learner: str
    name: str
    number: str = ""
    chapter: str = ""
    """Empty where no chapter of the course was recognised."""
    state: str = GRADED
    reason: str = ""
    """Why it is not simply graded."""
    marks: tuple[Mark, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    """Cells that raised or did not finish: their id and what came of them. None of this costs points by itself."""
    seed: int = 0
    """What the random cases were drawn from."""
    unsafe: bool = False
    """Without a sandbox, so that the submission could have done anything, this result included."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Processor time of the grader and of the submission's processes."""
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def points(self) -> float:
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> float:
        return sum(mark.of for mark in self.marks)


def to_json(result: Result) -> str:
    """One line of JSON."""
    return json.dumps(asdict(result))


def from_json(text: str) -> Result:
    """The result that `to_json` wrote."""
    fields = json.loads(text)
    fields["marks"] = tuple(Mark(**mark) for mark in fields["marks"])
    fields["cells"] = tuple((cell, words) for cell, words in fields["cells"])
    fields["notes"] = tuple(fields["notes"])
    return Result(**fields)
