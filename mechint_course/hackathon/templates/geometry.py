# %% [markdown]
# ## Toy models with other activation functions
#
# The model of chapter 1 is `x' = ReLU(W^T W x + b)`. Here the ReLU is one of several functions. The gradients come from autograd, so any function that PyTorch has will do.

# %%
import json
from pathlib import Path

import torch
from torch.nn import functional

from mechint_course import sized
from mechint_course.figures.style import PALETTE, new_figure, series
from mechint_course.figures.toy import draw_directions
from mechint_course.toy import ToyModel, evaluate, feature_dimensionality, n_represented, train
from mechint_course.toy.model import LossAndGradients

RESULTS = Path("results")
RESULTS.mkdir(exist_ok=True)
ACTIVATIONS = {"ReLU": torch.relu, "GELU": functional.gelu, "softplus": functional.softplus, "absolute value": torch.abs}


class AnyActivation(ToyModel):
    """A toy model whose output goes through a function of your choice."""

    def __init__(self, function, **sizes):
        super().__init__(**sizes)
        self.function = function

    def forward(self, x):
        return self.function(x @ self.W.mT @ self.W + self.b_final[:, None])

    def loss_and_gradients(self, x):
        with torch.enable_grad():
            loss = self.loss(x)
            gradients = torch.autograd.grad(loss.sum(), [self.W, self.b_final])
        return LossAndGradients(loss.detach(), dict(zip(("W", "b_final"), gradients, strict=True)))


# %% [markdown]
# ## Many densities and seeds at once
#
# Each activation function gets models of three hidden dimensions and eight features, at several densities, four seeds each. Of the four, the one with the lowest loss is kept: the others are trainings that got stuck.

# %%
DENSITIES = sized((1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02), smoke=(1.0, 0.05))
SEEDS = sized(4, smoke=2)


def trained(function, n_hidden, n_features=8):
    """For each density, the weights of the best seed: [n_densities, n_hidden, n_features]."""
    probability = torch.tensor(DENSITIES).repeat_interleave(SEEDS)[:, None]
    model = AnyActivation(function, n_features=n_features, n_hidden=n_hidden, n_instances=len(probability), feature_probability=probability, seed=0)
    train(model, steps=sized(2000, smoke=20), batch_size=512, learning_rate=0.01, n_records=1, progress=False)
    loss = evaluate(model, n_samples=sized(40_000, smoke=1000)).view(len(DENSITIES), SEEDS)
    best = loss.argmin(dim=1) + SEEDS * torch.arange(len(DENSITIES))
    return model.W.detach()[best]


solid = {name: trained(function, 3) for name, function in ACTIVATIONS.items()}
for name, W in solid.items():
    print(f"{name:<15}", ", ".join(f"density {p:g}: {n} kept" for p, n in zip(DENSITIES, n_represented(W).tolist(), strict=True)))

# %% [markdown]
# ## How much of a dimension does each feature get?
#
# A feature alone in its dimension has dimensionality 1, one of an antipodal pair 1/2, a corner of a tetrahedron 3/4, of a triangle 2/3 (Elhage et al. 2022). Values between the lines are what you came for, or trainings that were cut short: look at the seeds.

# %%
dimensionality = {name: feature_dimensionality(W) for name, W in solid.items()}
flat = {name: trained(function, 2, n_features=5)[-1] for name, function in ACTIVATIONS.items()}

# %% [markdown]
# ## The plot
#
# Above, the dimensionality of every feature in three dimensions, against the density: dense on the left, sparse on the right. Below, five features in the plane at the sparsest setting: the pentagon of the ReLU, and what becomes of it.

# %%
figure = new_figure(12, 6.5, rows=2, columns=len(ACTIVATIONS))
for number, (name, values) in enumerate(dimensionality.items()):
    above, below = figure.axes[number], figure.axes[number + len(ACTIVATIONS)]
    for level, word in ((1, "1"), (3 / 4, "3/4"), (2 / 3, "2/3"), (1 / 2, "1/2"), (3 / 8, "3/8")):
        above.axhline(level, color=PALETTE["pale"], linewidth=0.8, zorder=0)
        above.annotate(word, (1, level), xycoords=("axes fraction", "data"), fontsize=7, va="center")
    columns = torch.arange(len(DENSITIES))[:, None].expand_as(values)
    above.plot(columns.flatten(), values.flatten(), alpha=0.5, **(series(number) | {"linestyle": ""}))
    above.set(title=name, ylim=(-0.05, 1.1), xlabel="density")
    above.set_xticks(range(len(DENSITIES)), [f"{p:g}" for p in DENSITIES], fontsize=7)
    draw_directions(below, flat[name])
figure.axes[0].set_ylabel("dimensionality of a feature")
figure.savefig(RESULTS / "plot.png")
(RESULTS / "kept.json").write_text(json.dumps({name: n_represented(W).tolist() for name, W in solid.items()}))
figure
