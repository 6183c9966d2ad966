"""Timetables of a workshop, computed from the catalogue's minutes, so that they stay true when chapters grow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil

from mechint_course.classroom.counting import counted
from mechint_course.exercises.model import Exercise

PACE = 1.3
"""How much longer a room takes than the catalogue's minutes: reading, pictures, questions. A guess to plan by, not a measurement."""


@dataclass(frozen=True)
class Row:
    """One line of a timetable."""

    start: int
    """Minutes since midnight, or since the beginning where no clock is meant."""
    minutes: int
    what: str
    exercises: tuple[Exercise, ...] = ()


@dataclass(frozen=True)
class Session:
    """A stretch of time between two breaks."""

    title: str
    start: int
    minutes: int
    opening: tuple[tuple[str, int], ...] = ()
    """What comes first and how long it takes."""
    closing: tuple[tuple[str, int], ...] = ()


@dataclass
class Timetable:
    """Sessions with their rows, and what did not fit."""

    title: str
    sessions: list[tuple[Session, list[Row]]] = field(default_factory=list)
    home: list[Exercise] = field(default_factory=list)
    """Core exercises that the time does not hold, of chapters that were begun."""
    further: list[Exercise] = field(default_factory=list)
    """All exercises of chapters that were not begun."""
    extensions: list[Exercise] = field(default_factory=list)
    """For those who are done early: what chapters that were begun have beside their core."""


def in_the_room(exercises: Sequence[Exercise]) -> int:
    """Minutes that a room needs for these exercises.

    >>> in_the_room([])
    0
    """
    return ceil(PACE * sum(exercise.minutes for exercise in exercises))


def two_hours(exercises: Sequence[Exercise]) -> Timetable:
    """One evening: of the first chapter what fits, with a picture to talk about at the end; others only if they fit whole."""
    evening = Session(
        "", 0, 120, (("Welcome; everybody opens the lab and runs the first cell", 15),),
        (("What we saw, and where to go on", 10),),
    )  # fmt: skip
    return _fill("2 hours", [evening], exercises, across=False)


def one_day(exercises: Sequence[Exercise]) -> Timetable:
    """A day of four sessions; a chapter may run across a break."""
    sessions = [
        Session(
            "Morning", 9 * 60 + 30, 90, (("Welcome; everybody opens the lab and runs the first cell", 15),)
        ),
        Session("Late morning", 11 * 60 + 15, 75),
        Session("After lunch", 13 * 60 + 30, 90),
        Session(
            "Afternoon",
            15 * 60 + 15,
            105,
            (),
            (("Each pair shows one picture; what we saw, and where to go on", 20),),
        ),
    ]
    return _fill("1 day", sessions, exercises, across=True)


