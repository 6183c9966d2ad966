"""Pictures of dictionaries whose right answer is known: the penalty, the matching, the trade-off, the shrinkage."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import normalize

from mechint_course.figures.style import DIVERGING, PALETTE, new_figure, series
from mechint_course.sae import mcc


def longer_rows(
    factors: Sequence[float], squared_errors: Sequence[float], penalties: Sequence[float]
) -> Figure:
    """Both terms of the loss when every decoder row is made longer and every latent smaller by the same factor.

    >>> longer_rows([1, 2], [0.5, 0.5], [4.0, 2.0]).axes[0].get_xscale()
    'log'
    """
    figure = new_figure(6, 3.2)
    (axes,) = figure.axes
    axes.plot(factors, squared_errors, label="squared error", **series(0))
    axes.plot(factors, penalties, label="sum of the latents", **series(1))
    axes.set(
        xscale="log", xlabel="decoder rows are longer by this factor", ylabel="each term of the loss",
        ylim=(0, 1.1 * max(*squared_errors, *penalties)),
    )  # fmt: skip
    axes.legend(frameon=False)
    return figure


def matching(
    truth: Float[Tensor, "n_features d_in"],
    before: Float[Tensor, "d_sae d_in"],
    after: Float[Tensor, "d_sae d_in"],
    scores: Sequence[float],
) -> Figure:
    """The cosine of every true feature with every latent, before and after training.

    Latents stand in the order of the features that they match; those that are left over come last.

    >>> import torch
    >>> matching(torch.eye(2, 3), torch.eye(3), torch.eye(3), [0.4, 1.0]).axes[1].get_title()
    'after: score 1.00'
    """
    figure = new_figure(9, 3.4, columns=2)
    for axes, name, directions, score in zip(
        figure.axes[:2], ("before", "after"), (before, after), scores, strict=True
    ):
        matches = mcc(directions, truth).matches.tolist()
        order = matches + [latent for latent in range(len(directions)) if latent not in matches]
        values = normalize(truth, dim=1) @ normalize(directions[order], dim=1).T
        image = axes.imshow(
            values.numpy(), vmin=-1, vmax=1, cmap=DIVERGING, aspect="auto", interpolation="nearest"
        )
        axes.set(
            title=f"{name}: score {score:.2f}",
            xlabel="latent, in the order of its match",
            ylabel="true feature",
        )
    figure.colorbar(image, ax=figure.axes, label="cosine")
    return figure


def trade_off(
    coefficients: Sequence[float], rows: Mapping[str, Sequence[float]], true_l0: float, latents: int
) -> Figure:
    """What a dictionary is like for each coefficient: what it misses, how many latents it uses, and what it found.

    `rows` holds "fvu", "l0", "score" and "spurious", one number for each coefficient.

    >>> rows = {name: [0.1, 0.2] for name in ("fvu", "l0", "score", "spurious")}
    >>> len(trade_off([0.1, 0.2], rows, true_l0=2.0, latents=96).axes)
    3
    """
    figure = new_figure(10, 3.1, columns=3)
    error, l0, found = figure.axes
    error.plot(coefficients, rows["fvu"], **series(0))
    error.set(title="What it misses", ylabel="share of variance missed", ylim=(0, 1.02))
    l0.plot(coefficients, rows["l0"], **series(1))
    l0.axhline(true_l0, color=PALETTE["grey"], linestyle="--")
    l0.annotate(
        "features that are there",
        (coefficients[0], true_l0),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=9,
    )
    l0.set(title="How many latents are on", ylabel="latents on (L0)", yscale="log")
    found.plot(coefficients, rows["score"], label="matching score", **series(2))
    found.plot(
        coefficients,
        [count / latents for count in rows["spurious"]],
        label="share of spurious latents",
        **series(3),
    )
    found.set(title="What it found", ylim=(-0.03, 1.05))
    found.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(0.0, 0.55))
    for axes in figure.axes:
        axes.set(xscale="log", xlabel="l1_coefficient")
    return figure


def shrunk(
    strengths: Float[Tensor, " n_strengths"],
    came_back: Mapping[float, Float[Tensor, "n_strengths _"]],
    best: Mapping[float, Float[Tensor, " n_strengths"]],
) -> Figure:
    """How strong a feature that is alone comes back, against its true strength, for each coefficient.

    Points are means over all features, bars their spread; dashed lines are the best that the loss allows.

    >>> import torch
    >>> s = torch.tensor([0.5, 1.0])
    >>> shrunk(s, {0.2: torch.ones(2, 3)}, {0.2: s - 0.1}).axes[0].get_xlabel()
    'true strength'
    """
    figure = new_figure(5.6, 4.2)
    (axes,) = figure.axes
    axes.plot(strengths, strengths, color=PALETTE["grey"], label="the true strength")
    for number, (coefficient, values) in enumerate(came_back.items()):
        style = series(number)
        axes.plot(strengths, best[coefficient], color=style["color"], linestyle="--", linewidth=1)
        axes.errorbar(
            strengths, values.mean(1), yerr=values.std(1), capsize=2, color=style["color"],
            marker=style["marker"], linestyle="", label=f"coefficient {coefficient:g}",
        )  # fmt: skip
    axes.plot([], [], color=PALETTE["black"], linestyle="--", linewidth=1, label="your formula")
    axes.set(xlabel="true strength", ylabel="strength that comes back", xlim=(0, None), ylim=(-0.03, None))
    axes.legend(frameon=False, loc="upper left")
    return figure
