"""The unit browser and the splitting tree in a real JupyterLab, by keyboard; the page in a Chromium without a network."""

from pathlib import Path

import pytest

from mechint_course.features.cards import Cards
from mechint_course.views.page import save_page
from tests.browser.test_first_chapter import ALL_RAN, CONTRAST, GO_TO, shot, write
from tests.views import small

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

CELL = """import sys
sys.path.insert(0, {root!r})
from mechint_course.views.browser import UnitBrowser
from mechint_course.views.splitting import SplittingTree
from tests.views import small
UnitBrowser(small.features(200, 5), twin=small.neurons(), wider=small.dictionary(300, 2))"""
TREE = "SplittingTree([small.features(), small.features(90, 2), small.features(200, 5)])"
INSERT = "() => window.jupyterapp.commands.execute('notebook:insert-cell-below')"
THEME = "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"


def test_the_browser_and_the_tree_by_keyboard(page, lab, watched):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate(GO_TO, None)
    page.evaluate(INSERT)
    write(page, CELL.format(root=str(Path(__file__).parents[2])))
    output = page.locator(".jp-CodeCell").filter(has_text="UnitBrowser(small").locator(".jp-OutputArea").first
    output.get_by_label("Type").wait_for(timeout=400_000)  # it also waits for TransformerLens to be imported

    # Typing lists what fires; the answer stands under the field.
    field = output.get_by_label("Type")
    field.scroll_into_view_if_needed()
    field.focus()
    page.keyboard.type("a cat")
    output.get_by_text("fire on your text").wait_for()
    output.get_by_text("what you typed").wait_for()
    shot(page, "unit-browser-typed")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    output.get_by_text("Any other: by its number").wait_for()

    # Tab goes from field to button; a button takes the next of the list.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "domain score"
    head = output.get_by_text("of small-200").filter(has_text="Feature ").last
    for name, key in (("density", "Enter"), ("▶ next", "Enter"), ("▶ next", "Space")):
        before = head.inner_text()
        output.get_by_role("button", name=name).focus()
        page.keyboard.press(key)
        output.get_by_text(before, exact=True).last.wait_for(state="detached")
    before = head.inner_text()
    output.get_by_label("Number").focus()
    page.keyboard.press("ArrowUp")
    output.get_by_text(before, exact=True).last.wait_for(state="detached")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate(THEME, theme)
        page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
        title = output.get_by_text("Where it is on").first
        title.scroll_into_view_if_needed()
        assert title.evaluate(CONTRAST) >= 4.5
        shot(page, f"unit-browser-facts-{theme[11:]}")
        output.get_by_label("Type").scroll_into_view_if_needed()
        shot(page, f"unit-browser-{theme[11:]}")

    # The tree: every node is a button; Enter opens it and keeps its place.
    page.evaluate(GO_TO, None)
    page.evaluate(INSERT)
    write(page, TREE)
    tree = page.locator(".jp-CodeCell").filter(has_text=TREE).locator(".jp-OutputArea").first
    nodes = tree.get_by_role("button")
    nodes.first.wait_for()
    closed = nodes.filter(has_text="▸").first
    count, words = nodes.count(), closed.inner_text().removeprefix("▸")
    closed.focus()
    page.keyboard.press("Enter")
    opened = nodes.filter(has_text=f"▾{words}")
    opened.wait_for()
    assert nodes.count() > count
    assert opened.evaluate("node => node === document.activeElement"), "the focus stays where it was"
    assert nodes.filter(has_text="small-90").first.evaluate(
        "node => node.scrollWidth <= node.clientWidth + 1"
    ), "a node's words are not cut off"
    shot(page, "splitting-Dark")
    page.evaluate(THEME, "JupyterLab Light")
    page.wait_for_function("document.body.dataset.jpThemeName === 'JupyterLab Light'")
    shot(page, "splitting-Light")
    still = tree.locator("details").nth(1)
    still.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert still.get_attribute("open") is not None, "the part that needs no kernel opens by keyboard too"
    page.wait_for_function(
        ALL_RAN.replace("window.ranAll && ", "").replace("codes.every", "codes.slice(-1).every")
    )
    assert watched.requests == []
    assert watched.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_offline_and_is_read_by_keyboard(chromium, tmp_path, scheme):
    from playwright.sync_api import sync_playwright

    cards = Cards(small.features(200, 5), twin=small.neurons(), wider=small.dictionary(300, 2))
    order = [unit for unit in cards.order().tolist() if cards.units.density[unit] > 0]
    path = save_page(tmp_path / "page.html", cards, order)
    requests, errors = [], []
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme=scheme, offline=True
        )
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda line: errors.append(line.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        heading = page.locator("article h2")
        assert heading.inner_text() == f"Feature {order[0]} of small-200"

        # What the page says is what the card says.
        card = cards.card(order[0])
        said = page.locator("article").inner_text().replace("\u2212", "-")
        assert (
            f"changes by {card.effect.mean:+.3f} nats" in said
            and f"correlation {card.twin.value:.2f}" in said
        )
        shown = page.locator("article .text").first.inner_text()
        top = card.groups[0].excerpts[0]
        assert shown.startswith("".join(top.tokens).translate(str.maketrans("\n\r\t", "⏎␍⇥")).rstrip()[:12])
        assert "verbs <b>" in page.locator("#domain").inner_text(), "a name with a tag stays text"
        assert page.locator("article svg").get_attribute("aria-label").startswith("On for ")
        for element in ("article h3", "article th", "article small", "#count", "article .text"):
            assert page.locator(element).first.evaluate(CONTRAST) >= 4.5, element

        # Search, sort and list, with the keyboard alone: Tab from the top, letters, arrows.
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "search"
        page.keyboard.type("houses")
        found = page.locator("#list option").count()
        assert 0 < found <= len(order)
        page.keyboard.press("Control+A")
        page.keyboard.type("zzz no such token")
        assert "None of them" in page.locator("article").inner_text()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.press("Tab")
        page.keyboard.type("density")
        densest = next(u for u in cards.order("density").tolist())
        assert page.locator("#list option").first.get_attribute("value") == str(densest)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "list"
        before = heading.inner_text()
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "before => document.querySelector('article h2').innerText !== before", arg=before
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        shot(page, f"page-{scheme}")
        browser.close()
    assert requests == [path.as_uri()], "the file itself and nothing else"
    assert errors == []
