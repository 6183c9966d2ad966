"""The catalogue and a learner's progress, for people as a table and for programs as JSON."""

import json
import sys
from itertools import groupby

from mechint_course.classroom.counting import counted
from mechint_course.exercises.catalogue import catalogue
from mechint_course.exercises.model import Exercise
from mechint_course.exercises.progress import Progress, Standing

LEVELS = {1: "easy", 2: "medium", 3: "hard"}


def exercises(as_json: bool = False) -> int:
    """Prints every exercise by chapter; as JSON, a list of `{id, chapter, title, points, minutes, difficulty, core}`."""
    everything = catalogue()
    if as_json:
        fields = ("id", "chapter", "title", "points", "minutes", "difficulty", "core")
        print(json.dumps([{field: getattr(one, field) for field in fields} for one in everything], indent=1))
        return 0
    for chapter, of_chapter in groupby(everything, key=lambda one: one.chapter):
        listed = list(of_chapter)
        print(
            f"{chapter}: {_points(listed)} points, about {counted(sum(one.minutes for one in listed), 'minute')}"
        )
        for one in listed:
            path = "core path" if one.core else "extension"
            facts = f"{counted(one.points, 'point')}, {counted(one.minutes, 'minute')}, {LEVELS[one.difficulty]}, {path}"
            print(f"  {one.id:<28} {one.title}  ({facts})")
    return 0


def progress(as_json: bool = False) -> int:
    """Prints what is solved, the hints asked for, and which exercise comes next.

    As JSON: `{points, of, next, exercises: [{id, chapter, title, points, of, tries, hints}]}`.
    """
    everything, file = catalogue(), Progress()
    standings = file.standings()
    rows = [(one, standings.get(one.id, Standing(one.id, 0.0, 0, ()))) for one in everything]
    following = what_next(rows)
    reached = sum(standing.points for _, standing in rows)
    if file.message:
        # Not among the JSON, which a program reads.
        print(file.message, file=sys.stderr if as_json else sys.stdout)
    if as_json:
        listed = [
            {
                "id": one.id,
                "chapter": one.chapter,
                "title": one.title,
                "points": standing.points,
                "of": one.points,
                "tries": standing.tries,
                "hints": list(standing.hints),
            }
            for one, standing in rows
        ]
        whole = {"points": reached, "of": sum(one.points for one in everything)}
        print(
            json.dumps(whole | {"next": following.id if following else None, "exercises": listed}, indent=1)
        )
        return 0
    for chapter, of_chapter in groupby(rows, key=lambda row: row[0].chapter):
        print(chapter)
        for one, standing in of_chapter:
            print("  " + _row(one, standing))
    print(f"{reached:g} of {_points(list(everything))} points.")
    if following:
        print(
            f"Next: {following.title} ({following.id}, about {counted(following.minutes, 'minute')}) in {following.chapter}."
        )
    else:
        print("Every exercise is solved.")
    return 0


def what_next(rows: list[tuple[Exercise, Standing]]) -> Exercise | None:
    """The first unsolved exercise of the core path, else the first unsolved extension, else None."""
    open_ones = [one for one, standing in rows if standing.points < one.points]
    return next((one for one in open_ones if one.core), open_ones[0] if open_ones else None)


def _row(one: Exercise, standing: Standing) -> str:
    unsolved = "tried" if standing.tries else "open"
    state = "solved" if standing.points >= one.points else unsolved
    hints = f", hints: {', '.join(standing.hints)}" if standing.hints else ""
    return f"{state:<7} {one.id:<28} {standing.points:g} of {one.points:g}{hints}"


def _points(listed: list[Exercise]) -> str:
    return f"{sum(one.points for one in listed):g}"
