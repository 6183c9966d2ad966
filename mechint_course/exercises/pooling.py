"""The ratings of a class: several people's files read, each person counted once, and a bad file named and left out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mechint_course.exercises.ratings import FORMAT, VERSION, Rating, checked

_LARGEST = 1_000_000
"""Bytes: a thousand units weigh 100 kB."""


@dataclass(frozen=True)
class Pooled:
    """What a class has rated."""

    ratings: tuple[Rating, ...]
    """One for each unit and person; the newest where a person gave several."""
    people: int
    problems: tuple[str, ...]
    """A sentence for each file that was left out."""

    def totals(self) -> dict[str, list[int]]:
        """For each kind of unit the sums of the rubric."""
        return by_kind(self.ratings)

    def __str__(self) -> str:
        who = f"{self.people} {'person' if self.people == 1 else 'people'}"
        counted = (
            f"{len(self.ratings)} ratings of {who}." if self.people else "Nobody's ratings are there yet."
        )
        return "\n".join([counted, *self.problems])


def by_kind(ratings: Iterable[Rating]) -> dict[str, list[int]]:
    """The sums of the rubric for each kind of unit.

    >>> by_kind([Rating("neuron", 3, (0, 1, 0, 0, 0)), Rating("feature", 3, (3, 5, 3, 1, 3))])
    {'feature': [15], 'neuron': [1]}
    """
    found: dict[str, list[int]] = {"feature": [], "neuron": []}
    for rating in ratings:
        found.setdefault(rating.kind, []).append(rating.total)
    return found


def pool(paths: str | Path | Iterable[str | Path], *, about: Mapping[str, str] | None = None) -> Pooled:
    """Reads the files that people have given away: one file, a folder's `*.json`, or several of either.

    A person who gave several files counts once, with the newest rating of each unit. A file that cannot be read, or is of
    other dictionaries than `about` (where that is given), is named in `problems` and the others are pooled. A folder
    that is not there holds nothing.

    >>> pool("no such folder")
    Pooled(ratings=(), people=0, problems=())
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    problems: list[str] = []
    contents = []
    for path in sorted({file for one in given for file in _files(Path(one))}):
        try:
            content = read_file(path)
            if about is not None and content["about"] != dict(about):
                raise ValueError(f"it rates {_words(content['about'])}, and these are {_words(about)}")
            contents.append(content)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            problems.append(f"{path.name} was left out: {reason}.")
    found: dict[tuple[str, str, str, int], Rating] = {}
    for content in sorted(contents, key=lambda content: datetime.fromisoformat(content["written"])):
        for rating in content["ratings"]:
            found[content["person"], content["sheet"], rating.kind, rating.unit] = rating
    people = {person for person, *_ in found}
    return Pooled(tuple(found.values()), len(people), tuple(problems))


def read_file(path: Path) -> dict[str, Any]:
    """One person's file, every field of it checked. Raises ValueError saying what is wrong, OSError where it is not readable."""
    with path.open("rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST:,} bytes, and such a file has a few thousand")
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON, or was cut short") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it is JSON, but not a file of ratings")
    if content.get("version") != VERSION:
        raise ValueError(f"its version is {content.get('version')!r:.40}, and this course reads {VERSION}")
    for name in ("person", "sheet", "written"):
        if not isinstance(content.get(name), str) or not 0 < len(content[name]) <= 64:
            raise ValueError(f"its {name!r} is missing or not a short text")
    try:
        zone = datetime.fromisoformat(content["written"]).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise ValueError("its 'written' is not a moment with a time zone")
    about = content.get("about")
    if not isinstance(about, dict) or not all(isinstance(word, str) for word in about.values()):
        raise ValueError("its 'about' does not say which units were rated")
    rows = content.get("ratings")
    if not isinstance(rows, list) or not rows:
        raise ValueError("it holds no ratings")
    return content | {"ratings": [_rating(row, about) for row in rows]}


def _rating(row: Any, about: Mapping[str, str]) -> Rating:
    kind, unit, scores = (
        (row.get(k) for k in ("kind", "unit", "scores")) if isinstance(row, dict) else (0, 0, 0)
    )
    if (
        not isinstance(kind, str)
        or kind not in about
        or type(unit) is not int
        or not isinstance(scores, list)
    ):
        raise ValueError(f"{row!r:.60} in it is not a rating of a unit")
    try:
        return Rating(kind, unit, checked(scores))
    except ValueError:
        raise ValueError(f"{scores!r:.60} in it are no scores of the rubric") from None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.glob("*.json") if not file.name.startswith(".")]
    return [path] if path.suffix == ".json" or path.exists() else []


def _words(about: Mapping[str, str]) -> str:
    return ", ".join(f"{kind}s of {name!r:.40}" for kind, name in sorted(about.items()))
