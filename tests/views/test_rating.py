"""The blind rating without a browser: what the controls do, what a restart keeps, and that nothing tells a unit's kind."""

import re

import ipywidgets
import pytest

from mechint_course.exercises import database
from mechint_course.features.rating import RUBRIC, Sheet, rating_sheet
from mechint_course.views.rating import BlindRating
from tests.views import small

TELLTALE = re.compile("latent|feature|neuron|dictionary|small-40", re.IGNORECASE)


@pytest.fixture
def sheet() -> Sheet:
    return rating_sheet([small.features(), small.neurons()], each=3, least_on=4)


@pytest.fixture
def opened(sheet, tmp_path):
    return lambda: BlindRating(sheet, path=tmp_path / "home" / "r.sqlite", folder=tmp_path / "class")


def rate(view: BlindRating, digits: str) -> None:
    for field, digit in zip(view.fields, digits, strict=True):
        field.value = digit


def everything(widget) -> list[str]:
    """All that a page is told about a widget and those in it: every text of every trait."""
    told = [str(value) for value in widget.get_state().values()]
    for name in ("layout", "style"):
        told += (
            [str(value) for value in getattr(widget, name).get_state().values()]
            if widget.has_trait(name)
            else []
        )
    for child in getattr(widget, "children", ()):
        told += everything(child)
    return told


def in_tab_order(widget) -> list[object]:
    """The controls as they stand in the page."""
    if isinstance(widget, ipywidgets.Box):
        return [control for child in widget.children for control in in_tab_order(child)]
    return [] if isinstance(widget, ipywidgets.HTML) else [widget]


def test_five_digits_are_a_rating_and_it_is_on_disk_at_once(opened, sheet):
    view = opened()
    assert "Unit 1 of 6" in view.head.value and "0 of 6 rated." in view.head.value
    for field, digit in zip(view.fields[:4], "3521", strict=True):
        field.value = digit
    assert view.note.value == "1 to go." and not view.ratings.all()
    view.fields[4].value = "3"
    assert view.note.value == "14 of 15, saved." and "1 of 6 rated." in view.head.value
    first = sheet.items[0]
    again = opened()
    assert again.ratings.of(first.kind, first.unit).scores == (3, 5, 2, 1, 3)
    assert again.at == 1 and "Unit 2 of 6" in again.head.value, "it goes on where it stopped"
    again.back.click()
    assert [field.value for field in again.fields] == list("35213") and "Rated" in again.note.value
    again.fields[0].value = ""
    again.fields[0].value = " 0 "
    assert opened().ratings.of(first.kind, first.unit).scores == (0, 5, 2, 1, 3), "rating again replaces"


@pytest.mark.parametrize("typed", ["4", "-1", "a", "1.5", "²", "33"])
def test_what_is_not_on_the_scale_is_a_sentence(opened, typed):
    view = opened()
    rate(view, "00000")
    view.forward.click()
    rate(view, "01010")
    view.fields[0].value = typed
    assert "Confidence goes from 0 to 3" in view.note.value
    assert [rating.scores[0] for rating in view.ratings.all()] == [0, 0]


def test_nothing_on_the_page_tells_what_a_unit_is_before_all_are_rated(opened, sheet):
    view = opened()
    for item in sheet.items:
        told = [*everything(view.widget), view.still.data]
        assert not [text for text in told if TELLTALE.search(text)]
        assert not view.what_they_were()
        # Its number could only be met as a number of the page's own.
        whole = re.sub("<[^>]*>", " ", view.head.value + view.note.value)
        assert re.findall(r"\d+", whole)[:3] == [str(view.at + 1), "6", str(view.at)]
        tooltips = re.findall('title="([^"]*)"', view.texts.value)
        assert all(0 < float(words) <= 10 for words in tooltips), "a unit's own size would tell"
        assert f"Unit {item.unit}" not in view.texts.value
        rate(view, "11111")
        view.forward.click()
    assert (
        view.what_they_were()[0]
        == f"Unit 1 was {sheet.items[0].kind} {sheet.items[0].unit} of " + sheet.about[sheet.items[0].kind]
    )


def test_tab_goes_from_the_first_digit_to_the_next_unit(opened):
    view = opened()
    controls = in_tab_order(view.widget)
    assert controls == [*view.fields, view.forward, view.back, view.results, view.give]
    assert all(control.tabbable in (None, True) for control in controls)
    assert [field.description for field in view.fields] == [criterion.title for criterion in RUBRIC]
    assert [field.placeholder for field in view.fields] == ["0 to 3", "0 to 5", "0 to 3", "0 to 1", "0 to 3"]
    sent = []
    view.fields[0].send = sent.append
    view.forward.click()
    assert sent == [{"do": "focus"}], "the next digit goes to the first field"
    assert view.at == 1 and not view.back.disabled
    for _ in range(9):
        view.forward.click()
    assert view.at == 5 and view.forward.disabled


def test_results_show_ones_own_and_those_of_the_class(opened, tmp_path):
    view = opened()
    view.results.click()
    assert "nothing rated yet" in view.shown.value and view.figure().axes[0].get_title() == "you: feature"
    view.give.click()
    assert "rate a unit first" in view.shown.value
    for _ in range(6):
        rate(view, "35313")
        view.forward.click()
    view.give.click()
    (path,) = (tmp_path / "class").iterdir()
    assert path.name in view.shown.value
    (tmp_path / "class" / "broken.json").write_text("{")
    view.results.click()
    assert "broken.json was left out: it is not JSON" in view.shown.value
    assert "1 person, feature: median 15 of 3 rated" in view.shown.value and "Unit 6 was" in view.shown.value
    assert view.pooled().people == 1 and view.pooled().totals() == {"feature": [15] * 3, "neuron": [15] * 3}


def test_a_disk_that_is_full_stops_nothing(opened, monkeypatch):
    def full(*_args, **_keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(database.sqlite3, "connect", full)
    view = opened()
    rate(view, "11111")
    assert "could not be written" in view.note.value and "No space left" in view.note.value
    assert "saved" not in view.note.value and "1 of 6 rated" in view.head.value


def test_what_is_left_without_a_kernel_shows_two_units_and_the_rubric(opened):
    html = opened().still.data
    assert "<script" not in html and html.startswith("<details>")
    assert "Unit 1" in html and "Unit 2" in html and "Unit 3" not in html
    assert all(criterion.title in html for criterion in RUBRIC) and "background-color" in html
