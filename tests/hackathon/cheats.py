"""Dictionaries that somebody built to win without finding features."""

import torch
from torch import Tensor

from mechint_course.hackathon.benchmark import Benchmark
from mechint_course.sae import SAE, StandardSAE, TopKSAE


@torch.no_grad()
def neurons(d_in: int, *, shrunk: float = 1.0) -> SAE:
    """Every latent is a copy of one neuron: perfect, and not sparse. `shrunk` hides the values from a threshold."""
    sae = StandardSAE(d_in, d_in, seed=0)
    sae.W_enc.copy_(shrunk * torch.eye(d_in))
    sae.W_dec.copy_(torch.eye(d_in) / shrunk)
    return sae


@torch.no_grad()
def strongest_neurons(d_in: int, k: int = 16) -> SAE:
    """The k strongest neurons and no others: as sparse as it may be."""
    sae = TopKSAE(d_in, d_in, k, seed=0)
    sae.W_enc.copy_(torch.eye(d_in))
    sae.W_dec.copy_(torch.eye(d_in))
    return sae


@torch.no_grad()
def rescaled(sae: TopKSAE, factor: float) -> TopKSAE:
    """The same function with latents `factor` times as large and decoder rows as much shorter: huge or tiny norms."""
    twin = TopKSAE(sae.d_in, sae.d_sae, sae.k, seed=0)
    twin.W_enc.copy_(sae.W_enc * factor)
    twin.b_enc.copy_(sae.b_enc * factor)
    twin.W_dec.copy_(sae.W_dec / factor)
    twin.b_dec.copy_(sae.b_dec)
    return twin


@torch.no_grad()
def places(benchmark: Benchmark) -> SAE:
    """A latent for each place in a sequence: it fires where the activations look like that place's, and writes its mean."""
    x, position = benchmark.x, benchmark.position
    assert position is not None
    n = int(position.max()) + 1
    means = torch.stack([x[position == place].mean(0) for place in range(n)])
    wanted = torch.nn.functional.one_hot(position, n).float()
    centred = x - x.mean(0)
    gram = centred.T @ centred + 0.1 * len(x) * torch.eye(x.shape[1])
    sae = TopKSAE(x.shape[1], n, 1, seed=0)
    sae.W_enc.copy_(torch.linalg.solve(gram, centred.T @ wanted))
    sae.b_enc.fill_(10.0)  # one is always on, so that its mean is written whole
    sae.W_enc.div_(1e3)
    sae.W_dec.copy_((means - x.mean(0)) / 10)
    sae.b_dec.copy_(x.mean(0))
    return sae


@torch.no_grad()
def memory(x: Tensor, d_sae: int) -> SAE:
    """Activations of the public text by heart: each latent is one of them, and the nearest one is on."""
    middle = x.mean(0)
    rows = x[:: max(1, len(x) // d_sae)][:d_sae] - middle
    unit = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-6)
    sae = TopKSAE(x.shape[1], len(rows), 1, seed=0)
    sae.b_dec.copy_(middle)
    sae.W_enc.copy_(unit.T)
    sae.W_dec.copy_(unit)
    return sae
