"""The blind rating in a real JupyterLab: two units rated by keyboard alone, and still there after the kernel was restarted."""

from pathlib import Path

import pytest

from tests.browser.test_first_chapter import CONTRAST, GO_TO, shot, write
from tests.browser.test_unit_browser import INSERT, THEME

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

CELL = """import sys, time
sys.path.insert(0, {root!r})
from mechint_course.features.rating import rating_sheet
from mechint_course.views.rating import BlindRating
from tests.views import small
sheet = rating_sheet([small.features(), small.neurons()], each=3, least_on=4)
begin = time.perf_counter()
view = BlindRating(sheet)
display(view)
print(f"opened in {{time.perf_counter() - begin:.2f}} s")"""
RESTART = """async () => {
    const context = window.jupyterapp.shell.currentWidget.context.sessionContext;
    await context.session.kernel.restart();
    await context.session.kernel.info;
}"""
FOCUS = "document.activeElement.placeholder || document.activeElement.innerText"


def opened(page, cell: str):
    """Writes a cell at the end of the notebook, runs it, and waits for the fields."""
    page.evaluate(GO_TO, None)
    page.evaluate(INSERT)
    write(page, cell)
    output = page.locator(".jp-CodeCell").filter(has_text="view = BlindRating(sheet").last
    output = output.locator(".jp-OutputArea").first
    output.get_by_label("Confidence").wait_for(timeout=400_000)  # it also waits for the imports
    return output


def rate(page, digits: str) -> None:
    """With the keyboard alone, the first field having the focus."""
    for digit in digits:
        page.keyboard.press(digit)
        page.keyboard.press("Tab")


def test_two_units_are_rated_by_keyboard_and_survive_a_restart(page, lab, watched, capsys):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    cell = CELL.format(root=str(Path(__file__).parents[2]))
    output = opened(page, cell)
    output.get_by_text("0 of 6 rated").wait_for()
    with capsys.disabled():
        print(f"\n[views] the blind rating {output.get_by_text('opened in').inner_text()}")

    output.get_by_label("Confidence").scroll_into_view_if_needed()
    output.get_by_label("Confidence").focus()
    for number, digits in enumerate(("35313", "01000"), 1):
        rate(page, digits)
        output.get_by_text(f"{number} of 6 rated").wait_for()
        output.get_by_text("saved").wait_for()
        assert page.evaluate(FOCUS) == "Next unit ▶"
        shot(page, f"rating-{number}")
        page.keyboard.press("Enter")
        output.get_by_text(f"Unit {number + 1} of 6").wait_for()
        page.wait_for_function(f"() => ({FOCUS}) === '0 to 3'")
    words = output.locator(".jupyter-widgets").first.inner_text().lower()
    assert not [word for word in ("feature", "latent", "neuron") if word in words]

    # What is out of the scale is a sentence, and an output cell takes no digit for a heading.
    page.keyboard.press("9")
    output.get_by_text("Confidence goes from 0 to 3").wait_for()
    page.keyboard.press("Backspace")
    output.get_by_text("5 to go").wait_for()

    # The kernel is killed and begins again; what was rated is there.
    page.evaluate(RESTART)
    output = opened(page, cell)
    output.get_by_text("Unit 3 of 6").wait_for()
    output.get_by_text("2 of 6 rated").wait_for()
    output.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    output.get_by_text("Rated; another digit").wait_for()
    shown = [output.get_by_label(name).input_value() for name in ("Confidence", "Activations", "Specificity")]
    assert shown == ["0", "1", "0"]

    # The picture, by keyboard; the file to give away; both themes can be read.
    output.get_by_role("button", name="Write a file").focus()
    page.keyboard.press("Enter")
    output.get_by_text("It holds no name").wait_for()
    assert len(list((lab.folder / "01_toy" / "ratings").glob("ratings-*.json"))) == 1
    output.get_by_role("button", name="Show my ratings").focus()
    page.keyboard.press("Space")
    picture = output.locator(".jupyter-widgets img")
    picture.wait_for()
    assert "you, " in picture.get_attribute("alt")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate(THEME, theme)
        page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
        for at, words in (
            ("top", "Unit 2 of 6"),
            ("middle", "How sure of it are you?"),
            ("bottom", "Show my ratings"),
        ):
            text = output.get_by_text(words).first
            text.scroll_into_view_if_needed()
            assert text.evaluate(CONTRAST) >= 4.5, (theme, words)
            page.wait_for_timeout(200)
            shot(page, f"rating-{theme[11:]}-{at}")
        picture.scroll_into_view_if_needed()
        shot(page, f"rating-{theme[11:]}-picture")
    for field in output.locator(".jupyter-widgets input").all():
        assert field.evaluate("field => field.scrollWidth <= field.clientWidth + 1"), "nothing is cut off"
    assert watched.requests == []
    assert watched.errors == []
