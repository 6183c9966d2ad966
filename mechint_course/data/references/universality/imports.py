from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course import check, hint, sized
from mechint_course.language import ACTIVATION_HOOK, activations
