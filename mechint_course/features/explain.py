"""Automated interpretability without a language model as the judge: explain, simulate, score.

An **explanation** is made from one half of the text: which tokens a unit answers to and how strongly (the token rule),
and which words before them make it more or less likely to answer (the context rule). A **simulation** reads nothing but
the explanation and the other half's tokens, and says how strong the unit should be. The **score** is the correlation
of that with what the unit did (Bills et al. 2023, *Language models can explain neurons in language models*; Bricken et
al. 2023, "Automated interpretability", with Claude in both parts).

The plain score cannot tell a feature from a table of tokens. So there is a second one, `beyond_token`: from both, what
the current token alone says is taken away, and what is left is correlated.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import sparse
from torch import Tensor

WINDOW = 16
"""How many tokens before the current one the context rule looks at."""
_BINS = 8
LEAST_ON = 10
"""Places a unit must be on in the half that explains it, and in the half that scores it."""


class Score(NamedTuple):
    """How well an explanation foretells a unit, on text that it was not made from."""

    plain: float
    """Correlation of simulation and activation over all tokens; 0 where one of them is constant."""
    beyond_token: float
    """The same after each token's own mean is taken away from both."""


@runtime_checkable
class Simulates(Protocol):
    """An explanation of any kind: by rules as here, or in words (`explain_in_words.Told`)."""

    def simulate(self, tokens: Int[Tensor, "n_sequences n_ctx"]) -> Float[Tensor, "n_sequences n_positions"]:
        """How strong the unit should be at each token but the first of each sequence."""
        ...

    def words(self, strings: list[str] | tuple[str, ...], most: int = 6) -> str:
        """The explanation as a sentence."""
        ...


@dataclass(frozen=True)
class Explanation:
    """What a unit answers to, learned from one half of a text."""

    table: Float[Tensor, " d_vocab"]
    """The unit's mean activation at each token; 0 for a token never seen."""
    context: Float[Tensor, " d_vocab"]
    """How much each token among the last ones speaks for (above 0) or against the unit; all 0 for a token rule alone."""
    edges: Float[Tensor, " edges"]
    """Where one level of context evidence ends and the next begins."""
    factors: Float[Tensor, " levels"]
    """By how much the table is multiplied at each level."""

    def simulate(self, tokens: Int[Tensor, "n_sequences n_ctx"]) -> Float[Tensor, "n_sequences n_positions"]:
        """How strong the unit should be at each token but the first of each sequence."""
        level = torch.bucketize(evidence(self.context, tokens), self.edges)
        return self.table[tokens[:, 1:]] * self.factors[level]

    def words(self, strings: list[str] | tuple[str, ...], most: int = 6) -> str:
        """The explanation as a sentence; `strings` are the vocabulary's tokens.

        >>> import torch
        >>> nothing = torch.zeros(0)
        >>> Explanation(torch.tensor([0.0, 2.0]), torch.zeros(2), nothing, torch.ones(1)).words(["a", " b"])
        "on at ' b' 2.0"
        """
        best = self.table.topk(min(most, len(self.table)))
        said = ", ".join(
            f"{strings[int(i)]!r} {v:.1f}" for v, i in zip(best.values, best.indices, strict=True) if v > 0
        )
        text = f"on at {said}" if said else "never on"
        near = self.context.topk(min(most, len(self.context)))
        said = ", ".join(
            repr(strings[int(i)]) for v, i in zip(near.values, near.indices, strict=True) if v > 0
        )
        return text + (f"; rather after {said}" if said else "")


