"""As a learner meets it: the command, JupyterLab, Run All, a right answer, a slider, a coloured text."""

import os
from pathlib import Path

import pytest

from mechint_course.exercises import references
from mechint_course.exercises.catalogue import exercises_of
from mechint_course.exercises.progress import Progress

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SHOTS = os.environ.get("MECHINT_COURSE_SCREENSHOTS")
"""A folder to keep pictures in, for those who want to look."""

RUN_ALL = """() => {
    window.ranAll = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ranAll = true; });
}"""
ALL_RAN = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const cells = [...panel.content.model.sharedModel.cells];
    const codes = cells.filter(cell => cell.cell_type === 'code' && cell.getSource().trim());
    const idle = panel.sessionContext.session.kernel.status === 'idle';
    return window.ranAll && idle && codes.every(cell => cell.execution_count !== null);
}"""
OUTPUTS = """id => {
    const cells = [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells];
    return cells.find(cell => cell.id === id).getOutputs();
}"""
GO_TO = """id => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const ids = [...notebook.model.sharedModel.cells].map(cell => cell.id);
    const index = id === null ? ids.length - 1 : ids.indexOf(id);
    if (index < 0) throw new Error(`no cell ${id}`);
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    return notebook.scrollToItem(index, 'center');
}"""
STEPS = "+(/After (\\d+) steps/.exec(document.querySelector('.jupyter-widgets svg[role=img]').ariaLabel)[1])"
"""How many steps the superposition explorer has made, as its picture tells a screen reader."""
SAYS = "words => document.querySelector('.jupyter-widgets svg[role=img]')?.ariaLabel.includes(words)"
CONTRAST = """element => {
    const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const behind = node => {
        const [r, g, b, alpha = 1] = rgb(getComputedStyle(node).backgroundColor);
        return alpha > 0.99 || !node.parentElement ? [r, g, b] : behind(node.parentElement);
    };
    const light = colour => {
        const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [dark, bright] = [light(rgb(getComputedStyle(element).color).slice(0, 3)), light(behind(element))].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}"""
"""How far a text's colour is from what is behind it; 4.5 is what the accessibility guidelines (WCAG 2, AA) ask for."""


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def points(page, exercise) -> float:
    outputs = page.evaluate(OUTPUTS, f"{exercise.grade_id}-check")
    # On a busy machine what a check prepares may take long enough to show a progress bar above its verdict.
    (verdict,) = [output for output in outputs if output["output_type"] == "execute_result"]
    return float(verdict["data"]["text/plain"])


def write(page, text: str) -> None:
    """Click into the active cell, replace what it holds, and run it."""
    page.locator(".jp-Notebook-cell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Shift+Enter")


def test_the_first_chapter_as_a_learner_meets_it(page, lab, watched):
    exercises = exercises_of("toy")

    # Untouched, Run All goes to the end and earns nothing.
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RAN, timeout=300_000)
    assert {points(page, exercise) for exercise in exercises} == {0.0}
    assert not page.get_by_text("Would you like to").count(), "no pop-up asks for news"

    # A wrong answer is told why, a right one passes.
    forward = next(exercise for exercise in exercises if exercise.id == "toy.forward")
    wrong = "def forward(x, W, b_final):\n    return torch.relu(x @ W.T @ W)"
    for source, expected in ((wrong, "b_final"), (references.source(forward), "passed")):
        page.evaluate(GO_TO, forward.grade_id)
        write(page, source)
        page.keyboard.press("Shift+Enter")  # the check, which is the next cell
        cell = page.locator(".jp-CodeCell").filter(has_text=f'check("{forward.id}")')
        cell.locator(".jp-OutputArea-output").get_by_text(expected).first.wait_for()
        page.wait_for_function(ALL_RAN)
        assert points(page, forward) == (forward.points if expected == "passed" else 0.0)
        shot(page, f"forward-{expected}")
    standing = Progress(lab.folder.parent / "home" / "progress" / "progress.sqlite").standings()[forward.id]
    assert (standing.points, standing.tries) == (forward.points, 3)

    # A slider moved by the keyboard draws another picture; Play trains before one's eyes, and Stop stops.
    slider = page.get_by_role("slider").first
    slider.scroll_into_view_if_needed()
    picture = page.locator(".jupyter-widgets svg[role=img]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(SAYS, arg="of 6 features")
    page.get_by_role("button", name="Play").first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => " + STEPS + " >= 30")
    page.get_by_role("button", name="Stop").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").first.wait_for()
    assert picture.bounding_box()["width"] > 400
    shot(page, "slider")

    # A picture has words for those who cannot see it.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea-output img')].some(i => i.alt.length > 25)"
    )

    # A coloured text in a cell of the learner's own: readable, and from this machine.
    page.evaluate(GO_TO, None)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:insert-cell-below')")
    words = ["Five", " features", " meet"]
    write(
        page, f"from mechint_course.views.tokens import show_tokens\nshow_tokens({words}, [0.0, 1.5, -0.5])"
    )
    output = page.locator(".jp-CodeCell").filter(has_text="show_tokens(").locator(".jp-OutputArea-output")
    for word in words:
        token = output.get_by_text(word.strip(), exact=True).first
        token.wait_for()
        token.scroll_into_view_if_needed()
        assert token.bounding_box()["height"] > 8
        assert token.evaluate(CONTRAST) >= 4.5, word
    shot(page, "tokens")

    # The work is on disk, and nothing went anywhere else.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.folder / "01_toy" / "01_toy.ipynb").read_text(encoding="utf-8")
    assert "show_tokens" in saved
    assert watched.requests == []
    assert watched.errors == []
