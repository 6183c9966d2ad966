"""Every view in a real JupyterLab, with no network: moved by keyboard and mouse, read, in the dark, and untrusted."""

import nbformat
import pytest

from mechint_course.figures.style import new_figure, png
from mechint_course.views.tokens import show_tokens
from tests.browser.test_first_chapter import ALL_RAN, CONTRAST, GO_TO, SAYS, STEPS, shot

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

VIEWS = """
import torch
from mechint_course.figures import toy as pictures
from mechint_course.toy import branch_minima, load_strip, phase_grid
from mechint_course.views.attention import show_attention
from mechint_course.views.explorer import SuperpositionExplorer
from mechint_course.views.geometry import GeometryExplorer
from mechint_course.views.phases import PhaseExplorer
from mechint_course.views.tokens import show_examples, show_side_by_side, show_tokens

grid = phase_grid(4)
W = torch.tensor([[1.0, 0.0], [1.0, -1.0]]).view(2, 1, 2).expand(4, 4, 2, 1, 2)
loss = torch.rand(4, 4, 2, generator=torch.Generator().manual_seed(0))
codes = torch.tensor([0, 1]).expand(4, 4, 2)
"""
CELLS = {
    "live": "SuperpositionExplorer(still_density=None)",
    "phases": "PhaseExplorer(grid, W, loss, codes, branch_minima(grid, steps=5))",
    "geometry": "GeometryExplorer(load_strip())",
    "figure": "pictures.directions(torch.eye(2, 5)[None], ['two of five'])",
    "tokens": "show_tokens(['Five', ' <b>features', ' meet'], [0.0, 1.5, -0.5])",
    "examples": "show_examples([(['one', ' row'], [0.0, 2.0]), (['another'], [1.0])])",
    "columns": "show_side_by_side({'3 of A': [(['same', ' text'], [0, 2.0])], '9 of B': [(['same', ' text'], [0, 1.0])]})",
    "attention": "show_attention(['who', ' reads', ' whom'], torch.tensor([[[1.0, 0, 0], [0.9, 0.1, 0], [0.2, 0.7, 0.1]]]))",
}
OPEN = """async path => {
    const widget = await window.jupyterapp.commands.execute('docmanager:open', {path, kernel: {name: 'python3'}});
    await widget.context.ready;
    await widget.context.sessionContext.ready;
    await widget.context.sessionContext.session.kernel.info;
}"""
RUN_ALL = """() => {
    window.ranAll = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ranAll = true; });
}"""
PICTURES_A_SECOND = """() => new Promise(done => {
    let count = 0;
    const holder = document.querySelector('.jupyter-widgets svg[role=img]').closest('.widget-html');
    const watch = new MutationObserver(() => { count += 1; });
    watch.observe(holder, {childList: true, subtree: true});
    setTimeout(() => { watch.disconnect(); done(count / 3); }, 3000);
})"""
PLAIN_LEFT = "() => document.querySelectorAll('.jp-Notebook:not(.lm-mod-hidden) .mechint-view').length"


def notebook(cells: dict[str, str]) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


def output(page, name: str):
    """What the cell that holds this code shows."""
    start = CELLS[name].split("(")[0]
    cell = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=f"{start}("))
    return cell.last.locator(".jp-OutputArea").first


