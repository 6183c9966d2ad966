"""What a contest leaves behind: a card for each dictionary, and the leaderboard as a table, CSV, JSON and a picture."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mechint_course import __version__
from mechint_course.hackathon.contest import Entry
from mechint_course.hackathon.scores import BUDGET, Scores
from mechint_course.resources import replace_file

COLUMNS = (
    "rank", "name", "folder", "score", "domain_f1", "loss_recovered", "fvu", "l0", "dead", "union_f1", "splitting",
    "match", "latents", "parameters", "architecture", "public_score", "gap", "flags", "error",
)  # fmt: skip
LEADERBOARD = "leaderboard.csv"
_SHOWN = ("rank", "name", "score", "domain_f1", "loss_recovered", "l0", "fvu", "dead", "match", "latents")

Row = dict[str, Any]


def row(rank: str, entry: Entry) -> Row:
    """One line of the leaderboard."""
    found: Row = dict.fromkeys(COLUMNS)
    found |= {"rank": rank, "name": entry.name, "folder": entry.folder}
    found |= {"flags": "; ".join(entry.flags), "error": entry.error}
    if entry.scores is not None:
        scores = entry.scores
        found |= {
            "score": scores.headline,
            "latents": entry.d_sae,
            "parameters": entry.parameters,
            "architecture": entry.architecture,
            "public_score": entry.public.headline if entry.public else None,
            "gap": entry.gap,
        }
        for name in ("domain_f1", "loss_recovered", "fvu", "l0", "dead", "union_f1", "splitting", "match"):
            found[name] = getattr(scores, name)
    return found


def as_csv(rows: Sequence[Row]) -> str:
    """The whole leaderboard; a number that cannot be told is an empty cell."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_text(rows: Sequence[Row], titles: Sequence[str]) -> str:
    """The leaderboard for people: the columns that matter most, then flags and faults in sentences."""
    table = [[name.replace("_", " ") for name in _SHOWN]]
    for one in rows:
        if one["error"] is None:
            table.append([_cell(name, one[name]) for name in _SHOWN])
    widths = [max(len(line[i]) for line in table) for i in range(len(_SHOWN))]
    lines = [*titles, ""]
    lines += [
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in table
    ]
    lines += [f"Look at {one['name']}: {one['flags']}." for one in rows if one["flags"]]
    lines += [f"{one['name']} failed: {one['error']}" for one in rows if one["error"]]
    return "\n".join(lines)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}" if name == "l0" else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def as_json(rows: Sequence[Row], entries: Sequence[Entry], titles: Sequence[str]) -> str:
    """Everything, for programs."""
    cards = [one | {"card": card(entry, titles)} for one, entry in zip(rows, entries, strict=True)]
    return json.dumps({"scored_on": list(titles), "dictionaries": cards}, indent=1, allow_nan=False)


def card(entry: Entry, titles: Sequence[str]) -> dict[str, Any]:
    """A dictionary's card: the same bytes whenever it is scored on the same text with the same version."""
    return {
        "name": entry.name,
        "course": __version__,
        "scored_on": list(titles),
        "headline": f"loss recovered within {BUDGET:g} latents a token"
        if entry.scores is None or entry.scores.loss_recovered is not None
        else f"variance explained within {BUDGET:g} latents a token",
        "architecture": entry.architecture,
        "d_sae": entry.d_sae,
        "parameters": entry.parameters,
        "scores": _scores(entry.scores),
        "public_scores": _scores(entry.public),
        "public_less_secret": entry.gap,
        "flags": list(entry.flags),
        "error": entry.error,
    }


def _scores(scores: Scores | None) -> dict[str, Any] | None:
    return None if scores is None else asdict(scores) | {"splitting": scores.splitting}


def write(
    out: Path, ranked: Sequence[tuple[str, Entry]], titles: Sequence[str], baseline: Entry | None
) -> list[Row]:
    """Cards and leaderboard into `out`, each file whole or not at all; gives the leaderboard's lines."""
    from mechint_course.figures.dictionaries import Place, frontier
    from mechint_course.figures.style import png

    out.mkdir(parents=True, exist_ok=True)
    rows = [row(rank, entry) for rank, entry in ranked]
    entries = [entry for _, entry in ranked]
    places = []
    for entry in entries:
        folder = out / "baseline" if entry.baseline else out / "cards" / entry.name
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / "card.json", json.dumps(card(entry, titles), indent=1, allow_nan=False) + "\n")
        if entry.scores is not None:
            replace_file(folder / "card.png", png(_picture(entry, titles, baseline)))
            scores = entry.scores
            kept = 1 - scores.fvu if scores.loss_recovered is None else scores.loss_recovered
            places.append(Place(entry.name, max(scores.l0, 0.1), kept, entry.baseline))
    _put(out / LEADERBOARD, as_csv(rows))
    _put(out / "leaderboard.json", as_json(rows, entries, titles) + "\n")
    if places:
        told = any(entry.scores and entry.scores.loss_recovered is not None for entry in entries)
        what = "loss recovered" if told else "variance explained"
        replace_file(out / "leaderboard.png", png(frontier(places, budget=BUDGET, what=what)))
    return rows


def _put(path: Path, text: str) -> None:
    replace_file(path, text.encode())


def _picture(entry: Entry, titles: Sequence[str], baseline: Entry | None) -> Any:
    from mechint_course.figures.dictionaries import score_card

    scores = entry.scores
    assert scores is not None  # only scored entries have a picture
    other = baseline.scores if baseline is not None and not entry.baseline else None

    def pair(name: str) -> tuple[float, float | None] | None:
        mine = getattr(scores, name)
        return None if mine is None else (mine, None if other is None else getattr(other, name))

    told = scores.loss_recovered is not None
    wanted = {
        f"{'loss recovered' if told else 'variance explained'}\nwithin {BUDGET:g} latents a token": pair(
            "headline"
        ),
        "loss recovered,\nall its latents": pair("loss_recovered"),
        "variance explained,\nall its latents": (1 - scores.fvu, None if other is None else 1 - other.fvu),
        "latents alive": (1 - scores.dead, None if other is None else 1 - other.dead),
        "domain F1,\nbest latent": pair("domain_f1"),
        "domain F1,\nbest union of five": pair("union_f1"),
        "match with the\nshipped dictionary": pair("match"),
    }
    facts = (
        f"{entry.architecture}, {entry.d_sae:,} latents, {entry.parameters:,} parameters, L0 {scores.l0:.1f}"
    )
    notes = [facts, *titles, *(f"Look at this: {flag}." for flag in entry.flags)]
    return score_card(
        entry.name,
        notes,
        {name: value for name, value in wanted.items() if value is not None},
        {
            name: (value, None if other is None else other.f1_by_domain.get(name))
            for name, value in scores.f1_by_domain.items()
        },
        baseline=f"white diamond: {baseline.name}" if baseline else "baseline",
    )
