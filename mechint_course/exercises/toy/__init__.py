"""Chapter 1, toy models of superposition: every exercise in the order of the notebook."""

from mechint_course.exercises.toy.five_features import forward, loss
from mechint_course.exercises.toy.shapes import angles, guess_dense, guess_sparse
from mechint_course.exercises.toy.sparse_features import guess_empty, sparse_batch

EXERCISES = (guess_empty, sparse_batch, forward, loss, guess_dense, angles, guess_sparse)
