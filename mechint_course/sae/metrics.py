"""Numbers that say how good a dictionary is, and what each of them does not see."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def fvu(x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]) -> float:
    """Fraction of variance unexplained: |x - reconstruction|^2 over |x - mean of x|^2. 0 is perfect, 1 is the mean.

    Raises ValueError where x does not vary, or the shapes differ.

    >>> fvu(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [1.0]]))
    0.5
    """
    if x.shape != reconstruction.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the reconstruction {tuple(reconstruction.shape)}: both must agree."
        )
    total = (x - x.mean(0)).square().sum()
    if total == 0:
        raise ValueError(
            "All rows of x are equal, so there is no variance to explain: give inputs that vary."
        )
    return float((x - reconstruction).square().sum() / total)


def l0(latents: Float[Tensor, "batch d_sae"]) -> float:
    """How many latents are on for one input, on average.

    >>> l0(torch.tensor([[0.0, 3.0, 0.0], [1.0, 2.0, 0.0]]))
    1.5
    """
    return float((latents > 0).sum(-1).float().mean())


def density(latents: Float[Tensor, "batch d_sae"]) -> Float[Tensor, " d_sae"]:
    """The share of inputs on which each latent is on.

    >>> density(torch.tensor([[0.0, 3.0], [1.0, 2.0]]))
    tensor([0.5000, 1.0000])
    """
    return (latents > 0).float().mean(0)


def dead(latents: Float[Tensor, "batch d_sae"]) -> Bool[Tensor, " d_sae"]:
    """Which latents are on for none of these inputs: a statement about these inputs, so use many.

    >>> dead(torch.tensor([[0.0, 3.0], [0.0, 2.0]]))
    tensor([ True, False])
    """
    return ~(latents > 0).any(0)


class Census(NamedTuple):
    """How many latents there are of each kind."""

    dead: int
    """Never on."""
    ultralow: int
    """On, but less often than `ultralow_below`."""
    rest: int
    """All others."""


def census(density: Float[Tensor, " d_sae"], *, ultralow_below: float = 1e-6) -> Census:
    """Counts latents by how often they are on.

    Bricken et al. 2023 count as ultralow what is on for less than one token in a million, of a hundred million. On
    n inputs nothing can be seen below 1 / n: choose a bound well above that.

    >>> census(torch.tensor([0.0, 0.001, 0.2, 0.5]), ultralow_below=0.01)
    Census(dead=1, ultralow=1, rest=2)
    """
    never, seldom = density == 0, density < ultralow_below
    return Census(int(never.sum()), int((seldom & ~never).sum()), int((~seldom & ~never).sum()))


class Histogram(NamedTuple):
    """How many latents have which density."""

    edges: Float[Tensor, " bins_and_one"]
    """Of the bins, as densities."""
    counts: Int[Tensor, " bins"]
    """Latents in each bin; dead ones are in none, and any below the first edge are in the first."""


def density_histogram(
    density: Float[Tensor, " d_sae"], *, lowest: float = 1e-6, bins_a_decade: int = 4
) -> Histogram:
    """Counts latents in bins that are equally wide on a logarithmic axis, from `lowest` to 1.

    Raises ValueError where `lowest` is not between 0 and 1 or there is no bin.

    >>> found = density_histogram(torch.tensor([0.0, 0.003, 0.004, 0.5, 1.0]), lowest=0.01, bins_a_decade=1)
    >>> found.edges, found.counts
    (tensor([0.0100, 0.1000, 1.0000]), tensor([2, 2]))
    """
    if not 0 < lowest < 1 or bins_a_decade < 1:
        raise ValueError(
            f"lowest must lie between 0 and 1 and bins_a_decade be 1 or more, found {lowest} and {bins_a_decade}."
        )
    n_bins = max(1, round(-bins_a_decade * math.log10(lowest)))
    exponents = torch.linspace(math.log10(lowest), 0, n_bins + 1, dtype=torch.float64)
    on = density[density > 0].double().log10()
    bin_of = (torch.searchsorted(exponents, on, right=True) - 1).clamp(0, n_bins - 1)
    return Histogram((10**exponents).float(), torch.bincount(bin_of, minlength=n_bins))


def shrinkage(x: Float[Tensor, "batch d_in"], reconstruction: Float[Tensor, "batch d_in"]) -> float:
    """By which factor reconstructions are too long: 1 is right, 0.9 is a tenth too short, as an L1 penalty makes them.

    With y the reconstruction and both taken from the mean of x, the number g for which y / g is nearest to x:
    mean |y|^2 / mean (y . x). Source: Rajamanoharan et al. 2024, Gated Sparse Autoencoders, "relative reconstruction
    bias", which does not take the mean off. Raises ValueError where the reconstruction has nothing to do with x.

    >>> shrinkage(torch.tensor([[-2.0], [2.0]]), torch.tensor([[-1.0], [1.0]]))
    0.5
    """
    mean = x.mean(0)
    along = ((reconstruction - mean) * (x - mean)).sum()
    if along <= 0:
        raise ValueError(
            f"The reconstruction's product with x is {float(along):.3g}, not above 0, so no factor brings it nearer to x: "
            "look at the dictionary first."
        )
    return float((reconstruction - mean).square().sum() / along)
