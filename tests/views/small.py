"""The smallest readings that have everything: a random model of one layer, three kinds of text, untrained dictionaries."""

from functools import cache

import torch

from mechint_course.features.reading import Units, read_units
from mechint_course.language import TokenizedText, load_model
from mechint_course.language.tiny import TINY_SHAPE
from mechint_course.sae import TopKSAE

DOMAINS = ("animals", "houses", "verbs <b>")


def text(n_sequences: int = 18, n_ctx: int = 9) -> TokenizedText:
    """Random words; the domains have different numbers of sequences."""
    tokens = torch.randint(
        1, TINY_SHAPE.d_vocab, (n_sequences, n_ctx), generator=torch.Generator().manual_seed(3)
    )
    tokens[:, 0] = 0
    domain = (torch.arange(n_sequences) % 5 % 3).long()
    return TokenizedText(tokens, domain, DOMAINS, torch.arange(n_sequences), "small")


def dictionary(d_sae: int, seed: int = 0, k: int = 4) -> TopKSAE:
    """Untrained, with biases that are not zero."""
    sae = TopKSAE(TINY_SHAPE.d_mlp, d_sae, k, seed=seed)
    generator = torch.Generator().manual_seed(100 + seed)
    sae.b_enc.data = 0.3 * torch.randn(d_sae, generator=generator)
    sae.b_dec.data = 0.3 * torch.randn(TINY_SHAPE.d_mlp, generator=generator)
    return sae.requires_grad_(False)


def numbers(typed: str) -> list[int]:
    """Token numbers of a typed text in the tiny vocabulary: a letter a token."""
    return [1 + ord(letter) % (TINY_SHAPE.d_vocab - 1) for letter in typed]


@cache
def features(d_sae: int = 40, seed: int = 0) -> Units:
    return read_units(load_model("tiny"), text(), dictionary(d_sae, seed), name=f"small-{d_sae}", ids=numbers)


@cache
def neurons() -> Units:
    return read_units(load_model("tiny"), text(), name="the neurons", ids=numbers)