def four_weeks(exercises: Sequence[Exercise]) -> Timetable:
    """Two hours a week. Chapters are shared out evenly; what does not fit in its week is homework."""
    by_chapter = [list(group) for _, group in groupby(exercises, key=lambda one: one.topic)]
    table = Timetable("4 weeks")
    for week in range(4):
        chapters = by_chapter[len(by_chapter) * week // 4 : len(by_chapter) * (week + 1) // 4]
        opening = (
            ("Welcome; everybody opens the lab", 15)
            if week == 0
            else ("Last week's questions, and answers that differ", 15)
        )
        session = Session(
            f"Week {week + 1}", 0, 120, (opening,), (("What we saw, and what to do until next week", 10),)
        )
        part = _fill("", [session], [one for chapter in chapters for one in chapter], across=True)
        table.sessions += part.sessions
        table.home += part.home + [one for one in part.further if one.core]
        table.extensions += part.extensions + [one for one in part.further if not one.core]
    return table


def timetables(exercises: Sequence[Exercise]) -> tuple[Timetable, ...]:
    """All three."""
    return two_hours(exercises), one_day(exercises), four_weeks(exercises)


TALK, DISCUSSION = 10, 8
"""Minutes for a chapter's talking points, and for talking about its last picture."""

SHORTEST = 20
"""Minutes of hands-on time that are worth beginning a chapter for before a break."""


def _that_fit(core: Sequence[Exercise], room: int) -> list[Exercise]:
    """The first exercises that `room` minutes hold, in their order."""
    taken: list[Exercise] = []
    for exercise in core:
        if in_the_room([*taken, exercise]) > room:
            break
        taken.append(exercise)
    return taken


def _fill(
    title: str, sessions: Sequence[Session], exercises: Sequence[Exercise], *, across: bool
) -> Timetable:
    """Chapters in their order into sessions; with `across`, a chapter may go on after a break, else it ends in talk."""
    table = Timetable(title)
    waiting = list(_chapters([one for one in exercises if one.core]))
    begun: set[str] = set()
    for session in sessions:
        rows, now = [], session.start
        for what, minutes in session.opening:
            rows.append(Row(now, minutes, what))
            now += minutes
        closing = session.closing
        end = session.start + session.minutes - sum(minutes for _, minutes in closing)
        while waiting:
            chapter, core = waiting[0]
            talk = 0 if chapter in begun else TALK
            room = end - now - talk
            whole = in_the_room(core) + DISCUSSION <= room
            if not whole and not across and begun:
                break
            taken = core if whole else _that_fit(core, room if across else room - DISCUSSION)
            if not taken or (talk and not whole and in_the_room(taken) < SHORTEST):
                break  # nobody begins a chapter for a few minutes
            if talk:
                rows.append(Row(now, talk, f"`{chapter}`: the talking points"))
                now += talk
                begun.add(chapter)
            rows.append(Row(now, in_the_room(taken), f"`{chapter}`: hands on", tuple(taken)))
            now += in_the_room(taken)
            waiting[0] = (chapter, core[len(taken) :])
            if not whole and not across:
                # No session comes behind this one: what there is to see is talked about now.
                talk_about = f"`{chapter}`: the picture that you have reached, in pairs and then together"
                closing = ((talk_about, DISCUSSION), *closing)
                end -= DISCUSSION
            if not whole:
                break  # the rest after the break, or at home
            rows.append(Row(now, DISCUSSION, f"`{chapter}`: the last picture, in pairs and then together"))
            now += DISCUSSION
            waiting.pop(0)
        if now < end:
            rows.append(
                Row(now, end - now, "Time in hand: unsolved ones, extensions, the questions in the notebook")
            )
        for what, minutes in closing:
            rows.append(Row(end, minutes, what))
            end += minutes
        table.sessions.append((session, rows))
    table.home = [one for chapter, core in waiting for one in core if chapter in begun]
    table.extensions = [one for one in exercises if not one.core and one.chapter in begun]
    table.further = [one for one in exercises if one.chapter not in begun]
    return table


def _chapters(exercises: Sequence[Exercise]) -> Iterator[tuple[str, list[Exercise]]]:
    for chapter, group in groupby(exercises, key=lambda one: one.chapter):
        yield chapter, list(group)


def as_markdown(table: Timetable) -> str:
    """A timetable as a page."""
    lines = [f"# {table.title}", ""]
    for session, rows in table.sessions:
        lines += ([f"## {session.title}", ""] if session.title else []) + [
            "| from | minutes | what |",
            "|---|---|---|",
        ]
        for row in rows:
            listed = ", ".join(f"{one.title} (`{one.id}`)" for one in row.exercises)
            lines.append(
                f"| {_clock(row.start)} | {row.minutes} | {row.what}{': ' if listed else ''}{listed} |"
            )
        lines.append("")
    for heading, exercises in (("At home", table.home), ("For those who are done early", table.extensions)):
        if exercises:
            lines += [f"## {heading}", ""]
            lines += [
                f"- {one.title} (`{one.id}`, about {counted(one.minutes, 'minute')})" for one in exercises
            ] + [""]
    if table.further:
        chapters = ", ".join(f"`{chapter}`" for chapter, _ in _chapters(table.further))
        lines += ["## Another time", "", f"This plan does not begin {chapters}.", ""]
    return "\n".join(lines)


def _clock(minutes: int) -> str:
    """
    >>> _clock(575)
    '9:35'
    """
    return f"{minutes // 60}:{minutes % 60:02d}"
