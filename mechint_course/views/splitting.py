"""The splitting tree: a feature of a small dictionary, what it comes apart into in larger ones, and what each part is on for.

First it shows one tree as plain HTML that opens and closes by itself, which stays where no kernel runs; then the
controls: every node is a button, so Tab goes from one to the next and Enter opens it.
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import ipywidgets
from IPython.display import HTML, display

from mechint_course.features.cards import Cards
from mechint_course.features.reading import Units
from mechint_course.features.splitting import Branch, Children, children_of
from mechint_course.views.cards import facts_html, head_html, table_html

_MOST = 8
"""Children of a node that are shown, the nearest directions first."""

Path = tuple[int, ...]
"""A node: the latents from the root down to it."""


class SplittingTree:
    """Features of the first reading, opened level by level. `still` stays when no kernel runs, `widget` holds the controls.

    Args:
        levels: readings of one text by dictionaries of one model, the smallest first.
        root: the feature to begin with; default, of those that split the one that tells a domain best.
        at_least: the cosine of two directions from which on the nearest is called a parent.

    Raises:
        ValueError: fewer than two readings, neurons among them, other texts or models, or no such root.
    """

    def __init__(self, levels: Sequence[Units], root: int | None = None, *, at_least: float = 0.0) -> None:
        _check(levels)
        self.levels = list(levels)
        self.cards = [Cards(units) for units in levels]
        directions = [units.sae.W_dec.detach() for units in levels if units.sae is not None]
        self.steps: list[Children] = [
            children_of(narrow, wide, at_least=at_least) for narrow, wide in pairwise(directions)
        ]
        root = self._best_root() if root is None else root
        levels[0].check(root)
        self._open: set[Path] = set()
        self._buttons: dict[Path, ipywidgets.Button] = {}
        self.root = ipywidgets.BoundedIntText(
            min=0,
            max=levels[0].n_units - 1,
            value=root,
            description="Feature",
            layout=ipywidgets.Layout(width="14em"),
        )
        self.nodes = ipywidgets.VBox(
            layout=ipywidgets.Layout(flex="0 0 auto", width="34em", max_width="100%")
        )
        self.head = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 24em", min_width="24em"))
        self.facts = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%"))
        middle = ipywidgets.HBox([self.nodes, self.head], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([self.root, middle, self.facts])
        self.root.observe(lambda _change: self._plant(), names="value")
        self._plant()
        self.still = HTML(self._still(root))

    def toggle(self, path: Path) -> None:
        """Opens a node, or closes it with everything below it; shows what its feature is on for."""
        if path in self._open:
            self._open = {other for other in self._open if other[: len(path)] != path}
        elif self._below(path):
            self._open.add(path)
        self._draw()
        self._show(path)

    def tree(self, root: int, most: int = 4) -> Branch:
        """All levels below a feature, the `most` nearest children of each."""

        def branch(path: Path, cosine: float) -> Branch:
            below = [
                branch((*path, child), self._cosine((*path, child))) for child in self._below(path)[:most]
            ]
            return Branch(len(path) - 1, path[-1], cosine, tuple(below))

        return branch((root,), 1.0)

    def _best_root(self) -> int:
        """Of the features that split into at least three, the one with the highest domain score."""
        n_children = (
            self.steps[0].parent[self.steps[0].parent >= 0].bincount(minlength=self.levels[0].n_units)
        )
        order = self.cards[0].order().tolist()
        return next((unit for unit in order if n_children[unit] >= 3), order[0])

    def _below(self, path: Path) -> list[int]:
        """The children of a node, as many as are shown."""
        level = len(path) - 1
        return [] if level >= len(self.steps) else self.steps[level].of(path[-1])[:_MOST].tolist()

    def _cosine(self, path: Path) -> float:
        return float(self.steps[len(path) - 2].cosine[path[-1]])

    def _plant(self) -> None:
        path = (self.root.value,)
        self._open, self._buttons = {path}, {}
        self._draw()
        self._show(path)

    def _draw(self) -> None:
        rows: list[ipywidgets.Button] = []

        def grow(path: Path) -> None:
            rows.append(self._button(path))
            for child in self._below(path) if path in self._open else []:
                grow((*path, child))

        grow((self.root.value,))
        # The buttons that stay are the same ones, so the one that was pressed keeps the keyboard's focus.
        self.nodes.children = rows

    def _button(self, path: Path) -> ipywidgets.Button:
        level = len(path) - 1
        if path not in self._buttons:
            layout = ipywidgets.Layout(
                width="auto",
                margin=f"1px 2px 1px {2 * level}em",
                display="flex",
                justify_content="flex-start",
            )
            button = ipywidgets.Button(layout=layout)
            button.on_click(lambda _button: self.toggle(path))
            self._buttons[path] = button
        button = self._buttons[path]
        has = level < len(self.steps) and len(self.steps[level].of(path[-1]))
        sign = ("▾" if path in self._open else "▸") if has else "·"
        button.description = f"{sign} {self._words(path)}"
        button.tooltip = ("Close" if path in self._open else "Open") if has else "It has no children."
        return button

    def _words(self, path: Path) -> str:
        """A node in a line: its dictionary, its card's line, and how near its parent it points."""
        level = len(path) - 1
        line = f"{self.levels[level].name} · {self.cards[level].line(path[-1])}"
        return f"{line}, cosine {self._cosine(path):.2f}" if level else line

    def _show(self, path: Path) -> None:
        level, unit = len(path) - 1, path[-1]
        card = self.cards[level].card(unit)
        self.head.value = head_html(card, self.levels[level].name)
        self.facts.value = facts_html(card)

    def _still(self, root: int) -> str:
        def node(branch: Branch, above: Path) -> str:
            path = (*above, branch.latent)
            words = escape(self._words(path))
            if branch.level == 2:
                return f"<li>{words}</li>"
            text = table_html(self.cards[branch.level], [branch.latent], lines=False)
            below = "".join(node(child, path) for child in branch.children)
            state = " open" if branch.level == 0 else ""
            return f"<li><details{state}><summary>{words}</summary>{text}<ul>{below}</ul></details></li>"

        lead = (
            f"Feature {root} of {self.levels[0].name} and what it comes apart into in larger dictionaries: under each "
            "feature the text where it is strongest, then its nearest children."
        )
        return f"<div>{escape(lead)}</div><ul>{node(self.tree(root), ())}</ul>"

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)


def _check(levels: Sequence[Units]) -> None:
    if len(levels) < 2 or any(units.sae is None for units in levels):
        found = ", ".join(f"the {units.kind}s of {units.name}" for units in levels) or "none"
        raise ValueError(f"Expected readings by two or more dictionaries, the smallest first, found {found}.")
    first = levels[0]
    for units in levels[1:]:
        if units.model is not first.model or not units.text.tokens.equal(first.text.tokens):
            raise ValueError(
                f"Expected readings of one text with one model, found {first.name} and {units.name} on others: "
                "read the same text with each dictionary."
            )
