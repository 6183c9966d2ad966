"""The chapters behind the first, untouched, in a real JupyterLab: they run to the end, and can be read."""

import pytest

from mechint_course.exercises.catalogue import CHAPTERS, exercises_of
from tests.browser.test_first_chapter import ALL_RAN, GO_TO, RUN_ALL, points, shot

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

CELLS = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
    .filter(cell => cell.cell_type === 'code')
    .map(cell => [cell.id, cell.getOutputs()])"""


@pytest.mark.parametrize("lab", [name for name in CHAPTERS if name != "01_toy"], indirect=True)
def test_an_untouched_chapter_runs_to_the_end_and_can_be_read(page, lab, watched, request) -> None:
    chapter = request.node.callspec.params["lab"]
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RAN, timeout=600_000)
    assert {points(page, exercise) for exercise in exercises_of(CHAPTERS[chapter])} == {0.0}

    cells = page.evaluate(CELLS)
    raised = [cell for cell, outputs in cells if any(output["output_type"] == "error" for output in outputs)]
    answers = {exercise.grade_id for exercise in exercises_of(CHAPTERS[chapter])}
    assert set(raised) <= answers, "only an unwritten answer may raise"

    kinds = [(cell, data) for cell, outputs in cells for output in outputs for data in output.get("data", {})]
    pictures = [cell for cell, data in kinds if data == "image/png"]
    assert pictures
    page.evaluate(GO_TO, pictures[0])
    picture = page.locator(".jp-OutputArea-output img").first
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    shot(page, f"{chapter}-picture")
    texts = [cell for cell, outputs in cells if "white-space:pre-wrap" in str(outputs)]
    if texts:
        page.evaluate(GO_TO, texts[0])
        shot(page, f"{chapter}-texts")
    assert watched.requests == []
    assert watched.errors == []
