"""Chapter 4, universality: every exercise in the order of the notebook."""

from mechint_course.exercises.universality.agreement import best_match, correlation
from mechint_course.exercises.universality.two_models import guess_agreement, median_match

EXERCISES = (correlation, best_match, guess_agreement, median_match)
