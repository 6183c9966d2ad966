"""What models A and B do on the same few real texts: the material of this chapter's checks, read once a process."""

from functools import cache

import torch
from torch import Tensor

from mechint_course.exercises.fixtures import build
from mechint_course.exercises.neurons.real import held_out, layer
from mechint_course.exercises.sae.finding import latents_of
from mechint_course.exercises.values import Fixture

SPARSE = {"A": "dictionary:A-sparse", "B": "dictionary:B-sparse"}
"""The pair of dictionaries that the chapter compares."""


@cache
def layer_of(name: str) -> Tensor:
    """A model's activations on `held_out()` without the start token, [n_sequences, n_ctx - 1, d_mlp]."""
    from mechint_course.language import activations

    return layer() if name == "A" else activations(build(f"model:{name}"), held_out().tokens)[:, 1:]


def tokens_read() -> Tensor:
    """The tokens that `layer_of` gives activations for, [n_sequences, n_ctx - 1]."""
    found: Tensor = held_out().tokens[:, 1:]
    return found


@cache
def latents_read(name: str) -> Tensor:
    """A model's latents in its sparse dictionary at all those places, [n_sequences * (n_ctx - 1), d_sae]."""
    return latents_of(Fixture(SPARSE[name]), layer_of(name).flatten(0, 1))


@cache
def spent_by_domain(name: str) -> tuple[Tensor, Tensor]:
    """What each latent's activations add up to in each domain, [d_sae, n_domains], and on how many tokens it is on."""
    latents = latents_read(name)
    domain = held_out().domain.repeat_interleave(tokens_read().shape[1])
    spent = torch.stack(
        [latents[domain == number].sum(0) for number in range(len(held_out().domains))], dim=1
    )
    return spent, (latents > 0).sum(0)
