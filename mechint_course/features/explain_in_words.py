"""Automated interpretability with a language model in both parts: it explains a unit in words, and simulates it from them.

The protocol is that of Bricken et al. 2023 ("Automated interpretability"): activations are told as whole numbers from 0
to 9; the explanation is made from places over the unit's whole range, random ones, and ones with the same tokens in
other contexts; the simulation is asked for at other places of the same sorts; the score is Spearman's correlation. The
length of an example is ours: 16 tokens.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata
from torch import Tensor

from mechint_course.features.endpoint import Endpoint, EndpointError
from mechint_course.features.explain import LEAST_ON, correlation, score_simulated
from mechint_course.features.rating import interval_of
from mechint_course.language.tokenizer import token_strings
from mechint_course.work import work

Read = Callable[[list[int]], list[str]]
"""Tokens of one sequence as text, one string for each; the course's own vocabulary by default."""

LEVELS = 9
"""The largest whole number that an activation is told as."""
WIDTH = 16
"""Tokens of an example, of which the first is context alone."""
_BEFORE = 10
"""Tokens of an example before the place that it was chosen for."""
_SYSTEM = "You study one unit of a language model: how strongly it answers to each token of a text."
_EXPLAIN = (
    "Below are texts as lists of [token, activation]; activations are whole numbers from 0 (off) to 9. Say in one short "
    "sentence when the unit is on: at which tokens, in which contexts. Answer with that sentence alone."
)
_SIMULATE = (
    "The unit is described so: {explanation}\nBelow is a text as a JSON list of {n} tokens. For each token, how strongly "
    "is the unit on? Answer with a JSON list of {n} whole numbers from 0 (off) to 9 and nothing else."
)


class Plan(NamedTuple):
    """How many examples of each sort are shown or simulated."""

    top: int
    """Strongest places, at most one in a sequence."""
    each: int
    """Random places from each of the intervals."""
    intervals: int
    """Into how many parts of equal width the unit's range is cut."""
    random: int
    """Random places, wherever they are."""
    same_token: int
    """Places with the tokens of the strongest places, in other contexts."""


EXPLAINING = Plan(top=10, each=2, intervals=12, random=5, same_token=10)
SIMULATING = Plan(top=6, each=2, intervals=12, random=10, same_token=20)


class WordScore(NamedTuple):
    """How well an explanation in words foretells a unit on examples that it was not made from."""

    spearman: float
    """Correlation of ranks over all tokens of the examples: the paper's score."""
    plain: float
    """Pearson's, as in `explain.Score`."""
    beyond_token: float
    """Pearson's after each token's own mean is taken away from both."""
    n_examples: int


@dataclass(frozen=True)
class Told:
    """An explanation in words; it simulates by asking, one question for each sequence."""

    text: str
    endpoint: Endpoint
    peak: float
    """The activation that 9 stands for."""
    read: Read = token_strings

    def simulate(self, tokens: Int[Tensor, "n_sequences n_ctx"]) -> Float[Tensor, "n_sequences n_positions"]:
        """How strong the unit should be at each token but the first of each sequence. Raises EndpointError."""
        rows = [self._row(row) for row in tokens.tolist()]
        return torch.tensor(rows, dtype=torch.float32).view(len(tokens), -1) * (self.peak / LEVELS)

    def words(self, strings: list[str] | tuple[str, ...] = (), most: int = 6) -> str:
        """The explanation as a sentence, whatever the arguments: they are those of `Explanation.words`."""
        return self.text

    def _row(self, tokens: list[int]) -> list[int]:
        listed = json.dumps(self.read(tokens), ensure_ascii=False)
        question = f"{_SIMULATE.format(explanation=self.text, n=len(tokens))}\n{listed}"
        answer = ""
        for _ in range(2):  # A model may err in counting; asked again it often does not.
            answer = self.endpoint.ask(question, system=_SYSTEM)
            found = digits_of(answer, len(tokens))
            if found is not None:
                return found[1:]
        raise EndpointError(
            f"Expected a list of {len(tokens)} whole numbers from 0 to {LEVELS} from {self.endpoint.model!r}, found "
            f"{answer[:60]!r}: a larger model may follow better."
        )


def digits_of(answer: str, n: int) -> list[int] | None:
    """The n whole numbers from 0 to 9 of the last list in an answer; None where there is no such list.

    >>> digits_of("Here it is: [0, 9, 3]", 3), digits_of("[0, 12, 3]", 3), digits_of("zero", 1)
    ([0, 9, 3], None, None)
    """
    lists = re.findall(r"\[[\s\d,]*\]", answer)
    if not lists:
        return None
    numbers = [int(part) for part in re.findall(r"\d{1,9}", lists[-1])]
    return numbers if len(numbers) == n and max(numbers, default=0) <= LEVELS else None


