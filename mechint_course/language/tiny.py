"""A random one-layer model, small enough to follow by hand and built in milliseconds."""

from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from mechint_course.language.models import Shape, new_model, parameters_of
from mechint_course.language.tokenizer import START, for_transformer_lens

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_TEXT = "the a cat dog bird sat ran flew on under over mat hat house red blue old it and then . , ! ?"
TINY_WORDS = (START, *_TEXT.split())
TINY_SHAPE = Shape(d_vocab=len(TINY_WORDS), n_ctx=16, d_model=12, n_heads=2, d_mlp=20)


def tiny_model() -> "TransformerBridge":
    """One layer, d_model 12, d_mlp 20, 25 words; its weights are random and its biases are not zero.

    The weights never change from one call or machine to the next.

    >>> tiny_model().to_tokens("the cat sat on the mat .").tolist()  # places in TINY_WORDS, the start token first
    [[0, 1, 3, 6, 9, 1, 12, 21]]
    """
    words = models.WordLevel({word: number for number, word in enumerate(TINY_WORDS)}, unk_token="?")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    model = new_model(TINY_SHAPE, seed=20, tokenizer=for_transformer_lens(tokenizer))
    generator = torch.Generator().manual_seed(21)
    with torch.no_grad():
        for name, value in parameters_of(model).items():
            # Larger than at the start of a training, so that every part of the model matters to its output.
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(value + 0.3 * noise if name.startswith(("layers.0.ln", "ln_out")) else 0.5 * noise)
    return model
