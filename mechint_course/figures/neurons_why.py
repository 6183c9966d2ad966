"""Pictures of one neuron that several features share."""

from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure

PREDICTIONS = {"one": 1, "two": 2}
"""Which column each answer to "for how many of the four?" points at."""


def one_neuron(
    theory: Float[Tensor, " n_columns"],
    n_fired: Int[Tensor, " n_neurons"],
    loss: Float[Tensor, " n_neurons"],
    guess: str | None = None,
    *,
    title: str = "",
) -> Figure:
    """A bar for each derived loss and a dot for each trained neuron, by the number of features it fires for.

    `theory[k]` is the loss of firing for k features; the predicted column is shaded.

    >>> import torch
    >>> one_neuron(torch.ones(3), torch.tensor([1, 2]), torch.ones(2)).axes[0].get_xlabel()
    'features that the neuron fires for'
    """
    figure = new_figure(7, 3.4, title=title or None)
    axes = figure.axes[0]
    if guess in PREDICTIONS:
        k = PREDICTIONS[str(guess)]
        axes.axvspan(k - 0.5, k + 0.5, color=PALETTE["pale"], label=f"your prediction: {guess}")
    for k, value in enumerate(theory.tolist()):
        label = "derived" if k == 0 else None
        axes.plot([k - 0.35, k + 0.35], [value, value], color=PALETTE["black"], linewidth=2, label=label)
        axes.annotate(f"{value:.3f}", (k, value), (0, 6), textcoords="offset points", ha="center", fontsize=9)
    for k in n_fired.unique().tolist():
        found = loss[n_fired == k].tolist()
        places = [k + 0.5 * ((i + 0.5) / len(found) - 0.5) for i in range(len(found))]
        axes.plot(places, found, "o", color=PALETTE["blue"], markersize=3, alpha=0.5)
        axes.annotate(
            f"{len(found)} neurons",
            (k, min(found)),
            (0, -15),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.plot([], [], "o", color=PALETTE["blue"], markersize=3, label="trained, one dot each")
    axes.set(xlabel="features that the neuron fires for", ylabel="loss in nats", xticks=range(len(theory)))
    axes.margins(y=0.18)
    axes.legend(frameon=False, fontsize=8, loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.16))
    return figure