def quantised(values: Float[Tensor, "*shape"], peak: float) -> Int[Tensor, "*shape"]:
    """Activations as whole numbers from 0 to 9; `peak` and all above it are 9.

    >>> quantised(torch.tensor([0.0, 0.5, 2.0, 3.0]), 2.0)
    tensor([0, 2, 9, 9])
    """
    return (values.clamp_min(0) / peak * LEVELS).round().clamp_max(LEVELS).long()


def example_places(
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    plan: Plan,
    *,
    seed: int = 0,
) -> Int[Tensor, "n_places 2"]:
    """Different (sequence, position of `values`) of every sort in the plan; fewer where the text has fewer."""
    generator = torch.Generator().manual_seed(seed)
    flat, current = values.flatten(), tokens[:, 1:].flatten()
    peaks, at = values.max(dim=1)
    rows = peaks.topk(min(plan.top, len(values))).indices
    rows = rows[peaks[rows] > 0]
    top = rows * values.shape[1] + at[rows]
    level = interval_of(flat, plan.intervals)
    pools = [(torch.nonzero(level == k)[:, 0], plan.each) for k in reversed(range(plan.intervals))]
    pools.append((torch.arange(len(flat)), plan.random))
    pools.append((torch.nonzero(torch.isin(current, current[top]))[:, 0], plan.same_token))
    chosen = top
    for candidates, many in pools:
        new = candidates[~torch.isin(candidates, chosen)]
        chosen = torch.cat([chosen, new[torch.randperm(len(new), generator=generator)[:many]]])
    return torch.stack([chosen // values.shape[1], chosen % values.shape[1]], dim=1)


def around(
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    places: Int[Tensor, "n_places 2"],
) -> tuple[Float[Tensor, "n_places width_less_one"], Int[Tensor, "n_places width"]]:
    """The examples themselves: activations and tokens around each place, as sequences of at most `WIDTH` tokens."""
    width = min(WIDTH, tokens.shape[1])
    first = (places[:, 1] + 1 - _BEFORE).clamp(0, tokens.shape[1] - width)
    columns = first[:, None] + torch.arange(width)
    rows = places[:, :1]
    return values[rows, columns[:, 1:] - 1], tokens[rows, columns]


def explain(
    endpoint: Endpoint,
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    *,
    read: Read = token_strings,
    plan: Plan = EXPLAINING,
    seed: int = 0,
) -> Told:
    """One question: what do these examples of a unit have in common? Raises EndpointError, or ValueError for a unit that is never on."""
    peak = float(values.max())
    if not peak > 0:
        raise ValueError("Expected a unit that is on somewhere, found one that never is.")
    shown, around_them = around(values, tokens, example_places(values, tokens, plan, seed=seed))
    lines = [
        json.dumps([[t, v] for t, v in zip(read(row)[1:], told, strict=True)], ensure_ascii=False)
        for row, told in zip(around_them.tolist(), quantised(shown, peak).tolist(), strict=True)
    ]
    answer = endpoint.ask("\n".join([_EXPLAIN, *lines]), system=_SYSTEM)
    text = " ".join(answer.split())[:1000]
    if not text:
        raise EndpointError(f"Expected a sentence from {endpoint.model!r}, found an empty answer.")
    return Told(text, endpoint, peak, read)


def explain_and_score(
    endpoint: Endpoint,
    values: Float[Tensor, "n_sequences n_positions"],
    tokens: Int[Tensor, "n_sequences n_ctx"],
    choosing: Bool[Tensor, " n_sequences"],
    *,
    read: Read = token_strings,
    explaining: Plan = EXPLAINING,
    simulating: Plan = SIMULATING,
    seed: int = 0,
) -> tuple[Told, WordScore] | None:
    """One unit explained on the sequences of `choosing` and scored on examples from the others.

    None where the unit is on too seldom in either half, or where the work was stopped before the first simulation.

    Asks one question to explain and one for each simulated example, at most 61 with the paper's plans. A progress bar shows how
    far it is; stopped from the notebook, it scores what was simulated so far. Raises EndpointError.
    """
    own, other = values[choosing], values[~choosing]
    if min(int((own > 0).sum()), int((other > 0).sum())) < LEAST_ON:
        return None
    places = example_places(other, tokens[~choosing], simulating, seed=seed)
    found, examples = around(other, tokens[~choosing], places)
    # In a random order, so that what was reached before a stop has all sorts.
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
    told, done = None, []
    with work(1 + len(examples), "Asking", unit="question") as bar:
        told = explain(endpoint, own, tokens[choosing], read=read, plan=explaining, seed=seed)
        bar.update()
        for number in order.tolist():
            done.append(told.simulate(examples[number : number + 1]))
            bar.update()
    if told is None or not done:
        return None
    kept = order[: len(done)]
    return told, _score(torch.cat(done), found[kept], examples[kept])


def _score(simulated: Tensor, found: Tensor, examples: Tensor) -> WordScore:
    plain, beyond = score_simulated(simulated, found, examples)
    ranks = (torch.from_numpy(rankdata(side.flatten().numpy())) for side in (simulated, found))
    return WordScore(correlation(*ranks), plain, beyond, len(examples))
