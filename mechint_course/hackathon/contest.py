"""Many dictionaries on the same text: each scored or its fault named, compared with the shipped one, and ranked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mechint_course.hackathon.benchmark import Benchmark
from mechint_course.hackathon.codes import Code, encode
from mechint_course.hackathon.scores import Scores, score
from mechint_course.printable import printable
from mechint_course.sae import SAE
from mechint_course.sae.files import WEIGHTS

_LARGEST_WEIGHTS = 1_000_000_000
_LONGEST_MESSAGE = 500
_GAP = 0.02
"""More public than secret loss recovered on the same domains: an honest dictionary has about as much of both."""


@dataclass(frozen=True)
class Entry:
    """A dictionary of the contest: its scores, or why it has none."""

    name: str
    folder: str | None = None
    """As it was given; the shipped dictionary has none."""
    error: str | None = None
    architecture: str | None = None
    d_sae: int = 0
    parameters: int = 0
    scores: Scores | None = None
    """On the text that decides: the secret one if there is one."""
    public: Scores | None = None
    """On the public text, where another one decides."""
    baseline: bool = False

    @property
    def gap(self) -> float | None:
        """Loss recovered on the generated domains of the public text less that on the secret one."""
        if self.scores is None or self.public is None:
            return None
        if self.scores.on_generated is None or self.public.on_generated is None:
            return None
        return round(self.public.on_generated - self.scores.on_generated, 4)

    @property
    def flags(self) -> tuple[str, ...]:
        """What a person should look at. A flag takes nothing off the score."""
        if self.scores is None:
            return ()
        said = []
        if self.scores.one_neuron > 0.5:
            said.append(f"{self.scores.one_neuron:.0%} of its living latents are single neurons")
        if self.scores.by_position > 0.2:
            said.append(f"{self.scores.by_position:.0%} of its firing follows the place in the sequence")
        if self.scores.row_ratio > 100:
            said.append(f"its longest decoder row is {self.scores.row_ratio:,.0f} times the median one")
        if self.gap is not None and self.gap > _GAP:
            said.append(f"it recovers {self.gap:.3f} more of the public text than of the secret one")
        return tuple(said)


class Contest:
    """Scores dictionaries on one text, or on a deciding one with the public one beside it."""

    def __init__(
        self, deciding: Benchmark, public: Benchmark | None = None, shipped: SAE | None = None
    ) -> None:
        """`shipped` is what every dictionary is matched with, and the baseline that it has to beat."""
        self.deciding, self.public, self.shipped = deciding, public, shipped
        self._reference: Code | None = None if shipped is None else encode(shipped, deciding.x)

    def baseline(self, name: str) -> Entry | None:
        """The shipped dictionary as an entry, if there is one."""
        return None if self.shipped is None else self._entry(name, self.shipped, baseline=True)

    def score(self, name: str, folder: Path) -> Entry:
        """The dictionary in a folder; whatever is wrong with it becomes the entry's error."""
        try:
            weights = folder / WEIGHTS
            if weights.is_file() and weights.stat().st_size > _LARGEST_WEIGHTS:
                raise ValueError(
                    f"{weights} has {weights.stat().st_size:,} bytes, and {_LARGEST_WEIGHTS:,} are the most that is scored"
                )
            return self._entry(name, SAE.load_from_disk(folder).requires_grad_(False), folder=_shown(folder))
        except (
            ValueError,
            OSError,
            RuntimeError,
            MemoryError,
        ) as error:  # torch says RuntimeError without memory
            return Entry(
                name, _shown(folder), error=printable(str(error) or type(error).__name__)[:_LONGEST_MESSAGE]
            )

    def _entry(self, name: str, sae: SAE, *, folder: str | None = None, baseline: bool = False) -> Entry:
        known = self._reference if baseline else None
        reference = None if self._reference is None else self._reference.latents
        scores = score(sae, self.deciding, reference=reference, code=known)
        return Entry(
            name,
            folder,
            architecture=sae.architecture,
            d_sae=sae.d_sae,
            parameters=sum(parameter.numel() for parameter in sae.parameters()),
            scores=scores,
            public=None if self.public is None else score(sae, self.public),
            baseline=baseline,
        )


def ranked(entries: Sequence[Entry], *, most_latents: int) -> list[tuple[str, Entry]]:
    """(rank, entry), the best headline first; then what is too large to be ranked, then what failed.

    The baseline stands where its score puts it and takes no rank. Equal scores share a rank.
    """

    def place(entry: Entry) -> tuple[bool, bool, float, str]:
        headline = -entry.scores.headline if entry.scores else 0.0
        return entry.scores is None, entry.d_sae > most_latents, headline, entry.name

    rows: list[tuple[str, Entry]] = []
    rank, before, counted = 0, None, 0
    for entry in sorted(entries, key=place):
        if entry.scores is None:
            rows.append(("failed", entry))
        elif entry.baseline:
            rows.append(("baseline", entry))
        elif entry.d_sae > most_latents:
            rows.append(("too large", entry))
        else:
            counted += 1
            if entry.scores.headline != before:
                rank, before = counted, entry.scores.headline
            rows.append((str(rank), entry))
    return rows


def named(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """A name for each folder: its own, with nothing in it that a table or a file system would mind, and no two alike.

    Every team calls its folder my-dictionary: where a name comes again, the folder around it stands before it.

    >>> [name for name, _ in named([Path("a/mine"), Path("b/mine"), Path("=1+1")])]
    ['a-mine', 'b-mine', '1-1']
    """
    paths = [folder.resolve() for folder in folders]
    often = Counter(path.name for path in paths)
    taken: set[str] = set()
    for folder, path in zip(folders, paths, strict=True):
        words = f"{path.parent.name}-{path.name}" if often[path.name] > 1 else path.name
        kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in words)
        name = base = kept.strip("-_.")[:60] or "dictionary"
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.lower())
        yield name, folder


def _shown(folder: Path) -> str:
    """The folder as a table can show it: a spreadsheet would take =1+1 for a formula.

    >>> _shown(Path("team-1/mine")), _shown(Path("=1+1"))
    ('team-1/mine', './=1+1')
    """
    text = printable(str(folder))
    return f"./{text}" if text.startswith(("=", "+", "-", "@")) else text
