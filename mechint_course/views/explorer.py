"""Sliders over toy models that are trained already: move one, and see the picture of that model.

An explorer first shows a still picture of some of its models, then the sliders. Where no kernel runs (a printed or
exported notebook, a page on the web), the still picture remains.
"""

from collections.abc import Sequence
from functools import lru_cache

import ipywidgets
import torch
from IPython.display import display
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.style import PALETTE, new_figure, png
from mechint_course.figures.toy import directions, draw_directions
from mechint_course.toy import feature_dimensionality, feature_norms, neighbour_angles


class DensityExplorer:
    """The feature directions of models in the plane, with one slider for the density and one for the seed.

    `still` is the picture that stays when no kernel runs; `widget` holds the sliders.
    Raises ValueError where `densities` and the models do not belong together.

    >>> explorer = DensityExplorer(torch.eye(2, 5).expand(3, 4, 2, 5), [1.0, 0.1, 0.01])
    >>> explorer.density.index = 2
    >>> explorer.sentence.value
    'Density 0.01, seed 0: 2 of 5 features kept. Angles between neighbours: 90, 270 degrees.'
    """

    def __init__(
        self,
        W: Float[Tensor, "n_densities n_seeds 2 n_features"],
        densities: Sequence[float],
        *,
        n_still: int = 5,
    ) -> None:
        if len(W) != len(densities):
            raise ValueError(
                f"W must hold the models of {len(densities)} densities, but it holds those of {len(W)}; "
                "its first dimension goes with the densities."
            )
        self.W, self.densities = W.detach().clone(), [float(d) for d in densities]
        self._picture = lru_cache(maxsize=128)(self._draw)
        wide = ipywidgets.Layout(width="32em")
        self.density = ipywidgets.SelectionSlider(
            options=[f"{d:g}" for d in self.densities],
            description="density",
            continuous_update=True,
            layout=wide,
        )
        self.seed = ipywidgets.IntSlider(min=0, max=W.shape[1] - 1, description="seed", layout=wide)
        self.image = ipywidgets.Image(format="png", width=640)
        self.sentence = ipywidgets.Label()
        self.widget = ipywidgets.VBox([self.density, self.seed, self.image, self.sentence])
        for slider in (self.density, self.seed):
            slider.observe(self._moved, names="value")
        self._moved()
        chosen = torch.linspace(0, len(W) - 1, min(n_still, len(W))).round().long()
        titles = [f"density {self.densities[i]:g}" for i in chosen.tolist()]
        self.still: Figure = directions(self.W[chosen, 0], titles, columns=n_still)

    def _moved(self, _change: object = None) -> None:
        i, seed = self.density.index, self.seed.value
        self.image.value = self._picture(i, seed)
        angles = ", ".join(f"{angle:.0f}" for angle in neighbour_angles(self.W[i, seed]).tolist())
        kept = int((feature_norms(self.W[i, seed]) >= 0.5).sum())
        self.sentence.value = (
            f"Density {self.densities[i]:g}, seed {seed}: {kept} of {self.W.shape[-1]} features kept. "
            f"Angles between neighbours: {angles or 'none'} degrees."
        )

    def _draw(self, i: int, seed: int) -> bytes:
        figure = new_figure(6.4, 3.2, columns=2, ratios=(1, 1.1))
        plane, bars = figure.axes
        W = self.W[i, seed]
        draw_directions(plane, W, "directions of the features")
        shares = feature_dimensionality(W).tolist()
        bars.bar(range(len(shares)), shares, color=PALETTE["sky"], edgecolor=PALETTE["black"])
        bars.set(ylim=(0, 1.05), xticks=range(len(shares)), xlabel="feature", title="dimensions per feature")
        for value, label in ((0.5, "1/2"), (0.4, "2/5")):
            bars.axhline(value, color=PALETTE["grey"], linestyle="--", linewidth=1)
            bars.text(1.02, value, label, transform=bars.get_yaxis_transform(), va="center", fontsize=9)
        return png(figure)

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)
