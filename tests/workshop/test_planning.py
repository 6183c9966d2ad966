"""The numbers for planning, taken again: `python -m mechint_course test -- -m release -s tests/workshop/test_planning.py`."""

import pytest

from mechint_course.classroom.workshop import measure, planning
from mechint_course.exercises.catalogue import CHAPTERS


@pytest.mark.slow
def test_a_chapter_is_measured(monkeypatch):
    """At smoke size: the numbers are of one kernel, in the right units."""
    monkeypatch.setenv("MECHINT_COURSE_SMOKE", "1")
    cost = measure.measure("01_toy")
    assert 0 < cost.longest_cell <= cost.cpu_seconds < 300
    assert 100 < cost.own_mb <= cost.peak_mb < 10_000


@pytest.mark.release
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_full_size_beside_what_the_kit_says(chapter):
    said = next(one for one in planning.measured().chapters if one.chapter == chapter)
    found = measure.measure(chapter)
    print(f"\n{chapter}: the kit says {said}\n{'':{len(chapter)}}  found here {found}")
    assert found.own_mb < 2 * said.own_mb, "a class planned by the kit's numbers would run out of memory"
