"""The superposition explorer: a toy model that trains before one's eyes while one changes its world.

It first leaves a still picture, some moments of one training. Where no kernel runs (a printed or exported notebook, a
page on the web), that picture remains.
"""

import asyncio
import time

import ipywidgets
import torch
from IPython.display import display
from matplotlib.figure import Figure
from torch import Tensor

from mechint_course.figures.toy import directions
from mechint_course.size import is_smoke
from mechint_course.toy import LiveTraining
from mechint_course.views.live_picture import in_words, live_svg

DENSITIES = (1.0, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05, 0.03, 0.02, 0.01)
STEPS_A_PICTURE = 10
_PAUSE = 1 / 30
"""Seconds from one picture to the next: faster, nobody sees it, and a remote server would slow down."""
_MOMENTS = (1, 100, 200, 350, 600)


class SuperpositionExplorer:
    """Sliders for the sizes and the world of a toy model, and buttons that train it live.

    Density, importance and correlation may change while it trains; the model goes on from where it is. Other sizes or
    another seed start again. `still` is the picture that stays when no kernel runs; `widget` holds the rest.

    >>> explorer = SuperpositionExplorer(still_density=None)
    >>> explorer.advance(1)
    >>> explorer.sentence.value.startswith("After 10 steps: ")
    True
    """

    def __init__(
        self,
        *,
        n_features: int = 5,
        n_hidden: int = 2,
        density: float = 0.05,
        max_steps: int = 5000,
        still_density: float | None = 0.05,
    ) -> None:
        if density not in DENSITIES:
            raise ValueError(f"density must be one of {DENSITIES}, where its slider stops; found {density}.")
        self.max_steps = max_steps
        self.pictures, self.seconds = 0, 0.0
        """How many pictures the last playing drew, and how long that took."""
        self._running: asyncio.Task[None] | None = None
        layout = ipywidgets.Layout(width="26em")
        style = {"description_width": "10em"}
        look = {"layout": layout, "style": style}
        self.n_features = ipywidgets.IntSlider(n_features, 2, 12, description="features n", **look)
        self.n_hidden = ipywidgets.IntSlider(n_hidden, 1, 6, description="dimensions m", **look)
        self.density = ipywidgets.SelectionSlider(
            options=[(f"{p:g}", p) for p in DENSITIES], value=density, description="density", **look
        )
        self.decay = ipywidgets.FloatSlider(
            1.0, min=0.5, max=1.0, step=0.05, description="importance", **look
        )
        self.decay.tooltip = "Feature i has this importance to the power i; 1 makes all equal."
        self.correlation = ipywidgets.FloatSlider(
            0.0, min=-1.0, max=1.0, step=0.1, description="neighbours meet", **look
        )
        self.correlation.tooltip = (
            "0 and 1, 2 and 3 and so on: -1 never together, 0 by chance, 1 always together."
        )
        self.seed = ipywidgets.IntSlider(0, 0, 9, description="seed", **look)
        self.play = ipywidgets.Button(description="Play", icon="play")
        self.again = ipywidgets.Button(description="Start again", icon="refresh")
        self.picture = ipywidgets.HTML()
        self.sentence = ipywidgets.Label()
        sliders = (self.n_features, self.n_hidden, self.density, self.decay, self.correlation, self.seed)
        for slider in (self.n_features, self.n_hidden, self.seed):
            slider.observe(lambda _change: self.restart(), names="value")
        for slider in (self.density, self.decay, self.correlation):
            slider.observe(lambda _change: self._live.world(*self._world()), names="value")
        self.play.on_click(lambda _button: self.stop() if self.playing else self.start())
        self.again.on_click(lambda _button: self.restart())
        rows = [ipywidgets.HBox(sliders[k : k + 2]) for k in (0, 2, 4)]
        buttons = ipywidgets.HBox([self.play, self.again])
        self.widget = ipywidgets.VBox([*rows, buttons, self.picture, self.sentence])
        self.restart()
        self.still = None if still_density is None else _moments(still_density)

    @property
    def W(self) -> Tensor:  # noqa: N802 - the field's own name
        """The directions that the model has now, `[n_hidden, n_features]`."""
        return self._live.W

    @property
    def playing(self) -> bool:
        """Whether the model is training now."""
        return self._running is not None and not self._running.done()

    def restart(self) -> None:
        """A new model with the sizes of the sliders; it trains on if one was training."""
        density, decay, correlation = self._world()
        self._live = LiveTraining(
            self.n_features.value,
            self.n_hidden.value,
            density=density,
            decay=decay,
            correlation=correlation,
            seed=self.seed.value,
        )
        self._show()

    def advance(self, pictures: int) -> None:
        """Trains for some pictures at once, without a pause: for scripts, and for those who cannot wait."""
        for _ in range(pictures):
            self._live.advance(STEPS_A_PICTURE)
            self._show()

    def start(self) -> None:
        """Starts to train in the background of the notebook, until `stop` or the last step."""
        if not self.playing:
            self._running = asyncio.get_running_loop().create_task(self._play())

    def stop(self) -> None:
        """Stops after the step that is under way; `start` goes on from there."""
        if self._running is not None:
            self._running.cancel()
        self._label()

    async def _play(self) -> None:
        self._label(playing=True)
        self.pictures, begin = 0, time.perf_counter()
        try:
            while self._live.steps < self.max_steps:
                due = time.perf_counter() + _PAUSE
                self.advance(1)
                self.pictures += 1
                self.seconds = time.perf_counter() - begin
                # Never 0: what was clicked or moved meanwhile must get its turn.
                await asyncio.sleep(max(due - time.perf_counter(), 0.001))
        except (KeyboardInterrupt, asyncio.CancelledError):
            pass  # The stop button here, or that of the notebook: no more than that.
        finally:
            self._label()

    def _label(self, *, playing: bool = False) -> None:
        self.play.description, self.play.icon = ("Stop", "stop") if playing else ("Play", "play")

    def _world(self) -> tuple[float, float, float]:
        return self.density.value, self.decay.value, self.correlation.value

    def _show(self) -> None:
        noted = self._live.loss
        words = in_words(self.W, self._live.steps, noted[-1][1] if noted else None)
        self.picture.value, self.sentence.value = live_svg(self.W, list(noted), words), words

    def _ipython_display_(self) -> None:
        if self.still is not None:
            display(self.still)
        display(self.widget)


def _moments(density: float) -> Figure:
    """Five moments of one training: five features in two dimensions, all equally important."""
    live, kept = LiveTraining(5, 2, density=density), []
    for moment in (1, 2, 3, 4, 5) if is_smoke() else _MOMENTS:
        live.advance(moment - live.steps)
        kept.append((live.W.clone(), f"step {moment}"))
    return directions(torch.stack([W for W, _ in kept]), [title for _, title in kept])
