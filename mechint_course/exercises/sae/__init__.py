"""Chapter 3, sparse autoencoders: every exercise in the order of the notebook."""

from mechint_course.exercises.sae.decoder import decode
from mechint_course.exercises.sae.encoder import encode
from mechint_course.exercises.sae.reading import guess_unit, precision
from mechint_course.exercises.sae.real_layer import guess_recovered, loss_recovered

EXERCISES = (encode, decode, guess_recovered, loss_recovered, guess_unit, precision)
