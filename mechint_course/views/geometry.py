"""The geometry explorer: walk along the strip from dense to sparse, and look into the clusters of each model.

It first leaves a still picture of one cluster; where no kernel runs, that picture remains.
"""

from functools import lru_cache

import ipywidgets
from IPython.display import display

from mechint_course.figures.style import CourseFigure
from mechint_course.figures.toy_clusters import strip_and_cluster
from mechint_course.toy import Cluster, Strip, feature_clusters, feature_dimensionality
from mechint_course.views.pictures import picture_html

_STILL = 0.261
"""The still picture shows the model nearest to this density: among its pairs there is a pentagon."""


class GeometryExplorer:
    """One slider for the density, one for the cluster of the model there; largest clusters first.

    `still` is the picture that stays when no kernel runs; `widget` holds the sliders and their picture.

    >>> from mechint_course.toy import load_strip
    >>> explorer = GeometryExplorer(load_strip())
    >>> len(explorer.density.options) == len(load_strip().density)
    True
    """

    def __init__(self, strip: Strip) -> None:
        self.strip = strip
        self._shares = feature_dimensionality(strip.W)
        self._clusters = lru_cache(maxsize=None)(lambda at: feature_clusters(strip.W[at]))
        self._picture = lru_cache(maxsize=128)(lambda at, k: picture_html(self.figure(at, k), 900))
        look = {"layout": ipywidgets.Layout(width="32em"), "style": {"description_width": "6em"}}
        self.density = ipywidgets.SelectionSlider(
            options=[(f"{p:.3g}", at) for at, p in enumerate(strip.density.tolist())],
            value=int((strip.density - _STILL).abs().argmin()),
            description="density",
            **look,
        )
        self.cluster = ipywidgets.IntSlider(0, 0, 1, description="cluster", **look)
        self.image = ipywidgets.HTML()
        self.sentence = ipywidgets.Label()
        self.widget = ipywidgets.VBox([self.density, self.cluster, self.sentence, self.image])
        self._settling = False
        self.density.observe(self._other_model, names="value")
        self.cluster.observe(self._moved, names="value")
        self._other_model()
        self.still = self.figure(self.density.value, 0)

    def figure(self, at: int, k: int) -> CourseFigure:
        """The strip with model `at` marked, and that model's cluster number k."""
        found = self._clusters(at)
        return strip_and_cluster(self.strip.density, self._shares, at, found[k] if found else None)

    def _other_model(self, _change: object = None) -> None:
        """Begins again at the largest cluster, and draws once."""
        self._settling = True
        self.cluster.value = 0
        self.cluster.max = max(len(self._clusters(self.density.value)) - 1, 0)
        self._settling = False
        self._moved()

    def _moved(self, _change: object = None) -> None:
        if self._settling:
            return
        at, k = self.density.value, self.cluster.value
        self.image.value = self._picture(at, k)
        density, found = float(self.strip.density[at]), self._clusters(at)
        self.sentence.value = (
            f"Density {density:.3g}: {_sizes(found)}. {_about(found[k], k)}"
            if found
            else f"Density {density:.3g}: no feature stands out from the blend."
        )

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)


def _sizes(found: list[Cluster]) -> str:
    """How many clusters there are of each size, largest first: "1 of 5, 28 of 2"."""
    sizes = [len(cluster.features) for cluster in found]
    return "clusters: " + ", ".join(f"{sizes.count(size)} of {size}" for size in dict.fromkeys(sizes))


def _about(cluster: Cluster, k: int) -> str:
    low, high = float(cluster.dimensionality.min()), float(cluster.dimensionality.max())
    if len(cluster.features) == 1:
        return f"Cluster {k} is feature {int(cluster.features[0])} alone, with D = {low:.2f}."
    return f"Cluster {k}: {len(cluster.features)} features share {cluster.dimensions:.2f} dimensions; D from {low:.2f} to {high:.2f}."
