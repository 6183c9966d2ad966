"""Where a text spells a word, whatever tokens it is cut into."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mechint_course.language.tokenizer import token_strings


def ends_of(tokens: Int[Tensor, "n_sequences n_ctx"], word: str) -> Bool[Tensor, "n_sequences n_ctx"]:
    """True at every token with which an occurrence of `word` is complete.

    A word may be one token or several; a token that goes on behind the word does not count, because there the word is
    not what the model has read. Raises ValueError where the word is empty.

    >>> import torch
    >>> from mechint_course.language.tokenizer import encode
    >>> tokens = torch.tensor(encode(["God bless God and Godzilla"]))
    >>> token_strings(tokens[0])
    ['G', 'od', ' bless', ' God', ' and', ' Godzilla']
    >>> ends_of(tokens, "God")
    tensor([[False,  True, False,  True, False, False]])
    """
    if not word:
        raise ValueError(
            "Expected a word of at least one letter, found an empty one: there is nothing to look for."
        )
    found = torch.zeros(tokens.shape, dtype=torch.bool)
    for row, sequence in enumerate(tokens):
        pieces = token_strings(sequence)
        text, ends = "", {}
        for place, piece in enumerate(pieces):
            text += piece
            ends[len(text)] = place
        start = text.find(word)
        while start >= 0:
            if start + len(word) in ends:
                found[row, ends[start + len(word)]] = True
            start = text.find(word, start + 1)
    return found
