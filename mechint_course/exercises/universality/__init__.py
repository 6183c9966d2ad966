"""Chapter 4, universality: every exercise in the order of the notebook."""

from mechint_course.exercises.universality.agreement import best_match, correlation
from mechint_course.exercises.universality.by_token import guess_tokens, token_part
from mechint_course.exercises.universality.capstone import capstone, guess_written, surprised
from mechint_course.exercises.universality.exclusives import exclusive, false_match_rate, guess_exclusives
from mechint_course.exercises.universality.from_sums import from_moments
from mechint_course.exercises.universality.luck import luck
from mechint_course.exercises.universality.moments import guess_memory, update_moments
from mechint_course.exercises.universality.reading import latents_of
from mechint_course.exercises.universality.same_toy import cosines, guess_toy, rotation
from mechint_course.exercises.universality.saying import guess_saying, says_the_same
from mechint_course.exercises.universality.two_models import guess_agreement, median_match
from mechint_course.exercises.universality.whole_space import cka
from mechint_course.exercises.universality.widths import guess_curve, guess_width, whatever_the_width

SAME_TOY = (guess_toy, cosines, correlation, best_match, rotation)
AT_SCALE = (guess_memory, update_moments, from_moments, latents_of)
A_AGAINST_B = (guess_agreement, median_match, luck)
FEATURE_OR_DATA = (guess_tokens, token_part)
ONE_NUMBER = (cka,)
EXCLUSIVES = (guess_exclusives, exclusive, false_match_rate)
TWINS = (guess_saying, says_the_same)
WIDTHS = (guess_width, whatever_the_width, guess_curve)
CAPSTONE = (guess_written, surprised, capstone)

EXERCISES = (
    *SAME_TOY,
    *AT_SCALE,
    *A_AGAINST_B,
    *FEATURE_OR_DATA,
    *ONE_NUMBER,
    *EXCLUSIVES,
    *TWINS,
    *WIDTHS,
    *CAPSTONE,
)
