"""Chapter 1, section 7: what becomes of one more feature."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="toy.fate",
    title="What became of it?",
    points=2,
    minutes=5,
    difficulty=1,
    core=True,
    hints=(
        "Two questions in a row. Is the last column long enough? If so, do the others pull on its direction?",
        "extra = W[:, -1]; its length decides the first question. For the second, divide extra by its length and take "
        "inner products with the other columns, W[:, :-1]; square and add up.",
        "((extra / extra.norm()) @ W[:, :-1]).square().sum() < 0.25 makes it 'own dimension', otherwise 'superposed'.",
    ),
)
def fate(ask: Ask) -> None:
    "The word against the definition in plain Python, with cases close to both limits."
    ask.compare(
        _fate_cases(ask),
        expected=_in_words,
        known=(
            Known(
                "length-squared",
                "You compare the squared length with 0.5; compare the length.",
                lambda W: _in_words(W, shortest=0.5**0.5),
            ),
            Known(
                "first-for-last",
                "You look at the first feature; the extra one is the last.",
                lambda W: _in_words(W.flip(1)),
            ),
            Known(
                "not-squared",
                "You add up the overlaps without squaring them, so opposite signs cancel.",
                lambda W: _in_words(W, power=1),
            ),
            Known(
                "direction-not-scaled",
                "You use the column itself for its direction: divide it by its length first.",
                lambda W: _in_words(W, scaled=False),
            ),
            Known(
                "itself-included",
                "You count the feature among its own neighbours, so it always seems to be superposed.",
                lambda W: _in_words(W, itself=True),
            ),
            Known(
                "words-swapped",
                "You give the words 'superposed' and 'own dimension' the wrong way round.",
                lambda W: {"superposed": "own dimension", "own dimension": "superposed"}.get(
                    _in_words(W), "not learned"
                ),
            ),
            Known(
                "length-ignored",
                "You never say 'not learned': look at the length first.",
                lambda W: _in_words(W, shortest=0.0),
            ),
        ),
        look="the order of the two questions, and the two limits 0.5 and 0.25.",
    )


def _fate_cases(ask: Ask) -> Iterator[dict[str, Tensor]]:
    yield {"W": torch.tensor([[1.0, 0.0]])}
    yield {"W": torch.tensor([[1.0, -1.0]])}
    yield {"W": torch.tensor([[0.0, 1.0]])}
    yield {"W": torch.tensor([[1.0, 0.5]])}
    yield {"W": torch.tensor([[0.5, 1.0]])}
    yield {"W": torch.tensor([[1.0, 0.6]])}
    yield {"W": torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.7]])}
    yield {"W": torch.tensor([[0.6, -0.6, 1.0], [0.0, 0.0, 0.0]])}
    yield {"W": torch.tensor([[0.45, 0.0, 1.4], [1.0, 1.0, 0.0]])}
    yield {"W": torch.tensor([[0.6, 0.0, 0.7], [1.0, 1.0, 0.0]])}
    for _ in range(20):
        n_hidden, n_features = ask.sizes(2, high=5)
        W = torch.randn(n_hidden, n_features, generator=ask.generator)
        W[:, :-1] *= 0.3 + ask.random.random() * 0.7
        extra = 0.3 + 0.9 * ask.random.random()
        W[:, -1] *= extra / W[:, -1].norm()
        crowd = ((W[:, -1] / W[:, -1].norm()) @ W[:, :-1]).square().sum()
        if abs(float(crowd) - 0.25) > 0.01 and abs(extra - 0.5) > 0.01:
            yield {"W": W}


def _in_words(
    W: Tensor, *, shortest: float = 0.5, power: int = 2, scaled: bool = True, itself: bool = False
) -> str:
    columns = W.double().T.tolist()
    extra, others = columns[-1], columns if itself else columns[:-1]
    length = sum(v * v for v in extra) ** 0.5
    if length < shortest:
        return "not learned"
    over = length if scaled and length else 1.0
    pulls = [sum(a * b for a, b in zip(extra, other, strict=True)) / over for other in others]
    return "own dimension" if sum(pull**power for pull in pulls) < 0.25 else "superposed"
