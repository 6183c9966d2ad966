"""Chapter 3's last extensions, in the order of the notebook: is it real, splitting, absorption, rating, explaining."""

from mechint_course.exercises.sae.absorption import absorbed_share, guess_absorbed, guess_nested
from mechint_course.exercises.sae.beyond import beyond_token
from mechint_course.exercises.sae.control import guess_control, matched_noise
from mechint_course.exercises.sae.explaining import guess_plain_score, token_table
from mechint_course.exercises.sae.favourites import favourite_share
from mechint_course.exercises.sae.nesting import nested_loss
from mechint_course.exercises.sae.parents import nearest_parent
from mechint_course.exercises.sae.rating import guess_rating, interval_of
from mechint_course.exercises.sae.unions import guess_wider, next_in_union

DOUBTING = (
    guess_control,
    matched_noise,
    favourite_share,
    guess_wider,
    next_in_union,
    nearest_parent,
    guess_absorbed,
    absorbed_share,
    nested_loss,
    guess_nested,
    guess_rating,
    interval_of,
    guess_plain_score,
    token_table,
    beyond_token,
)