def test_every_view_is_moved_and_read_without_a_network(page, lab, watched, capsys):
    path = lab.folder / "views.ipynb"
    nbformat.write(notebook({"data": VIEWS} | CELLS), path)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(OPEN, "views.ipynb")
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RAN, timeout=300_000)

    # The superposition explorer, by keyboard alone.
    page.evaluate(GO_TO, "live")
    live = output(page, "live")
    live.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(SAYS, arg="of 6 features")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(SAYS, arg="of 5 features")
    live.get_by_role("button", name="Play").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => " + STEPS + " >= 30")
    rate = page.evaluate(PICTURES_A_SECOND)
    with capsys.disabled():
        print(f"\n[views] the live explorer showed {rate:.0f} pictures a second in the browser")
    live.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Space")
    live.get_by_role("button", name="Play").wait_for()
    page.wait_for_timeout(500)  # a picture that was on its way still arrives
    reached = page.evaluate("() => " + STEPS)
    page.wait_for_timeout(500)
    assert page.evaluate("() => " + STEPS) == reached
    shot(page, "live")

    # The phase explorer: a click on a cell, then the keyboard.
    page.evaluate(GO_TO, "phases")
    phases = output(page, "phases")
    phases.locator("button[title^='density 0.22, importance 2.2']").click()
    phases.get_by_text("Density 0.22, importance 2.2: of 2 models").wait_for()
    before = phases.locator(".jupyter-widgets img").get_attribute("src")
    phases.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    phases.get_by_text("Density 0.046, importance 2.2: of 2 models").wait_for()
    assert phases.locator(".jupyter-widgets img").get_attribute("src") != before
    shot(page, "phases")

    # The geometry explorer, by keyboard.
    page.evaluate(GO_TO, "geometry")
    geometry = output(page, "geometry")
    geometry.get_by_text("5 features share").wait_for()
    geometry.get_by_role("slider").nth(1).focus()
    page.keyboard.press("ArrowRight")
    geometry.get_by_text("Cluster 1: 2 features share").wait_for()
    geometry.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    geometry.get_by_text("Density 0.215").wait_for()
    shot(page, "geometry")

    # A picture has its text alternative, unfolded by whoever wants it.
    page.evaluate(GO_TO, "figure")
    figure = output(page, "figure")
    figure.locator("img[alt*='two of five']").wait_for()
    figure.get_by_text("In words").click()
    assert figure.locator("details p").inner_text().startswith("two of five.")

    # circuitsvis draws each of its views, and the words can be read on what is behind them.
    page.wait_for_function(f"() => ({PLAIN_LEFT})() === 0")
    for name, words in {
        "tokens": ("Five", "meet"),
        "examples": ("row", "another"),
        "columns": ("same", "text"),
    }.items():
        page.evaluate(GO_TO, name)
        for word in words:
            token = output(page, name).get_by_text(word).first
            token.wait_for()
            assert token.evaluate(CONTRAST) >= 4.5, (name, word)
        shot(page, name)
    # Attention is drawn on a canvas: what it says is in the table below, which Tab and Enter unfold.
    page.evaluate(GO_TO, "attention")
    attention = output(page, "attention")
    assert attention.locator("canvas").count() and not attention.locator("td").first.is_visible()
    attention.locator("summary").focus()
    page.keyboard.press("Enter")
    attention.get_by_text("reads 0.70").wait_for()
    assert attention.get_by_text("reads 0.70").evaluate(CONTRAST) >= 4.5
    shot(page, "attention")

    # In the dark.
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    for name in ("live", "phases", "geometry", "tokens", "attention"):
        page.evaluate(GO_TO, name)
        page.wait_for_timeout(300)
        shot(page, f"dark-{name}")
    for name, words in {"phases": "Density falls downwards", "tokens": "Five", "live": "features n"}.items():
        page.evaluate(GO_TO, name)
        assert output(page, name).get_by_text(words).first.evaluate(CONTRAST) >= 4.5, name
    for cell in attention.locator("th, td").all():
        assert cell.evaluate(CONTRAST) >= 4.5, cell.inner_text()

    # A hundred kilobytes at most with all of these views and pictures in it.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(path, as_version=4)
    html = sum(
        len(str(out.get("data", {}).get("text/html", "")))
        for cell in saved.cells
        for out in cell.get("outputs", [])
    )
    assert html < 30_000
    assert watched.requests == []
    assert watched.errors == []


def test_what_nobody_signed_still_shows_its_colours_and_its_words(page, lab, watched):
    tokens = show_tokens(["Five", " features", " meet"], [0.0, 1.5, -0.5])
    figure = new_figure(3, 2, alt="A line that falls.")
    figure.axes[0].plot([1, 2], [2.0, 1.0])
    shown = notebook({"tokens": "tokens", "figure": "figure"})
    words = f"<details><summary>In words</summary><p>{figure.alt}</p></details>"
    for cell, html in zip(shown.cells, (tokens._repr_html_(), words), strict=True):
        cell.execution_count = 1
        cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": html})]
    assert png(figure)
    nbformat.write(shown, lab.folder / "unsigned.ipynb")
    page.evaluate(OPEN, "unsigned.ipynb")
    page.evaluate(GO_TO, "tokens")
    spans = page.locator(".mechint-view span[title]")
    spans.first.wait_for()
    assert [span.inner_text() for span in spans.all()] == [" features", " meet"]
    colours = [span.evaluate("span => getComputedStyle(span).backgroundColor") for span in spans.all()]
    assert colours == ["rgb(230, 159, 0)", "rgb(199, 230, 248)"]
    assert [span.get_attribute("title") for span in spans.all()] == ["1.5", "-0.5"]
    page.get_by_text("In words").click()
    page.get_by_text("A line that falls.").wait_for()
    shot(page, "unsigned")
    assert watched.requests == []
    assert watched.errors == []
