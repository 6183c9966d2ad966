import math

import torch
from jaxtyping import Float
from torch import Tensor

from mechint_course import check, hint, sized
