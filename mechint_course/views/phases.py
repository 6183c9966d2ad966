"""The phase explorer: point at a cell of the phase map, and see the models that were tried there.

It first leaves a still picture of one cell; where no kernel runs, that picture remains.
"""

from functools import lru_cache

import ipywidgets
from IPython.display import display
from jaxtyping import Float, Int
from torch import Tensor

from mechint_course.figures.style import PALETTE, CourseFigure
from mechint_course.figures.toy_cells import cell
from mechint_course.figures.toy_phases import SIGNS
from mechint_course.toy import FATES, Branches, Grid
from mechint_course.views.pictures import picture_html

_COLOURS = (PALETTE["pale"], PALETTE["sky"], PALETTE["orange"])
_SIDE = 24
"""Pixels: a board of twelve rows and the picture below it fit on one screen of 800 lines."""


class PhaseExplorer:
    """The phase map as a board of cells to click, with two sliders for the keyboard, and the models of the chosen cell.

    Args:
        grid: densities (rows) and importances (columns).
        W, loss, codes: weights, losses and fates (numbers into `FATES`) of all models; restarts are the third dimension.
        theory: what each branch costs, drawn as lines.

    `chosen` is the cell as (row, column). Raises ValueError where the numbers of cells do not belong together.

    >>> import torch
    >>> from mechint_course.toy import phase_grid
    >>> W, loss = torch.tensor([[1.0, 0.0]]).expand(2, 2, 3, 1, 2), torch.ones(2, 2, 3)
    >>> explorer = PhaseExplorer(phase_grid(2), W, loss, torch.zeros(2, 2, 3, dtype=torch.long))
    >>> explorer.row.value = 1
    >>> explorer.sentence.value
    'Density 0.01, importance 0.1: of 3 models, 3 not learned. The best costs 1.0000: not learned.'
    """

    def __init__(
        self,
        grid: Grid,
        W: Float[Tensor, "n_densities n_importances n_restarts n_hidden n_features"],
        loss: Float[Tensor, "n_densities n_importances n_restarts"],
        codes: Int[Tensor, "n_densities n_importances n_restarts"],
        theory: Branches | None = None,
    ) -> None:
        shape = (len(grid.density), len(grid.importance))
        for name, tensor in (("W", W), ("loss", loss), ("codes", codes)):
            if tuple(tensor.shape[:2]) != shape:
                raise ValueError(
                    f"{name} must begin with the sizes of the grid, {list(shape)}, but its shape is {list(tensor.shape)}."
                )
        self.grid, self.theory = grid, theory
        self.W, self.loss, self.codes = W.detach(), loss.detach(), codes
        self._picture = lru_cache(maxsize=256)(lambda i, j: picture_html(self.figure(i, j), 740))
        self.best = codes.gather(2, loss.argmin(dim=2, keepdim=True))[..., 0]
        self._layout = ipywidgets.Layout(width=f"{_SIDE}px", height=f"{_SIDE}px", margin="1px", padding="0")
        self._framed = ipywidgets.Layout(
            width=f"{_SIDE}px", height=f"{_SIDE}px", margin="1px", padding="0", border="3px solid black"
        )
        look = {"layout": ipywidgets.Layout(width="25em")}
        self.row = ipywidgets.SelectionSlider(
            options=[(f"{p:.2g}", i) for i, p in enumerate(grid.density.tolist())],
            description="density",
            **look,
        )
        self.column = ipywidgets.SelectionSlider(
            options=[(f"{v:.2g}", j) for j, v in enumerate(grid.importance.tolist())],
            description="importance",
            **look,
        )
        self.board = self._board()
        self.image = ipywidgets.HTML()
        self.sentence = ipywidgets.HTML()
        signs = "".join(f"<br><b>{sign}</b> {fate}" for sign, fate in zip(SIGNS, FATES, strict=True))
        words = f"Density falls downwards, importance grows to the right.{signs}"
        caption = ipywidgets.HTML(f'<div style="line-height:1.4">{words}</div>')
        beside = ipywidgets.VBox(
            [caption, self.row, self.column, self.sentence], layout=ipywidgets.Layout(width="31em")
        )
        top = ipywidgets.HBox(
            [self.board, beside], layout=ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start")
        )
        self.widget = ipywidgets.VBox([top, self.image])
        for slider in (self.row, self.column):
            slider.observe(self._moved, names="value")
        self._at, self._both_move = (0, 0), False
        self._moved()
        self.still = self.figure(*(size // 2 for size in shape))

    @property
    def chosen(self) -> tuple[int, int]:
        """Row and column of the cell that is shown."""
        return self.row.value, self.column.value

    def choose(self, i: int, j: int) -> None:
        """Shows the cell in row i and column j, as a click on it does."""
        self._both_move = True
        self.row.value, self.column.value = i, j
        self._both_move = False
        self._moved()

    def figure(self, i: int, j: int) -> CourseFigure:
        """The models of one cell."""
        names = ("ignore the extra", "keep both", "ignore the first")
        branches = (
            {} if self.theory is None else dict(zip(names, self.theory.losses()[i, j].tolist(), strict=True))
        )
        title = f"density {float(self.grid.density[i]):.2g}, importance {float(self.grid.importance[j]):.2g}"
        return cell(self.W[i, j], self.loss[i, j], self.codes[i, j], branches, title=title)

    def _board(self) -> ipywidgets.GridBox:
        styles = [ipywidgets.ButtonStyle(button_color=colour, text_color="black") for colour in _COLOURS]
        self._cells = []
        for i, row in enumerate(self.best.tolist()):
            for j, code in enumerate(row):
                place = f"density {float(self.grid.density[i]):.2g}, importance {float(self.grid.importance[j]):.2g}"
                button = ipywidgets.Button(
                    description=SIGNS[code],
                    tooltip=f"{place}: {FATES[code]}",
                    style=styles[code],
                    layout=self._layout,
                    tabbable=False,  # The keyboard has the sliders: nobody should press Tab 144 times.
                )
                button.on_click(lambda _button, i=i, j=j: self.choose(i, j))
                self._cells.append(button)
        columns = f"repeat({len(self.grid.importance)}, {_SIDE + 2}px)"
        return ipywidgets.GridBox(
            self._cells, layout=ipywidgets.Layout(grid_template_columns=columns, margin="0 1em 0 0")
        )

    def _moved(self, _change: object = None) -> None:
        if self._both_move:
            return
        i, j = self.chosen
        across = len(self.grid.importance)
        self._cells[self._at[0] * across + self._at[1]].layout = self._layout
        self._cells[i * across + j].layout = self._framed
        self._at = (i, j)
        self.image.value = self._picture(i, j)
        counts = self.codes[i, j].bincount(minlength=len(FATES)).tolist()
        found = ", ".join(f"{count} {fate}" for count, fate in zip(counts, FATES, strict=True) if count)
        self.sentence.value = (
            f"Density {float(self.grid.density[i]):.2g}, importance {float(self.grid.importance[j]):.2g}: of "
            f"{len(self.codes[i, j])} models, {found}. The best costs {float(self.loss[i, j].min()):.4f}: "
            f"{FATES[int(self.best[i, j])]}."
        )

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)
