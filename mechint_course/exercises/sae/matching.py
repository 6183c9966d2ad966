"""Chapter 3, section 2: how many of the features that are known did the dictionary find?"""

from collections.abc import Callable, Iterator
from itertools import permutations

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise, prediction

guess_chance = prediction(
    id="sae.guess_chance",
    title="Prediction: the score of a dictionary that knows nothing",
    options=("about 0", "0.1 to 0.3", "0.3 to 0.5", "over 0.5"),
    core=True,
)


guess_penalty = prediction(
    id="sae.guess_penalty",
    title="Prediction: a heavier penalty",
    options=("it rises", "it falls", "it rises, then falls", "it stays the same"),
    core=True,
)


@exercise(
    id="sae.matching_score",
    title="Did it find them?",
    points=3,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "Make all cosines first, one for each pair of a true feature and a latent. Then find the best pairing, one to one.",
        "Divide the rows of both matrices by their lengths; truth @ directions.T then holds the cosines. "
        "linear_sum_assignment(cosines, maximize=True) gives the rows and the columns of the best pairing.",
        "rows, columns = linear_sum_assignment(cosines.numpy(), maximize=True); the answer is cosines[rows, columns].mean().item().",
    ),
)
def matching_score(ask: Ask) -> None:
    "The mean cosine of the best of all pairings, each tried."
    ask.compare(
        _cases(ask),
        expected=lambda directions, truth: _best(_cosines(directions, truth)),
        known=(
            Known(
                "latents-used-twice",
                "You take the best latent for each feature, so two features may share one. Pair them one to one.",
                lambda directions, truth: float(_cosines(directions, truth).amax(1).mean()),
            ),
            Known(
                "best-feature-of-each-latent",
                "You take the best feature for each latent. Every true feature needs a latent of its own, and latents may be left over.",
                lambda directions, truth: float(_cosines(directions, truth).amax(0).mean()),
            ),
            Known(
                "sign-ignored",
                "You take absolute cosines. A latent that points the opposite way is no match: latents are never negative.",
                lambda directions, truth: _best(_cosines(directions, truth).abs()),
            ),
            Known(
                "sign-ignored",
                "You pair by absolute cosines. A latent that points the opposite way is no match: latents are never negative.",
                lambda directions, truth: _best(_cosines(directions, truth), by=torch.abs),
            ),
            Known(
                "worst-pairing",
                "You found the pairing with the smallest sum: linear_sum_assignment minimises unless you say maximize=True.",
                lambda directions, truth: _best(_cosines(directions, truth), by=torch.neg),
            ),
            Known(
                "lengths-left-in",
                "You use plain products. A cosine divides by both lengths.",
                lambda directions, truth: _best(truth.double() @ directions.double().T),
            ),
            Known(
                "lengths-left-in",
                "The lengths of the latents' directions are still in your numbers: divide by them.",
                lambda directions, truth: _best(
                    _cosines(directions, truth) * directions.double().norm(dim=1)
                ),
            ),
            Known(
                "lengths-left-in",
                "The lengths of the true features are still in your numbers: divide by them.",
                lambda directions, truth: _best(
                    _cosines(directions, truth) * truth.double().norm(dim=1, keepdim=True)
                ),
            ),
            Known(
                "columns-scaled",
                "You divide by the lengths of columns. Each direction is a row.",
                lambda directions, truth: _best(
                    torch.nn.functional.normalize(truth.double(), dim=0)
                    @ torch.nn.functional.normalize(directions.double(), dim=0).T
                ),
            ),
            Known(
                "greedy",
                "You pair the features one after the other, each with the best latent that is left. An earlier one may take "
                "what a later one needs more.",
                lambda directions, truth: _greedy(_cosines(directions, truth)),
            ),
            Known(
                "no-pairing",
                "You pair feature 0 with latent 0, feature 1 with latent 1, and so on. Nobody promised that order.",
                lambda directions, truth: float(_cosines(directions, truth).diagonal().mean()),
            ),
            Known(
                "summed",
                "You return the sum of the cosines; their mean over the true features is asked for.",
                lambda directions, truth: len(truth) * _best(_cosines(directions, truth)),
            ),
            Known(
                "divided-by-latents",
                "You divide by the number of latents. Latents that are left over cost nothing here.",
                lambda directions, truth: len(truth) / len(directions) * _best(_cosines(directions, truth)),
            ),
            Known(
                "all-pairs",
                "You average over all pairs. Only the cosine of each feature with its own latent counts.",
                lambda directions, truth: float(_cosines(directions, truth).mean()),
            ),
        ),
        look="the cosines of two features and three latents by hand, and which pairing has the largest sum.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    # Both features like latent 0 best; only one can have it.
    yield {
        "directions": torch.tensor([[0.0, 2.0], [1.0, 0.0], [-1.0, -1.0]]),
        "truth": torch.tensor([[0.6, 0.8], [0.0, 3.0]]),
    }
    for _ in range(7):
        n_features, d_in = ask.sizes(2, low=2, high=4)
        d_sae = ask.random.randint(5, 6)
        yield {
            "directions": torch.randn(d_sae, d_in, generator=ask.generator) * 2,
            "truth": torch.randn(n_features, d_in, generator=ask.generator),
        }


def _cosines(directions: Tensor, truth: Tensor) -> Tensor:
    """One by one, [n_features, d_sae]."""
    a, b = truth.double(), directions.double()
    return torch.stack([torch.stack([(u * v).sum() / (u.norm() * v.norm()) for v in b]) for u in a])


def _best(scores: Tensor, by: Callable[[Tensor], Tensor] = lambda scores: scores) -> float:
    """The mean score of the pairing whose sum of by(scores) is the largest, all of them tried."""
    values, keys = scores.tolist(), by(scores).tolist()
    n, m = scores.shape
    best = max(permutations(range(m), n), key=lambda taken: sum(keys[i][j] for i, j in enumerate(taken)))
    return sum(values[i][j] for i, j in enumerate(best)) / n


def _greedy(cosines: Tensor) -> float:
    left, total = list(range(cosines.shape[1])), 0.0
    for row in cosines.tolist():
        taken = max(left, key=lambda j: row[j])
        left.remove(taken)
        total += row[taken]
    return total / len(cosines)
