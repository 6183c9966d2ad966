"""Every exercise of the course, in the order of the notebooks."""

import difflib
import importlib

from mechint_course.exercises.model import Exercise

CHAPTERS = {"01_toy": "toy", "02_neurons": "neurons", "03_sae": "sae", "04_universality": "universality"}
"""Chapter folder -> the topic that its exercises' ids begin with."""


def exercises_of(topic: str) -> tuple[Exercise, ...]:
    """The exercises of one topic; imports that topic only."""
    return tuple(importlib.import_module(f"mechint_course.exercises.{topic}").EXERCISES)


def catalogue() -> tuple[Exercise, ...]:
    """All exercises."""
    return tuple(exercise for topic in CHAPTERS.values() for exercise in exercises_of(topic))


def find(id: str) -> Exercise:
    """The exercise with this id; LookupError names the nearest ones."""
    topic = id.partition(".")[0] if isinstance(id, str) else ""
    among = exercises_of(topic) if topic in CHAPTERS.values() else catalogue()
    for exercise in among:
        if exercise.id == id:
            return exercise
    near = difflib.get_close_matches(str(id), [exercise.id for exercise in catalogue()], n=3, cutoff=0.3)
    raise LookupError(
        f"there is no exercise {id!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
    )
