"""Pictures of doubt about twins: what tokens explain, who has a twin that cannot be, and what twins say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, fill, new_figure, series


def bars(
    values: Mapping[str, Mapping[str, float]], *, ylabel: str, guess: str | None = None, percent: bool = False
) -> Figure:
    """Groups of bars from 0 to 1, the number above each: `values` maps a series to its value in each group.

    >>> figure = bars({"A and B": {"as it is": 0.7, "token alone": 0.9}}, ylabel="median")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['.70', '.90']
    """
    groups = list(next(iter(values.values())))
    words = [f"{name}, {group}: {value:.2f}" for name, row in values.items() for group, value in row.items()]
    figure = new_figure(
        2.0 * len(groups) + 1.4, 3.6, title=guess and f"You predicted: {guess}.", alt="; ".join(words) + "."
    )
    (axes,) = figure.axes
    width = 0.8 / len(values)
    for number, (name, row) in enumerate(values.items()):
        for place, group in enumerate(groups):
            x, value = place + width * (number - (len(values) - 1) / 2), row[group]
            axes.bar(x, value, 0.92 * width, label=name if place == 0 else None, **fill(number))
            text = "none" if value != value else f"{value:.0%}" if percent else f"{value:.2f}".lstrip("0")
            axes.text(x, 0.015 if value != value else value + 0.015, text, ha="center", fontsize=9)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylabel=ylabel, ylim=(0, 1.1))
    figure.legend(loc="outside lower center", ncols=len(values), frameon=False)
    return figure


class Said(NamedTuple):
    """What two twins say: the logit weights of both over the vocabulary, and the tokens as text."""

    left: Float[Tensor, " d_vocab"]
    right: Float[Tensor, " d_vocab"]
    tokens: Sequence[str]


def sayings(
    twins: Float[Tensor, " n_pairs"],
    strangers: Float[Tensor, " n_pairs"],
    pairs: Mapping[str, Said],
    *,
    guess: str | None = None,
) -> Figure:
    """Left, how alike twins speak, beside pairs put together at random; then two pairs, token by token.

    The whole tokens that stand out most in either model are written in.

    >>> said = Said(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0]), ["a", "b"])
    >>> len(sayings(torch.rand(9), torch.rand(9), {"one pair": said}).axes)
    2
    """
    words = f"Median of twins {float(twins.median()):.2f}, of strangers {float(strangers.median()):.2f}."
    figure = new_figure(
        3.9 * (1 + len(pairs)),
        3.9,
        columns=1 + len(pairs),
        title=guess and f"You predicted: {guess}.",
        alt=words,
    )
    axes, *others = figure.axes
    edges = torch.linspace(-1, 1, 41)
    for number, (name, values) in enumerate((("twins", twins), ("put together at random", strangers))):
        share = torch.histogram(values.float().clamp(-1, 1), edges).hist / max(1, len(values))
        axes.stairs(
            share.numpy(), edges.numpy(), label=name, fill=True, linewidth=0, alpha=0.75, **fill(number)
        )
    axes.set(xlabel="correlation of what they say", ylabel="share of the pairs", title="All pairs")
    axes.set_ylim(0, 1.25 * axes.dataLim.ymax)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    for panel, (name, said) in zip(others, pairs.items(), strict=True):
        _scatter(panel, said)
        panel.set(title=name, xlabel="logit weight in model A", ylabel="logit weight in model B")
    return figure


def _scatter(axes: Axes, said: Said, most: int = 2) -> None:
    """Every token of the vocabulary as a dot, those that stand out with their text."""
    axes.axhline(0, color=PALETTE["pale"], linewidth=1)
    axes.axvline(0, color=PALETTE["pale"], linewidth=1)
    axes.plot(said.left, said.right, **(series(0) | {"linestyle": "", "markersize": 2.5, "alpha": 0.5}))
    readable = [
        place for place, token in enumerate(said.tokens) if not token.startswith("<")
    ]  # not a piece of a letter
    named = {
        readable[place]
        for side in (said.left, said.right)
        for place in side[readable].topk(min(most, len(readable))).indices.tolist()
    }
    apart = [0.05 * float(side.max() - side.min()) for side in (said.right, said.left)]
    written: list[int] = []
    for place in sorted(named, key=lambda place: float(said.right[place])):
        # A word that would lie on the one before it stays out.
        if written and all(
            float((side[place] - side[written[-1]]).abs()) < least
            for side, least in zip((said.right, said.left), apart, strict=True)
        ):
            continue
        number = len(written)
        written.append(place)
        text = said.tokens[place].replace("\n", "⏎").replace("$", r"\$") or "∅"
        axes.annotate(
            f"“{text}”", (float(said.left[place]), float(said.right[place])), fontsize=8,
            xytext=(-4 if number % 2 else 4, 2), textcoords="offset points", ha="right" if number % 2 else "left",
        )  # fmt: skip
    axes.margins(x=0.3, y=0.1)
