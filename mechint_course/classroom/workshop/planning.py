"""How much machine a class needs: the numbers that `measure` took, and what follows from them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

MEASURED = Path(__file__).with_name("measured.json")

RUNS = 3
"""How often a learner runs a chapter's cells, all in all. A guess to plan by, not a measurement."""
BUSY = 70
"""How many percent of the cores a class may use on average: above it, waiting grows fast."""


@dataclass(frozen=True)
class ChapterCost:
    """What one learner's kernel took for one chapter: everything solved, every cell run once, at full size."""

    chapter: str
    minutes: int
    """What the catalogue says the exercises take."""
    cpu_seconds: float
    longest_cell: float
    """CPU-seconds of the cell that took most."""
    peak_mb: float
    """Peak of resident memory (RSS), in MB of 1,000,000 bytes."""
    own_mb: float
    """Peak of memory that no other process shares (USS)."""


@dataclass(frozen=True)
class Measured:
    """One measuring, with the machine it was taken on."""

    machine: str
    date: str
    server_mb: float
    """A learner's JupyterLab before any kernel (USS)."""
    chapters: tuple[ChapterCost, ...]


def measured(path: Path = MEASURED) -> Measured:
    """The numbers that the kit states."""
    told = json.loads(path.read_text(encoding="utf-8"))
    chapters = tuple(ChapterCost(**one) for one in told.pop("chapters"))
    return Measured(**told, chapters=chapters)


def as_json(numbers: Measured) -> str:
    """What `measured` reads."""
    return json.dumps(asdict(numbers), indent=1) + "\n"


def learners(cost: ChapterCost, cores: int = 2) -> int:
    """How many learners `cores` hold for this chapter, when each runs it `RUNS` times in the time the catalogue gives.

    >>> learners(ChapterCost("01_toy", minutes=30, cpu_seconds=60.0, longest_cell=30.0, peak_mb=500.0, own_mb=300.0))
    14
    """
    return int(BUSY * cores * 60 * cost.minutes // (100 * RUNS * cost.cpu_seconds))


def memory_gb(cost: ChapterCost, server_mb: float, n_learners: int) -> float:
    """Memory for so many learners at once, in GB: what each has for itself, and what all share counted once."""
    return (n_learners * (cost.own_mb + server_mb) + cost.peak_mb - cost.own_mb) / 1000


def learners_in(cost: ChapterCost, server_mb: float, gb: float) -> int:
    """How many learners so much memory holds, when all are at the chapter's peak at once.

    >>> cost = ChapterCost("01_toy", minutes=30, cpu_seconds=60.0, longest_cell=30.0, peak_mb=500.0, own_mb=300.0)
    >>> learners_in(cost, server_mb=100.0, gb=16.2)  # 16,200 MB less 200 shared, 400 each
    40
    """
    return int((1000 * gb - cost.peak_mb + cost.own_mb) // (cost.own_mb + server_mb))


def as_markdown(numbers: Measured) -> str:
    """The part of the kit's README about sizes."""
    lines = [
        f"Measured in {numbers.date}, on {numbers.machine}, in a kernel with one thread: every exercise solved,",
        "every cell run once, at full size, with the chapter's texts prepared before (the first learner to come pays for that, once",
        "for the room). The machine did other work at the same time; CPU-seconds count this work only. Memory was looked at five",
        "times a second; from run to run it differs by some hundred MB. The",
        f"last three columns follow from the others, for a learner who runs everything {RUNS} times in the catalogue's minutes,",
        f"cores that are {BUSY} % busy, and everybody at the peak of memory at once. That learner is our guess.",
        "",
        "| chapter | minutes then | CPU-seconds | in one cell | kernel memory (its own part) | two cores serve | 16 GB hold | 30 need |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cost in numbers.chapters:
        lines.append(
            f"| `{cost.chapter}` | {cost.minutes} | {cost.cpu_seconds:.0f} | {cost.longest_cell:.0f} "
            f"| {cost.peak_mb:,.0f} MB ({cost.own_mb:,.0f} MB) | {learners(cost)} learners "
            f"| {learners_in(cost, numbers.server_mb, 16)} learners | {memory_gb(cost, numbers.server_mb, 30):.0f} GB |"
        )
    worst = max(numbers.chapters, key=lambda one: one.longest_cell)
    lines += [
        "",
        f"A learner's JupyterLab takes {numbers.server_mb:,.0f} MB before any kernel, which is counted. A machine that is short of",
        "memory serves more learners when everybody shuts down kernels that they have done with. When a whole class",
        f"starts the longest cell in the same minute (`{worst.chapter}`), each learner in the queue keeps two cores busy",
        f"for {worst.longest_cell / 2:.0f} seconds: let them start as they get there, not on your word.",
        "",
        "On your own machine: `python -m mechint_course.classroom.workshop.measure`.",
    ]
    return "\n".join(lines)
