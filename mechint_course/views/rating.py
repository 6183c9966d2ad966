"""Blind rating: units in a random order, judged by a rubric before anybody says what they are.

First it leaves two of the units as plain HTML, which stays where no kernel runs; then the controls. Five fields take a
digit each, Tab goes from one to the next and on to the button for the next unit. A rating is on disk as soon as its
fifth digit is typed.
"""

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.display import HTML, display

from mechint_course.exercises.pooling import Pooled, by_kind, pool
from mechint_course.exercises.ratings import Ratings
from mechint_course.features.evidence import Excerpt
from mechint_course.features.rating import MOST, RUBRIC, SCALE, Item, Sheet
from mechint_course.figures.sae_rating import ratings as picture
from mechint_course.figures.style import CourseFigure
from mechint_course.views.pictures import picture_html
from mechint_course.views.tokens import Example, plain_html, visible

_CODE = "background:#fff;color:#000;padding:0 2px;font-family:monospace;white-space:pre"


class BlindRating:
    """The units of a sheet, to rate without knowing what they are. `still` stays when no kernel runs, `widget` holds the controls.

    Args:
        sheet: what `rating_sheet` drew.
        path: the file of ratings; default, beside the learner's progress. Ratings of this sheet go on where they stopped.
        folder: where `export` puts a file to give away, and where the files of other people are looked for.
        guess: what was predicted, for the picture.
    """

    def __init__(
        self,
        sheet: Sheet,
        *,
        path: Path | None = None,
        folder: str | Path = "ratings",
        guess: str | None = None,
    ) -> None:
        self.sheet, self.folder, self.guess = sheet, Path(folder), guess
        self.ratings = Ratings(sheet, path)
        self._filling = False
        self.fields = [
            ipywidgets.Text(
                description=criterion.title,
                placeholder=f"0 to {criterion.most}",
                layout={"width": "13em"},
                style={"description_width": "6.5em"},
            )
            for criterion in RUBRIC
        ]
        asked = [_said(criterion.question) for criterion in RUBRIC]
        self.forward, self.back, self.results, self.give = (
            ipywidgets.Button(description=words, tooltip=tooltip, layout={"width": "auto"})
            for words, tooltip in (
                ("Next unit ▶", "the unit behind this one"),
                ("◀ Back", "the unit before this one"),
                ("Show my ratings", "how they are spread, and those of other people if there are any"),
                ("Write a file to give away", f"into the folder {self.folder}"),
            )
        )
        self.head, self.texts, self.note, self.shown = (ipywidgets.HTML() for _ in range(4))
        rows = [part for pair in zip(self.fields, asked, strict=True) for part in pair]
        form = ipywidgets.VBox(
            [*rows, ipywidgets.HBox([self.forward, self.back]), self.note],
            layout={"flex": "1 1 20em", "margin": "0 0 0 1em"},
        )
        self.texts.layout = ipywidgets.Layout(flex="3 1 30em", min_width="20em")
        both = ipywidgets.HBox([self.texts, form], layout={"flex_flow": "row wrap"})
        last = ipywidgets.HBox([self.results, self.give], layout={"flex_flow": "row wrap"})
        self.widget = ipywidgets.VBox([self.head, both, last, self.shown])
        for field in self.fields:
            field.observe(self._on_field, names="value")
        self.forward.on_click(lambda _button: self._step(1))
        self.back.on_click(lambda _button: self._step(-1))
        self.results.on_click(lambda _button: self._show_results())
        self.give.on_click(lambda _button: self._give())
        unrated = (i for i, item in enumerate(sheet.items) if self.ratings.of(item.kind, item.unit) is None)
        self.at = next(unrated, 0)
        self._fill()
        self.still = HTML(_still(sheet))

    def export(self, folder: str | Path | None = None) -> Path:
        """Writes the ratings as a file to give away; see `Ratings.export`."""
        return self.ratings.export(self.folder if folder is None else folder)

    def pooled(self) -> Pooled:
        """What the files in `folder` hold, one's own included if it is there."""
        return pool(self.folder, about=self.sheet.about)

    def figure(self) -> CourseFigure:
        """One's own ratings, and beside them those of the class where the folder holds any."""
        people = {"you": by_kind(self.ratings.all())}
        pooled = self.pooled()
        if pooled.people:
            name = f"{pooled.people} {'person' if pooled.people == 1 else 'people'}"
            people[name] = pooled.totals()
        return picture(people, most=MOST, guess=self.guess)

    def what_they_were(self) -> list[str]:
        """What each unit is, in order, as soon as all are rated; until then nothing."""
        if len(self.ratings.all()) < len(self.sheet.items):
            return []
        return [
            f"Unit {number} was {item.kind} {item.unit} of {self.sheet.about[item.kind]}"
            for number, item in enumerate(self.sheet.items, 1)
        ]

    def _fill(self) -> None:
        """Shows the unit at hand, with its digits if it has been rated."""
        item = self.sheet.items[self.at]
        rating = self.ratings.of(item.kind, item.unit)
        digits = [""] * len(RUBRIC) if rating is None else [str(score) for score in rating.scores]
        self._filling = True
        for field, digit in zip(self.fields, digits, strict=True):
            field.value = digit
        self._filling = False
        self.texts.value = _item_html(item)
        self.back.disabled, self.forward.disabled = self.at == 0, self.at == len(self.sheet.items) - 1
        self._say("Rated; another digit takes the old one's place." if rating else "")

    def _say(self, words: str) -> None:
        rated, n = len(self.ratings.all()), len(self.sheet.items)
        count = f"{rated} of {n} rated" + (": all of them. See what they were below." if rated == n else ".")
        self.head.value = f"<b>Unit {self.at + 1} of {n}</b> · {count}"
        self.note.value = _text(" ".join(filter(None, [words, self.ratings.message])))

    def _on_field(self, _change: dict[str, Any]) -> None:
        if self._filling:
            return
        scores = []
        for field, criterion in zip(self.fields, RUBRIC, strict=True):
            typed = field.value.strip()
            if typed and not (typed.isdecimal() and int(typed) <= criterion.most):
                self._say(f"{criterion.title} goes from 0 to {criterion.most}: {typed[:10]!r} is not in it.")
                return
            scores += [int(typed)] if typed else []
        if len(scores) < len(RUBRIC):
            self._say(f"{len(RUBRIC) - len(scores)} to go.")
            return
        item = self.sheet.items[self.at]
        self.ratings.record(item.kind, item.unit, scores)
        self._say(f"{sum(scores)} of {MOST}" + ("." if self.ratings.message else ", saved."))

    def _step(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), len(self.sheet.items) - 1)
        self._fill()
        self.fields[0].focus()

    def _show_results(self) -> None:
        said = [*self.what_they_were(), *self.pooled().problems]
        listed = "".join(f"<div>{_text(line)}</div>" for line in said)
        figure = self.figure()
        width = round(figure.get_figwidth() * figure.dpi)
        self.shown.value = picture_html(figure, width) + f'<div style="columns:24em">{listed}</div>'

    def _give(self) -> None:
        try:
            said = f"Written: {self.export()}. It holds no name; give it to whoever collects them."
        except (OSError, ValueError) as error:
            said = f"The file was not written. {error}"
        self.shown.value = f"<div>{_text(said)}</div>"

    def _ipython_display_(self) -> None:
        display(self.still)
        display(self.widget)


