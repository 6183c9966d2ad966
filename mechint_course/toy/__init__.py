"""Toy models of superposition: sparse features, small models trained many at a time, and their geometry."""

from mechint_course.toy.distributions import Sampler, feature_batch, stream
from mechint_course.toy.geometry import (
    cosines,
    feature_dimensionality,
    feature_norms,
    interference,
    is_regular_polygon,
    n_represented,
    neighbour_angles,
)
from mechint_course.toy.model import LossAndGradients, ToyModel
from mechint_course.toy.phases import FATES, Branches, Grid, branch_minima, exact_loss, phase_grid
from mechint_course.toy.room import dimensions_needed, k_active, random_directions, recovery_limit
from mechint_course.toy.structure import AnticorrelatedSets, CorrelatedSets
from mechint_course.toy.training import History, Trainable, evaluate, train

__all__ = [
    "FATES",
    "AnticorrelatedSets",
    "Branches",
    "CorrelatedSets",
    "Grid",
    "History",
    "LossAndGradients",
    "Sampler",
    "ToyModel",
    "Trainable",
    "branch_minima",
    "cosines",
    "dimensions_needed",
    "evaluate",
    "exact_loss",
    "feature_batch",
    "feature_dimensionality",
    "feature_norms",
    "interference",
    "is_regular_polygon",
    "k_active",
    "n_represented",
    "neighbour_angles",
    "phase_grid",
    "random_directions",
    "recovery_limit",
    "stream",
    "train",
]
