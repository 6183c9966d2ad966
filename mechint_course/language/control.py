"""The control: model A with random weights, for telling what a method finds in a model from what it finds anywhere."""

from typing import TYPE_CHECKING

import torch

from mechint_course.language.models import parameters_of

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

RANDOMISED = ("layers.0.attn.q", "layers.0.attn.k", "layers.0.attn.v", "layers.0.attn.o",
              "layers.0.mlp.fc_in", "layers.0.mlp.fc_out")  # fmt: skip
"""The maps whose weights the control draws anew; embeddings, positions, LayerNorms and the unembedding stay A's."""

CONTROL_SEED = 7


def randomise(model: "TransformerBridge", *, seed: int = CONTROL_SEED) -> "TransformerBridge":
    """Draws the attention's and the MLP's weights anew, in place, at the scale they were trained to; returns the model.

    Each matrix and each bias gets independent normal numbers with the mean and the standard deviation of its own
    entries. What is kept: token and position embeddings, all LayerNorms, the unembedding, so that tokens are as far
    apart as in the trained model, and nothing is computed from them on purpose. After the randomised transformer of
    Bricken et al. 2023 (section on automated interpretability).

    >>> from mechint_course.language.models import load_model
    >>> before, after = parameters_of(load_model("tiny")), parameters_of(randomise(load_model("tiny", fresh=True)))
    >>> changed = {name.rpartition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    >>> changed == set(RANDOMISED)
    True
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in parameters_of(model).items():
            if name.rpartition(".")[0] in RANDOMISED:
                noise = torch.randn(value.shape, generator=generator)
                value.copy_(value.mean() + value.std() * noise)
    return model
