"""What the current token alone says about the domain: the baseline that stands beside every domain score.

Some domains are told by spelling: a Hebrew letter is Hebrew. A unit that does no better than a table of tokens has
shown nothing about the model. The best table in the sense of F1 says yes to the tokens with the highest share of
occurrences in the domain, so it is a score for each token and a threshold, chosen like a unit's.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mechint_course.features.scores import Scores, best_threshold, scores


def token_shares(
    tokens: Int[Tensor, " n_tokens"], label: Int[Tensor, " n_tokens"], n_domains: int, d_vocab: int
) -> Float[Tensor, "d_vocab n_domains"]:
    """For each token of the vocabulary, the share of its occurrences that lies in each domain; 0 for a token never seen.

    Raises ValueError where a token is not one of the d_vocab.

    >>> token_shares(torch.tensor([3, 3, 0]), torch.tensor([1, 0, 1]), 2, 4)
    tensor([[0.0000, 1.0000],
            [0.0000, 0.0000],
            [0.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    _in_vocabulary(tokens, d_vocab)
    counts = torch.bincount(tokens * n_domains + label, minlength=d_vocab * n_domains).view(
        d_vocab, n_domains
    )
    return counts / counts.sum(dim=1, keepdim=True).clamp_min(1)


def token_only(
    tokens: Int[Tensor, " n_tokens"],
    label: Int[Tensor, " n_tokens"],
    choosing: Bool[Tensor, " n_tokens"],
    n_domains: int,
    d_vocab: int,
) -> list[Scores]:
    """The score of the best table of tokens for each domain, chosen where `choosing` is True, scored where it is False.

    Raises ValueError where `choosing` is True nowhere, or a token is not one of the d_vocab.

    Token 2 was seen in domain 1 alone, and tells it in the other half of the text; tokens 0 and 1 do not tell domain 0:

    >>> tokens, label = torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([0, 0, 1, 0, 1, 1])
    >>> for score in token_only(tokens, label, torch.arange(6) < 3, n_domains=2, d_vocab=3):
    ...     print([round(value, 2) for value in score])  # precision, recall, F1
    [0.5, 1.0, 0.67]
    [1.0, 0.5, 0.67]
    """
    _in_vocabulary(tokens, d_vocab)
    shares = token_shares(tokens[choosing], label[choosing], n_domains, d_vocab)
    found = []
    for number in range(n_domains):
        values = shares[tokens, number]
        inside = label == number
        least = best_threshold(values[choosing], inside[choosing])
        found.append(scores(values[~choosing] >= least, inside[~choosing]))
    return found


def _in_vocabulary(tokens: Int[Tensor, " n_tokens"], d_vocab: int) -> None:
    outside = tokens[(tokens < 0) | (tokens >= d_vocab)]
    if len(outside):
        raise ValueError(f"Expected tokens from 0 to {d_vocab - 1}, found {int(outside[0])}.")
