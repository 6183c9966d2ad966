"""AuxK: how dictionaries that pick their k largest latents bring silent ones back.

A latent that is never among the largest gets no gradient, so it stays silent for ever. AuxK gives dead latents a task
of their own: to reconstruct what the living ones have left over. Only dead latents learn from it, encoder included.
Source: Gao et al. 2024, Scaling and evaluating sparse autoencoders, appendix A.2. There a latent is dead after 10
million tokens, and AuxK weighs 1/32 of the squared error; a course's training is over by then, so it has to act
sooner and harder. Measured on 1 million activations of the course's model (4,096 latents, k = 16), silent on 200,000
others: 204 latents with a weight of 1/32 and 144 with 1, where AuxK starts after 200,000 inputs of silence; 45 with 1,
where it starts after 50,000, and an error smaller by 2 %. A weight of 4 gives 46.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mechint_course.sae.base import SAE

WEIGHT = 1.0
"""Of AuxK against the squared error."""

_EVERY = 4
"""Only every fourth row of a batch is used: reviving is a nudge, and its cost grows with the number of dead latents."""


def auxk(
    sae: SAE,
    centred: Float[Tensor, "batch d_in"],
    error: Float[Tensor, "batch d_in"],
    dead: Bool[Tensor, " d_sae"],
) -> Float[Tensor, ""]:
    """What the d_in / 2 most nearly active dead latents still miss of the error: mean of |error - theirs|^2.

    0 where nothing is dead. `error` is x - reconstruction; neither it nor `centred` carries a gradient on.
    """
    which = dead.nonzero().squeeze(-1)
    if len(which) == 0:
        return error.new_zeros(())
    rows, left_over = centred[::_EVERY].detach(), error[::_EVERY].detach()
    pre = rows @ sae.W_enc.T[which].T + sae.b_enc[which]
    values, chosen = pre.topk(min(max(1, sae.d_in // 2), len(which)), dim=-1)
    latents = torch.zeros_like(pre).scatter(-1, chosen, values.relu())
    return (left_over - latents @ sae.W_dec[which]).square().sum(-1).mean()
