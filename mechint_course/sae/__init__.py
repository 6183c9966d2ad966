"""Sparse autoencoders: plain `nn.Module`s, one architecture a file; their training, their metrics and their files."""

from mechint_course.sae.base import SAE, Loss, Moment, Output
from mechint_course.sae.centre import geometric_median
from mechint_course.sae.metrics import Recovery, dead, density, fvu, l0, mcc
from mechint_course.sae.topk import Selected, TopKSAE
from mechint_course.sae.training import Entry, TrainingLog, train_sae

__all__ = [
    "SAE",
    "Entry",
    "Loss",
    "Moment",
    "Output",
    "Recovery",
    "Selected",
    "TopKSAE",
    "TrainingLog",
    "dead",
    "density",
    "fvu",
    "geometric_median",
    "l0",
    "mcc",
    "train_sae",
]
