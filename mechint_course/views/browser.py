"""The unit browser: neurons, features, or features beside their twins in another model, to pick, sort and search.

First it shows some units as plain HTML, which stays where no kernel runs (a printed or exported notebook, a page on the
web); then the controls: fields and buttons, which Tab reaches one after the other.
"""

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.display import HTML, display

from mechint_course.features.cards import Cards
from mechint_course.features.reading import Typed, Units
from mechint_course.sae import SAE
from mechint_course.views.cards import facts_html, head_html, table_html, typed_html
from mechint_course.views.page import save_page
from mechint_course.views.tokens import Example

_LISTED = 200
"""Units in the list at a time; any other is reached by its number."""
_ANY = "any"


class UnitBrowser:
    """The units of a reading. `still` is what stays when no kernel runs, `widget` holds the controls.

    Args:
        units: what `read_units` gave.
        twin: the same text read with another model; adds correlations, and each unit's texts under its twin.
        wider: a larger dictionary of the same model; adds each feature's children there.
        sort: what the list is sorted by at first.
        domain: the domain that "domain score" is for at first; default, each unit's best.

    Raises:
        ValueError: twin, wider, sort or domain do not fit the units.
    """

    def __init__(
        self,
        units: Units,
        *,
        twin: Units | None = None,
        wider: SAE | None = None,
        sort: str = "domain score",
        domain: str | None = None,
    ) -> None:
        self.cards = Cards(units, twin=twin, wider=wider)
        order = self.cards.order(sort, domain)  # also says what is wrong with the two words
        wide, field = ipywidgets.Layout(width="100%"), ipywidgets.Layout(width="19em")
        self.text = ipywidgets.Text(
            description="Type", placeholder=f"Some text: which {units.kind}s fire on it?", layout=wide
        )
        self.sort = ipywidgets.ToggleButtons(
            options=self.cards.orders(), value=sort, description="Sort by", style={"button_width": "auto"}
        )
        self.domain = ipywidgets.Combobox(
            options=[_ANY, *units.text.domains], value=domain or _ANY, description="Domain", layout=field
        )
        self.number = ipywidgets.BoundedIntText(
            min=0, max=units.n_units - 1, value=int(order[0]), description="Number", layout=field
        )
        self.back, self.forward = (
            ipywidgets.Button(
                description=words, tooltip=f"the {words[2:]} one in the list", layout={"width": "8em"}
            )
            for words in ("◀ previous", "▶ next")
        )
        # For the mouse: JupyterLab takes the arrows from a list, so the keyboard goes through it by the two buttons.
        self.list = ipywidgets.Select(rows=22, tabbable=False, layout={"width": "25em", "flex": "0 0 auto"})
        self.note, self.typed, self.head, self.facts = (ipywidgets.HTML(layout=wide) for _ in range(4))
        self.head.layout = ipywidgets.Layout(flex="1 1 24em", min_width="24em")
        self.typed.layout = ipywidgets.Layout(width="100%", max_height="15em", overflow="auto")
        flowing = ipywidgets.Layout(flex_flow="row wrap")
        steps = ipywidgets.HBox([self.domain, self.number, self.back, self.forward], layout=flowing)
        middle = ipywidgets.HBox([self.list, self.head], layout=flowing)
        self.widget = ipywidgets.VBox(
            [self.text, self.typed, self.sort, steps, self.note, middle, self.facts]
        )
        self._found: Typed | None = None
        self.text.observe(self._on_text, names="value")
        self.sort.observe(self._on_order, names="value")
        self.domain.observe(self._on_order, names="value")
        self.list.observe(self._on_list, names="value")
        self.number.observe(self._on_number, names="value")
        self.back.on_click(lambda _button: self._step(-1))
        self.forward.on_click(lambda _button: self._step(1))
        self._refill()
        first = [int(unit) for unit in order[:6]]
        lead = f"Some {units.kind}s of {units.name}, by {sort}; the colour is the activation, written below each text."
        self.still = HTML(f"<div>{escape(lead)}</div>{table_html(self.cards, first)}")

    def show(self, unit: int) -> None:
        """Puts a unit's card into the browser. Raises ValueError where there is no such unit."""
        card = self.cards.card(unit)
        twin = self.cards.twin.name if self.cards.twin else ""
        self.head.value = head_html(card, self.cards.units.name, twin=twin, typed=self._under(unit))
        self.facts.value = facts_html(card, wider=self._wider())

    def save_html(self, path: str | Path, units: list[int] | None = None, *, overwrite: bool = False) -> Path:
        """Writes the cards of these units, by default all that are ever on, as one page that can be sent to a friend.

        Long collections show a progress bar; stopped, the page holds the units that were done. Raises FileExistsError
        where there is a file already and `overwrite` is not said, ValueError where there is nothing to write.
        """
        return save_page(path, self.cards, units, overwrite=overwrite)

    def _under(self, unit: int) -> Example | None:
        """What was typed, with the unit's activations."""
        if self._found is None:
            return None
        column = self._found.rows[:, [unit]].toarray().ravel()
        return Example(self._found.tokens, column.tolist(), "")

    def _refill(self) -> None:
        kind = self.cards.units.kind
        if self._found is not None:
            units = self._found.strongest()
            cut = " Only the beginning of it fits into the model." if self._found.cut else ""
            note = f"{len(units):,} {kind}s fire on your text, the strongest first.{cut} Empty the field for all."
        else:
            units = self.cards.order(self.sort.value, self._domain()).tolist()
            note = f"{len(units):,} {kind}s; the list has the first {min(_LISTED, len(units))}. Any other: by its number."
        self.note.value = f"<div>{escape(note)}</div>"
        self.list.options = [
            (self.cards.line(unit), unit) for unit in units[:_LISTED]
        ]  # and nothing is chosen
        if units:
            self.list.value = units[0]
        # Said again: the same unit may be first as before, and look otherwise on what was typed.
        self.show(units[0] if units else self.number.value)

    def _wider(self) -> str:
        wider = self.cards.wider
        return "" if wider is None else f"the dictionary of {wider.d_sae:,}"

    def _domain(self) -> str | None:
        """The chosen domain; a word that is half typed, or none of them, is any."""
        return self.domain.value if self.domain.value in self.cards.units.text.domains else None

    def _step(self, by: int) -> None:
        """The next unit of the list, or the one before; at its ends it stays."""
        listed = [unit for _, unit in self.list.options]
        if listed:
            at = listed.index(self.list.value) if self.list.value in listed else -by
            self.list.value = listed[min(max(at + by, 0), len(listed) - 1)]

    def _on_text(self, change: dict[str, Any]) -> None:
        # A token a letter would be measured for spaces alone: nothing was typed yet.
        self._found = self.cards.units.typed(change["new"]) if change["new"].strip() else None
        self.typed.value = typed_html(self._found) if self._found is not None else ""
        self._refill()

    def _on_order(self, _change: dict[str, Any]) -> None:
        self._refill()

    def _on_list(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.number.value = change["new"]
            self.show(change["new"])

    def _on_number(self, change: dict[str, Any]) -> None:
        if change["new"] != self.list.value:
            self.show(change["new"])

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)