def window(
    tokens: Int[Tensor, "n_sequences n_ctx"], d_vocab: int, *, width: int = WINDOW
) -> sparse.csr_array:
    """Which tokens stand among the `width` before each token but the first of a sequence, [n_tokens, d_vocab], 0 and 1.

    >>> window(torch.tensor([[0, 3, 2]]), 4, width=1).toarray().tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    n_sequences, n_ctx = tokens.shape
    rows, columns = [], []
    place = torch.arange(n_sequences * (n_ctx - 1)).view(n_sequences, n_ctx - 1)
    for back in range(1, min(width, n_ctx - 1) + 1):
        rows.append(place[:, back - 1 :].flatten())
        columns.append(tokens[:, : n_ctx - back].flatten())
    ones = np.ones(sum(len(row) for row in rows), dtype=np.float32)
    where = (torch.cat(rows).numpy(), torch.cat(columns).numpy())
    found = sparse.csr_array((ones, where), shape=(n_sequences * (n_ctx - 1), d_vocab))
    found.data[:] = 1  # seen twice is seen
    return found


def evidence(
    context: Float[Tensor, " d_vocab"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    seen: sparse.csr_array | None = None,
) -> Float[Tensor, "n_sequences n_positions"]:
    """The sum of `context` over the tokens before each token; `seen` is `window(tokens, ...)` where it is at hand."""
    if not context.any():
        return torch.zeros(len(tokens), tokens.shape[1] - 1)
    rows = window(tokens, len(context)) if seen is None else seen
    return torch.from_numpy(rows @ context.numpy()).float().view(len(tokens), -1)


def token_rule(
    values: Float[Tensor, "n_sequences n_positions"], tokens: Int[Tensor, "n_sequences n_ctx"], d_vocab: int
) -> Explanation:
    """The explanation that knows the current token alone: the mean activation at each.

    `values` are the unit's activations at every token but the first of each sequence.

    >>> rule = token_rule(torch.tensor([[1.0, 3.0, 0.0]]), torch.tensor([[0, 2, 2, 1]]), d_vocab=3)
    >>> rule.table, rule.simulate(torch.tensor([[0, 1, 2]]))
    (tensor([0., 0., 2.]), tensor([[0., 2.]]))
    """
    current = tokens[:, 1:].flatten()
    total = torch.zeros(d_vocab).index_add_(0, current, values.flatten())
    table = total / torch.bincount(current, minlength=d_vocab).clamp_min(1)
    return Explanation(table, torch.zeros(d_vocab), torch.zeros(0), torch.ones(1))


def context_rule(
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    d_vocab: int,
    *,
    seen: sparse.csr_array | None = None,
) -> Explanation:
    """The token rule, and on top of it which tokens among the last ones make the unit stronger or weaker there.

    A token speaks for the unit by the log of how much more often it stands before places where the unit exceeds its
    table than before places where the table expects it and it falls short (naive Bayes). The sum of these is cut into
    levels of equally many expected places, and each level gets the factor by which the table is off there.
    """
    rule = token_rule(values, tokens, d_vocab)
    expected = rule.table[tokens[:, 1:]].flatten()
    found = values.flatten()
    rows = window(tokens, d_vocab) if seen is None else seen
    over, under = (found - expected).clamp_min(0).numpy(), (expected - found).clamp_min(0).numpy()
    # Half a place of mean size for both, so that a rare token says little.
    prior = 20 * float(found[found > 0].mean()) if (found > 0).any() else 1.0
    share_over, share_under = (rows.T @ side / max(side.sum(), 1e-9) for side in (over, under))
    weight = (rows.T @ (over + under)).astype(np.float64)
    shrunk = weight / (weight + prior)
    context = torch.from_numpy(shrunk * np.log((share_over + 1e-4) / (share_under + 1e-4))).float()
    sums = evidence(context, tokens, rows).flatten()
    places = sums[expected > expected.mean()]
    if len(places) < 10 * _BINS:
        return rule
    edges = places.quantile(torch.linspace(0, 1, _BINS + 1)[1:-1]).unique()
    level = torch.bucketize(sums, edges)
    did = torch.zeros(len(edges) + 1).index_add_(0, level, found)
    said = torch.zeros(len(edges) + 1).index_add_(0, level, expected)
    # Levels with little to go by stay near 1.
    factors = (did + prior) / (said + prior)
    return Explanation(rule.table, context, edges, factors)


def score(
    explanation: Simulates,
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
) -> Score:
    """How well the explanation foretells the unit on this text, which should be another than it was made from."""
    return score_simulated(explanation.simulate(tokens), values, tokens)


def score_simulated(
    simulated: Float[Tensor, "n_sequences n_positions"],
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
) -> Score:
    """The same for a simulation that is there already, from whichever kind of explanation.

    >>> score_simulated(torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([[0.0, 2.0, 0.0]]), torch.tensor([[0, 1, 2, 1]]))
    Score(plain=1.0, beyond_token=0.0)
    """
    a, b, current = simulated.flatten().double(), values.flatten().double(), tokens[:, 1:].flatten()
    inner = [_without_token(side, current, int(current.max()) + 1) for side in (a, b)]
    return Score(correlation(a, b), correlation(*inner))


def correlation(a: Float[Tensor, " n"], b: Float[Tensor, " n"]) -> float:
    """Pearson's; 0 where one side is constant.

    >>> correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0]))
    1.0
    """
    a, b = a.double() - a.double().mean(), b.double() - b.double().mean()
    scale = float(a.norm() * b.norm())
    return round(float(a @ b) / scale, 9) if scale > 1e-12 else 0.0


def _without_token(values: Tensor, current: Tensor, d_vocab: int) -> Tensor:
    total = torch.zeros(d_vocab, dtype=values.dtype).index_add_(0, current, values)
    return values - (total / torch.bincount(current, minlength=d_vocab).clamp_min(1))[current]


def explain_and_score(
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    choosing: Bool[Tensor, " n_sequences"],
    d_vocab: int,
    *,
    context: bool = True,
    seen: tuple[sparse.csr_array, sparse.csr_array] | None = None,
) -> tuple[Explanation, Score] | None:
    """One unit explained on the sequences of `choosing` and scored on the others; None where it is on too seldom.

    `seen` are `window`s of the two halves, to be made once for many units.
    """
    own, other = values[choosing], values[~choosing]
    if min(int((own > 0).sum()), int((other > 0).sum())) < LEAST_ON:
        return None
    if not context:
        rule = token_rule(own, tokens[choosing], d_vocab)
        return rule, score(rule, other, tokens[~choosing])
    rule = context_rule(own, tokens[choosing], d_vocab, seen=None if seen is None else seen[0])
    return rule, score(rule, other, tokens[~choosing])
