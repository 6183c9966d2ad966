import math

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import optimize
from torch import Tensor

from mechint_course import check, hint, sized
