"""Chapter 2, section 2: the places where a neuron is strongest."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mechint_course.exercises.model import Ask, Known, exercise


@exercise(
    id="neurons.top_examples",
    title="Where is the neuron strongest?",
    points=2,
    minutes=7,
    difficulty=2,
    core=True,
    hints=(
        "Two questions, one after the other: how strong does each sequence get at its strongest place, and which "
        "sequences are the strongest by that?",
        "activation.max(dim=1) gives both the peak of every sequence and where in it the peak is. "
        "torch.topk of the peaks gives the sequences, in the right order.",
        "peaks, positions = activation.max(dim=1); rows = peaks.topk(k).indices; "
        "then put rows and positions[rows] side by side with torch.stack(..., dim=1).",
    ),
)
def top_examples(ask: Ask) -> None:
    "The places of the k highest peaks against a search token by token."
    ask.compare(
        _cases(ask),
        expected=_searched,
        known=(
            Known(
                "same-sequence-twice",
                "Your list may take several places from one sequence. Each sequence counts once, at its strongest "
                "place; otherwise one long passage fills the whole list.",
                _flat_top,
            ),
            Known(
                "weakest-first",
                "Your places are the right ones, but from weak to strong; the strongest comes first.",
                lambda activation, k: _right(activation, k).flip(0),
            ),
            Known(
                "position-first",
                "Your pairs are (position, sequence); (sequence, position) is asked for.",
                lambda activation, k: _right(activation, k).flip(1),
            ),
            Known(
                "sequences-only",
                "You return which sequences, but not where in them.",
                lambda activation, k: _right(activation, k)[:, 0],
            ),
            Known(
                "positions-only",
                "You return where in the sequences, but not which sequences.",
                lambda activation, k: _right(activation, k)[:, 1],
            ),
            Known(
                "flat-places",
                "You return places in the flattened tensor; take each apart into sequence and position.",
                lambda activation, k: activation.flatten().topk(k).indices,
            ),
            Known(
                "two-rows",
                "Your result is [2, k]: all sequences, then all positions. One pair in each row, [k, 2], is asked for.",
                lambda activation, k: _right(activation, k).T,
            ),
            Known(
                "mean-not-peak",
                "You rank sequences by their mean activation; rank them by their strongest token.",
                lambda activation, k: _by(activation, activation.mean(dim=1), k),
            ),
            Known(
                "weakest-sequences",
                "You return the sequences whose peaks are lowest.",
                lambda activation, k: _by(activation, -activation.amax(dim=1), k),
            ),
            Known(
                "unranked",
                "You return the first k sequences of the text, not those with the highest peaks.",
                lambda activation, k: torch.stack([torch.arange(k), activation.argmax(dim=1)[:k]], dim=1),
            ),
            Known(
                "text-order",
                "Your places are the right ones, but in the order of the text; the strongest comes first.",
                lambda activation, k: _right(activation, k)[_right(activation, k)[:, 0].argsort()],
            ),
            Known(
                "values-returned",
                "You return the activations themselves; where they are is asked for.",
                lambda activation, k: activation.amax(dim=1).topk(k).values,
            ),
            Known(
                "wrong-place",
                "The sequences are right, but the positions belong to other sequences: after sorting, take the "
                "positions of the sequences that you chose.",
                lambda activation, k: torch.stack(
                    [_right(activation, k)[:, 0], activation.argmax(dim=1)[:k]], dim=1
                ),
            ),
        ),
        look="a text of three sequences, worked out by hand: the peak of each, its place, and then the order.",
    )


def _cases(ask: Ask) -> Iterator[dict[str, Tensor | int]]:
    yield {"activation": torch.tensor([[0.0, 3.0, 2.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]), "k": 2}
    yield {"activation": torch.tensor([[0.0, 9.0, 8.0, 7.0], [0.0, 1.0, 0.0, 2.0]]), "k": 1}
    for number in range(20):
        n_sequences, n_ctx, k = sorted(ask.sizes(3, low=2, high=12), reverse=True)
        values = torch.rand(n_sequences, n_ctx, generator=ask.generator)
        # Some passages are strong for long: their second-best token beats other sequences' best.
        values = values * torch.rand(n_sequences, 1, generator=ask.generator).add(0.1) * 5
        # Like a ReLU's, many activations are exactly 0, but no sequence is silent throughout.
        silent = torch.rand(n_sequences, n_ctx, generator=ask.generator) < 0.4
        silent[torch.arange(n_sequences), values.argmax(dim=1)] = False
        values = values.masked_fill(silent, 0.0)
        yield {"activation": values, "k": n_sequences if number == 0 else k}


def _searched(activation: Tensor, k: int) -> Tensor:
    """Goes through all tokens from the strongest down and keeps those of sequences not met before."""
    rows = activation.tolist()
    places = [(value, i, j) for i, row in enumerate(rows) for j, value in enumerate(row)]
    found: list[list[int]] = []
    for _, i, j in sorted(places, key=lambda place: -place[0]):
        if all(i != other for other, _ in found):
            found.append([i, j])
    return torch.tensor(found[:k])


def _by(activation: Tensor, score: Tensor, k: int) -> Tensor:
    rows = score.topk(k).indices
    return torch.stack([rows, activation.argmax(dim=1)[rows]], dim=1)


def _right(activation: Tensor, k: int) -> Tensor:
    return _by(activation, activation.amax(dim=1), k)


def _flat_top(activation: Tensor, k: int) -> Tensor:
    flat = activation.flatten().topk(k).indices
    return torch.stack([flat // activation.shape[1], flat % activation.shape[1]], dim=1)
