import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mechint_course import check, hint, sized
from mechint_course.language import ACTIVATION_HOOK
