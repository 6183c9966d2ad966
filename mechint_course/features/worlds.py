"""What the two models' worlds share, and text that a model writes itself, for finding what they do not share."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.language.corpus import domains_of
from mechint_course.language.text import START_TOKEN, TokenizedText

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


class Worlds(NamedTuple):
    """A text by who read its kind in training."""

    both: TokenizedText
    only_a: TokenizedText
    only_b: TokenizedText


def by_world(text: TokenizedText) -> Worlds:
    """The sequences of domains that both models were trained on, and of those that only one was.

    Raises ValueError where a part would be empty.

    >>> names, domain = ("python", "weather", "chess"), torch.tensor([0, 1, 2, 0])
    >>> text = TokenizedText(torch.zeros(4, 2).long(), domain, names, torch.arange(4), "by hand")
    >>> [[names[number] for number in part.domain] for part in by_world(text)]
    [['python', 'python'], ['weather'], ['chess']]
    """
    a, b = ({domain.name for domain in domains_of(name)} for name in ("A", "B"))
    parts = []
    for names in (a & b, a - b, b - a):
        own = torch.tensor([name in names for name in text.domains])
        rows = own[text.domain].nonzero()[:, 0]
        if not len(rows):
            raise ValueError(f"expected a sequence of {', '.join(sorted(names))}, found none.")
        parts.append(text.take(rows))
    return Worlds(*parts)


@torch.no_grad()
def generate(
    model: "TransformerBridge", n_texts: int, length: int, *, seed: int = 0, temperature: float = 1.0
) -> Int[Tensor, "n_texts length"]:
    """Texts that the model writes from the start token on, token by token, each drawn from its own probabilities.

    Raises ValueError for sizes below 1, a length beyond the model's context, or a temperature that is not above 0.

    A low temperature leaves no choice; the favourite word of a random model is its favourite for ever:

    >>> from mechint_course.language.models import load_model
    >>> from mechint_course.language.tiny import TINY_WORDS
    >>> texts = generate(load_model("tiny"), n_texts=2, length=5, temperature=0.01)
    >>> [" ".join(TINY_WORDS[word] for word in text[1:]) for text in texts]
    ['on on on on', 'on on on on']
    """
    if n_texts < 1 or not 1 <= length <= model.cfg.n_ctx or temperature <= 0:
        raise ValueError(
            f"expected texts, a length from 1 to {model.cfg.n_ctx} and a temperature above 0, "
            f"found {n_texts}, {length} and {temperature}."
        )
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.full((n_texts, 1), START_TOKEN)
    while tokens.shape[1] < length:
        logits = model(tokens, return_type="logits")[:, -1] / temperature
        drawn = torch.multinomial(logits.softmax(-1), 1, generator=generator)
        tokens = torch.cat([tokens, drawn], dim=1)
    return tokens


@torch.no_grad()
def surprise(model: "TransformerBridge", tokens: Int[Tensor, "n_texts length"]) -> Float[Tensor, " n_texts"]:
    """The model's mean loss on each text, in nats a token.

    The first token is not predicted, so a text needs two or more: ValueError otherwise.

    >>> from mechint_course.language.models import load_model
    >>> model = load_model("tiny")
    >>> texts = model.to_tokens(["on on on on", "a blue cat sat"])
    >>> [round(loss, 1) for loss in surprise(model, texts).tolist()]  # the first is what it would write itself
    [0.4, 3.9]
    """
    if not len(tokens) or tokens.shape[1] < 2:
        raise ValueError(f"Expected texts of at least two tokens, found the shape {list(tokens.shape)}.")
    log_probabilities = model(tokens[:, :-1], return_type="logits").log_softmax(-1)
    return -log_probabilities.gather(-1, tokens[:, 1:, None])[..., 0].mean(1)
