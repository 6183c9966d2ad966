import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course import check, hint, sized
