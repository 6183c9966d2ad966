import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course import check, hint, sized
