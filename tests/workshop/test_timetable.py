"""Timetables add up whatever the catalogue says."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mechint_course.classroom.workshop.timetable import (
    DISCUSSION,
    TALK,
    as_markdown,
    in_the_room,
    timetables,
    two_hours,
)
from mechint_course.exercises.catalogue import catalogue

LENGTHS = {"2 hours": [120], "1 day": [90, 75, 90, 105], "4 weeks": [120] * 4}


def scheduled(table):
    return [one for _, rows in table.sessions for row in rows for one in row.exercises]


@given(
    minutes=some.lists(some.integers(1, 60), min_size=1, max_size=60),
    extensions=some.sets(some.integers(0, 59)),
)
@settings(max_examples=60, deadline=None)
def test_rows_fill_each_session_and_no_exercise_is_lost(minutes, extensions):
    known = catalogue()
    exercises = [
        replace(known[i * len(known) // len(minutes)], minutes=one, core=i not in extensions)
        for i, one in enumerate(minutes)
    ]
    for table in timetables(exercises):
        for session, rows in table.sessions:
            assert sum(row.minutes for row in rows) == session.minutes
            assert all(row.minutes > 0 for row in rows)
            assert [row.start for row in rows] == [
                session.start + sum(before.minutes for before in rows[:i]) for i in range(len(rows))
            ]
            assert all(row.minutes == in_the_room(row.exercises) for row in rows if row.exercises)
        listed = scheduled(table) + table.home + table.extensions + table.further
        assert sorted(map(repr, listed)) == sorted(map(repr, exercises))
        assert all(one.core for one in scheduled(table) + table.home)
        assert not any(one.core for one in table.extensions)


@pytest.mark.parametrize("table", timetables(catalogue()), ids=LENGTHS)
def test_the_course_as_it_is(table):
    assert [session.minutes for session, _ in table.sessions] == LENGTHS[table.title]
    listed = scheduled(table)
    assert listed == [one for one in catalogue() if one in listed], "the order of the notebooks"
    page = as_markdown(table)
    assert all(f"`{one.id}`" in page for one in catalogue() if one not in table.further)
    assert all(f"`{one.chapter}`" in page for one in table.further)
    assert "about 1 minute)" in page and "1 minutes" not in page


def test_two_hours_take_the_first_chapter_and_grow_with_it():
    """By hand: 120 minutes less 25 for beginning and end, 10 of talk and 8 of discussion leave 77 for a chapter."""
    first = [one for one in catalogue() if one.core][:3]
    short = [replace(one, minutes=10) for one in first]
    (_, rows), *_ = two_hours(short).sessions
    assert [row.minutes for row in rows] == [15, TALK, 39, DISCUSSION, 38, 10]
    long = [replace(one, minutes=20) for one in first]
    table = two_hours(long)
    assert scheduled(table) == long[:2] and table.home == long[2:]
    ((_, rows),) = table.sessions
    assert [row.minutes for row in rows] == [15, TALK, 52, 25, DISCUSSION, 10]


def test_an_evening_ends_with_a_picture_and_homework_is_of_what_was_begun():
    table = two_hours(catalogue())
    ((_, rows),) = table.sessions
    assert "the picture that you have reached" in rows[-2].what and rows[-2].minutes == DISCUSSION
    first = catalogue()[0].chapter
    assert table.home and {one.chapter for one in table.home} == {first}
    assert {one.chapter for one in table.extensions} == {first}
    later = [one for one in catalogue() if one.chapter != first]
    assert table.further == later
    page = as_markdown(table)
    assert not any(f"`{one.id}`" in page for one in later)
