"""Sparse autoencoders: plain `nn.Module`s, one architecture a file; their training, their metrics and their files."""

from mechint_course.sae.base import SAE, Loss, Moment, Output
from mechint_course.sae.batchtopk import BatchTopKSAE
from mechint_course.sae.centre import geometric_median
from mechint_course.sae.jumprelu import JumpReLUSAE
from mechint_course.sae.labels import LatentUnion, best_unions
from mechint_course.sae.log import Entry, TrainingLog
from mechint_course.sae.matryoshka import MatryoshkaSAE
from mechint_course.sae.metrics import (
    Census,
    Histogram,
    census,
    dead,
    density,
    density_histogram,
    fvu,
    l0,
    shrinkage,
)
from mechint_course.sae.resampling import Resampling
from mechint_course.sae.shipped import DICTIONARIES, load_dictionary
from mechint_course.sae.shuffled import Shuffled
from mechint_course.sae.standard import StandardSAE
from mechint_course.sae.team import Team, joined
from mechint_course.sae.topk import Selected, TopKSAE
from mechint_course.sae.training import train_sae, train_saes
from mechint_course.sae.truth import Recovery, mcc, mmcs, spurious

__all__ = [
    "DICTIONARIES",
    "SAE",
    "BatchTopKSAE",
    "Census",
    "Entry",
    "Histogram",
    "JumpReLUSAE",
    "LatentUnion",
    "Loss",
    "MatryoshkaSAE",
    "Moment",
    "Output",
    "Recovery",
    "Resampling",
    "Selected",
    "Shuffled",
    "StandardSAE",
    "Team",
    "TopKSAE",
    "TrainingLog",
    "best_unions",
    "census",
    "dead",
    "density",
    "density_histogram",
    "fvu",
    "geometric_median",
    "joined",
    "l0",
    "load_dictionary",
    "mcc",
    "mmcs",
    "shrinkage",
    "spurious",
    "train_sae",
    "train_saes",
]
