"""Pages: one for each learner, one for the class. Plain HTML in which no script runs, whatever a submission holds."""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from mechint_course.classroom.files import write_whole
from mechint_course.classroom.grading.result import Mark, Result
from mechint_course.classroom.grading.tables import LIKE, Row
from mechint_course.exercises.catalogue import catalogue

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em; color: #222; }}
table {{ border-collapse: collapse; }} th, td {{
  text-align: left; padding: .2em .8em; border-bottom: 1px solid #ccc; vertical-align: top; }}
pre {{ white-space: pre-wrap; background: #f4f4f4; padding: .5em; }}
section {{ border-left: 4px solid #0072b2; padding: 0 1em; margin: 1em 0; }}
section.passed {{ border-color: #009e73; }} section.open {{ border-color: #d55e00; }}
.unsafe {{ background: #d55e00; color: #fff; padding: .5em 1em; font-weight: bold; }}
</style></head><body>
"""
_UNSAFE = (
    '<p class="unsafe">UNSAFE: graded without a sandbox (--unsafe). A submission could have done anything on that '
    "machine, this page included.</p>\n"
)


def write(folder: Path, table: Sequence[Row]) -> Path:
    """Writes every page; returns the path of the class's."""
    by_learner: dict[str, list[Row]] = {}
    for row in table:
        by_learner.setdefault(row.learner, []).append(row)
    for learner, rows in by_learner.items():
        write_whole(folder / "learners" / file_name(learner), learner_page(learner, rows))
    page = folder / "class.html"
    write_whole(page, class_page(table))
    return page


def file_name(learner: str) -> str:
    """A name for a learner's page that every file system takes, and no other learner has.

    >>> file_name("../Ann O'Neil")[:11]
    'Ann-O-Neil-'
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", learner).strip("-")[:40] or "learner"
    return f"{readable}-{hashlib.sha256(learner.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.html"


def learner_page(learner: str, rows: Sequence[Row]) -> str:
    """What one learner is told."""
    parts = [_HEAD.format(title=_safe(f"Grades of {learner}")), _banner(rows), f"<h1>{_safe(learner)}</h1>\n"]
    for row in rows:
        parts.append(
            f"<h2>{_safe(row.chapter or 'Not recognised')}: {row.points:g} of {row.of:g} points</h2>\n"
        )
        parts.append(f"<p>State: {_safe(row.state)}. {_safe(row.reason)}</p>\n")
        parts += [f"<p>{_safe(note)}</p>\n" for note in row.notes if not note.startswith(LIKE)]
        parts += [_result(result, len(row.results) > 1) for result in row.results]
    return "".join(parts) + "</body></html>\n"


def _result(result: Result, several: bool) -> str:
    parts = [f"<h3>{_safe(result.name)}</h3>\n"] if several else []
    parts += [_mark(mark) for mark in result.marks]
    if result.cells:
        parts.append(
            "<h3>Cells that did not run to their end</h3>\n<p>They cost no points by themselves.</p>\n<table>\n"
        )
        parts += [
            f"<tr><td><code>{_safe(cell)}</code></td><td>{_safe(words)}</td></tr>\n"
            for cell, words in result.cells
        ]
        parts.append("</table>\n")
    return "".join(parts)


def _mark(mark: Mark) -> str:
    titles = {exercise.id: exercise.title for exercise in catalogue()}
    blocks = "".join(
        f"<pre>{_safe(block)}</pre>" if block.startswith("    ") else f"<p>{_safe(block)}</p>"
        for block in mark.message.split("\n\n")
        if block.strip()
    )
    word = "passed" if mark.mistake is None else "open"
    return (
        f'<section class="{word}"><h3>{_safe(titles.get(mark.exercise, mark.exercise))} · '
        f"<code>{_safe(mark.exercise)}</code> · {mark.points:g} of {mark.of:g} · {word}</h3>{blocks}</section>\n"
    )


def class_page(table: Sequence[Row]) -> str:
    """The class: everybody's points, and what went wrong most often."""
    parts = [_HEAD.format(title="The class"), _banner(table), "<h1>The class</h1>\n<table>\n"]
    parts.append("<tr><th>Learner</th><th>Chapter</th><th>Points</th><th>State</th><th>Notes</th></tr>\n")
    for row in table:
        link = f'<a href="learners/{file_name(row.learner)}">{_safe(row.learner)}</a>'
        words = _safe(row.state) + (f": {_safe(row.reason)}" if row.reason else "")
        cells = [
            link,
            _safe(row.chapter or "-"),
            f"{row.points:g} of {row.of:g}",
            words,
            _safe("; ".join(row.notes)),
        ]
        parts.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n")
    parts.append("</table>\n<h2>The most common mistakes, by exercise</h2>\n")
    found = mistakes(result for row in table for result in row.results)
    parts.append(plot(found))
    parts.append("<table>\n<tr><th>Exercise</th><th>Judged</th><th>Passed</th><th>Mistakes</th></tr>\n")
    for exercise, counts in found.items():
        named = ", ".join(f"{_safe(slug)} ({n})" for slug, n in counts.most_common() if slug is not None)
        parts.append(
            f"<tr><td>{_safe(exercise)}</td><td>{counts.total()}</td><td>{counts[None]}</td><td>{named}</td></tr>\n"
        )
    return "".join(parts) + "</table>\n</body></html>\n"


def mistakes(results: Iterable[Result]) -> dict[str, Counter[str | None]]:
    """How often each mistake was made, by exercise in the order of the course; None counts those that passed."""
    found: dict[str, Counter[str | None]] = {}
    for result in results:
        for mark in result.marks:
            found.setdefault(mark.exercise, Counter())[mark.mistake] += 1
    return {exercise.id: found[exercise.id] for exercise in catalogue() if exercise.id in found}


def plot(found: dict[str, Counter[str | None]]) -> str:
    """The same as bars: for each exercise, passed, the most common mistake, and all others."""
    if not found:
        return "<p>Nothing was judged yet.</p>\n"
    most = max(counts.total() for counts in found.values())
    bars = []
    for i, (exercise, counts) in enumerate(found.items()):
        first = next(((slug, n) for slug, n in counts.most_common() if slug is not None), ("", 0))
        rest = counts.total() - counts[None] - first[1]
        x = 230.0
        bars.append(f'<text x="0" y="{i * 26 + 17}">{_safe(exercise)}</text>')
        for label, n, fill, ink in (
            ("passed", counts[None], "#009e73", "#fff"),
            (first[0], first[1], "#d55e00", "#fff"),
            ("others", rest, "#999", "#000"),
        ):
            if n:
                wide = 460 * n / most
                bars.append(
                    f'<rect x="{x:.1f}" y="{i * 26 + 2}" width="{wide:.1f}" height="20" fill="{fill}">'
                    f"<title>{_safe(label)}: {n}</title></rect>"
                )
                bars.append(
                    f'<text x="{x + 4:.1f}" y="{i * 26 + 17}" fill="{ink}">{n} {_safe(label) if wide > 9 * len(label) + 20 else ""}</text>'
                )
                x += wide
    return (
        f'<svg role="img" aria-label="Results by exercise; the table below holds the same numbers" width="100%" '
        f'viewBox="0 0 700 {len(found) * 26 + 4}" font-size="14">{"".join(bars)}</svg>\n'
    )


def _banner(rows: Sequence[Row]) -> str:
    return _UNSAFE if any(row.unsafe for row in rows) else ""


def _safe(text: object) -> str:
    return html.escape(str(text).encode("utf-8", "replace").decode())
