"""Chapter 1, toy models of superposition: every exercise in the order of the notebook."""

from mechint_course.exercises.toy.absolute import absolute, guess_neurons, polysemanticity
from mechint_course.exercises.toy.attacks import attack, guess_attack, vulnerability
from mechint_course.exercises.toy.dynamics import guess_jump, jumps
from mechint_course.exercises.toy.fates import fate
from mechint_course.exercises.toy.five_features import forward, loss
from mechint_course.exercises.toy.geometry import dimensionality, dimensions_per_feature, guess_strip
from mechint_course.exercises.toy.growth import guess_growth, guess_linear, superposition
from mechint_course.exercises.toy.linear import linear, linear_loss
from mechint_course.exercises.toy.neurons import guess_rotation, hidden_relu, privileged
from mechint_course.exercises.toy.phases import branch_losses, expected_loss, guess_phase
from mechint_course.exercises.toy.points import guess_bump, guess_points, sample_dimensionality
from mechint_course.exercises.toy.recovery import recover
from mechint_course.exercises.toy.room import guess_room, leak, nearly_orthogonal
from mechint_course.exercises.toy.shapes import angles, guess_dense, guess_sparse
from mechint_course.exercises.toy.shared_shapes import sticky
from mechint_course.exercises.toy.sparse_features import guess_empty, sparse_batch
from mechint_course.exercises.toy.structure import anticorrelated, correlated, guess_sets

EXERCISES = (
    # 1. Room for more directions than dimensions
    guess_room,
    nearly_orthogonal,
    leak,
    recover,
    # 2. Features that are seldom there
    guess_empty,
    sparse_batch,
    # 3. and 4. Five features in a plane
    forward,
    loss,
    guess_dense,
    angles,
    guess_sparse,
    # 6. Superposition grows
    linear,
    guess_linear,
    guess_growth,
    superposition,
    linear_loss,
    # 7. A phase change
    branch_losses,
    expected_loss,
    guess_phase,
    fate,
    # 8. Features that come in sets
    correlated,
    anticorrelated,
    guess_sets,
    # 9. Geometry
    dimensions_per_feature,
    guess_strip,
    dimensionality,
    sticky,
    # 10. Dynamics
    guess_jump,
    jumps,
    # 11. Vulnerability
    attack,
    vulnerability,
    guess_attack,
    # 12. Computing in superposition
    hidden_relu,
    guess_rotation,
    privileged,
    absolute,
    guess_neurons,
    polysemanticity,
    # 13. Data points instead of features
    guess_points,
    sample_dimensionality,
    guess_bump,
)
