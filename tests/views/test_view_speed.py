"""How long the views take on this machine, printed and asserted nowhere: `pytest -s -m release tests/views/test_view_speed.py`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mechint_course.features.rating import rating_sheet
from mechint_course.features.reading import Units, read_units
from mechint_course.language import evaluation_text, load_model
from mechint_course.sae import load_dictionary
from mechint_course.views.browser import UnitBrowser
from mechint_course.views.rating import BlindRating
from mechint_course.views.splitting import SplittingTree

pytestmark = [pytest.mark.release, pytest.mark.timeout(3600)]

PER_DOMAIN = int(os.environ.get("MECHINT_COURSE_PER_DOMAIN", "8"))


@contextmanager
def timed(what: str) -> Iterator[None]:
    began, used = time.perf_counter(), time.process_time()
    yield
    print(f"{what}: {time.perf_counter() - began:.2f} s, {time.process_time() - used:.2f} s of CPU")


def read(name: str) -> Units:
    model, sae = load_model(name[0]), load_dictionary(name).requires_grad_(False)
    with timed(f"reading with {name}"):
        return read_units(model, evaluation_text().sample(PER_DOMAIN), sae, name=name)


def test_the_unit_browser_with_4096_latents(tmp_path):
    units, twin = read("A-4096"), read("B-4096")
    with timed("opening the browser"):
        browser = UnitBrowser(units)
    with timed("opening it with a twin and children"):
        browser = UnitBrowser(units, twin=twin, wider=load_dictionary("A-4096").requires_grad_(False))
    for typed in ("the licensee", "the licensee shall not", ("word " * 200)):
        with timed(f"typing {len(typed)} letters"):
            browser.text.value = typed
    browser.text.value = ""
    for by in browser.sort.options:
        with timed(f"sorting by {by}"):
            browser.sort.value = by
    with timed("one more card"):
        browser.number.value = int(browser.cards.order()[17])
    with timed("the whole dictionary as a page"):
        path = browser.save_html(tmp_path / "page.html")
    print(f"the page: {path.stat().st_size / 1e6:.1f} MB")
    _open(path)


def test_the_splitting_tree():
    levels = [read(name) for name in ("A-512", "A-4096")]
    with timed("opening the tree"):
        tree = SplittingTree(levels)
    with timed("opening a node"):
        tree.nodes.children[1].click()


def test_the_blind_rating(tmp_path):
    neurons = read_units(load_model("A"), evaluation_text().sample(PER_DOMAIN), name="A")
    latents = read("A-4096")
    with timed("drawing the sheet"):
        sheet = rating_sheet([latents, neurons])
    with timed("opening the rating"):
        view = BlindRating(sheet, path=tmp_path / "r.sqlite")
    with timed("the fifth digit, to disk"):
        for field in view.fields:
            field.value = "1"
    with timed("the next unit"):
        view.forward.click()
    with timed("the picture"):
        view.results.click()


def _open(path) -> None:
    """How long a Chromium needs from the address to the first card."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import _chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(_chromium()), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        with timed("opening the page in Chromium"):
            page.goto(path.as_uri())
            page.wait_for_selector("article h2")
        with timed("searching it"):
            page.locator("#search").fill("the")
            page.wait_for_function("document.querySelector('#count').textContent.length > 3")
        browser.close()
