"""Toy models of superposition: sparse features, small models trained many at a time, and their geometry."""

from mechint_course.toy.attacks import attacks, damage, without_superposition
from mechint_course.toy.clusters import Cluster, feature_clusters
from mechint_course.toy.computing import AbsoluteValue, HiddenReLU, features_per_neuron, signed_batch
from mechint_course.toy.distributions import Sampler, feature_batch, shared, stream
from mechint_course.toy.dynamics import Jump, jumps, losses_along
from mechint_course.toy.exclusive import OneNeuron, partition_loss, train_one_neuron
from mechint_course.toy.geometry import (
    cosines,
    dimensionality_of,
    dimensions_per_feature,
    feature_dimensionality,
    feature_norms,
    interference,
    is_regular_polygon,
    n_represented,
    neighbour_angles,
)
from mechint_course.toy.instances import LossAndGradients
from mechint_course.toy.live import LiveTraining
from mechint_course.toy.model import ToyModel
from mechint_course.toy.phases import FATES, Branches, Grid, branch_minima, exact_loss, phase_grid
from mechint_course.toy.points import Fit, fit_examples, loss_on, unit_examples
from mechint_course.toy.regimes import Regimes, load_regimes
from mechint_course.toy.room import dimensions_needed, k_active, random_directions, recovery_limit
from mechint_course.toy.strip import Strip, load_strip
from mechint_course.toy.structure import AnticorrelatedSets, CorrelatedSets, Pairs
from mechint_course.toy.training import History, Trainable, evaluate, train
from mechint_course.toy.world import SparseWorld

__all__ = [
    "FATES",
    "AbsoluteValue",
    "AnticorrelatedSets",
    "Branches",
    "Cluster",
    "CorrelatedSets",
    "Fit",
    "Grid",
    "HiddenReLU",
    "History",
    "Jump",
    "LiveTraining",
    "LossAndGradients",
    "OneNeuron",
    "Pairs",
    "Regimes",
    "Sampler",
    "SparseWorld",
    "Strip",
    "ToyModel",
    "Trainable",
    "attacks",
    "branch_minima",
    "cosines",
    "damage",
    "dimensionality_of",
    "dimensions_needed",
    "dimensions_per_feature",
    "evaluate",
    "exact_loss",
    "feature_batch",
    "feature_clusters",
    "feature_dimensionality",
    "feature_norms",
    "features_per_neuron",
    "fit_examples",
    "interference",
    "is_regular_polygon",
    "jumps",
    "k_active",
    "load_regimes",
    "load_strip",
    "loss_on",
    "losses_along",
    "n_represented",
    "neighbour_angles",
    "partition_loss",
    "phase_grid",
    "random_directions",
    "recovery_limit",
    "shared",
    "signed_batch",
    "stream",
    "train",
    "train_one_neuron",
    "unit_examples",
    "without_superposition",
]