def _item_html(item: Item) -> str:
    """A unit's texts and the tokens it makes likelier. Nothing here may say what it is."""
    parts, n = [], len(item.intervals)
    for number, texts in enumerate(item.intervals):
        high, low = ((n - number - k) * SCALE / n for k in (0, 1))
        parts.append(f"<div><b>strength {low:g} to {high:g}</b></div>")
        parts += [plain_html(Example(e.tokens, e.values, _place(e)), high=SCALE) for e in texts]
        parts += [] if texts else ["<div>no place</div>"]
    tokens = " ".join(
        # A block of its own: beside a token that is read from the right, numbers would change places.
        f'<span style="display:inline-block;white-space:nowrap;margin-right:.8em"><bdi style="{_CODE}">'
        f"{_text(visible(token).replace(' ', '␣'))}</bdi> <small>{share:.2f}</small></span>"
        for token, share in item.likelier
    )
    likelier = (
        f"<div><b>tokens that become likelier next</b>, the first counted as 1</div><div>{tokens}</div>"
    )
    return f'<div style="line-height:1.35">{"".join(parts)}{likelier}</div>'


def _place(text: Excerpt) -> str:
    """Which token of a text was drawn: a stronger one may stand beside it."""
    return f'{text.values[text.focus]:.3g} at "{visible(text.tokens[text.focus])}"'


def _still(sheet: Sheet) -> str:
    units = "".join(
        f"<div><b>Unit {number}</b>{_item_html(item)}</div>" for number, item in enumerate(sheet.items[:2], 1)
    )
    lines = "".join(f"<li>{_text(c.title)}, 0 to {c.most}: {_text(c.question)}</li>" for c in RUBRIC)
    words = f"{len(sheet.items)} units to rate. To look at where nothing runs: the rubric, and the first two"
    return f"<details><summary>{_text(words)}</summary><ul>{lines}</ul>{units}</details>"


def _said(words: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f'<div style="line-height:1.3">{_text(words)}</div>')


def _text(words: str) -> str:
    return escape(words)
