"""Running a chapter for its pictures: what stays in the notebook, what goes, and what a failure says."""

import nbformat
import pytest

from mechint_course.classroom.execute import execute
from mechint_course.classroom.source import SourceError

CELLS = {
    "figure": "from mechint_course.figures.style import new_figure\nnew_figure(2, 2)",
    "bar": "import sys\nprint('50%', file=sys.stderr)\nprint('loss 0.1')",
    "slider": "import ipywidgets\nipywidgets.IntSlider()",
    "home": "import os\nos.environ['MECHINT_COURSE_HOME'], os.environ['MECHINT_COURSE_SMOKE']",
}


def notebook(cells: dict[str, str]) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
    )
    made.cells[-1].metadata.tags = ["raises-exception"]
    return made


def test_pictures_and_words_stay_and_what_needs_a_kernel_goes(monkeypatch, tmp_path):
    monkeypatch.setenv("MECHINT_COURSE_HOME", str(tmp_path))
    monkeypatch.setenv("MECHINT_COURSE_SMOKE", "1")
    ran = execute(notebook(CELLS), "01_toy")
    outputs = {cell.id: cell.outputs for cell in ran.cells}
    picture, words = outputs["figure"]
    assert set(picture.data) == {"image/png", "text/plain"} and picture.metadata["image/png"]["alt"] == ""
    assert "In words" in words.data["text/html"]
    assert [(output.name, output.text) for output in outputs["bar"]] == [("stdout", "loss 0.1\n")]
    assert outputs["slider"] == []
    home = outputs["home"][0].data["text/plain"]
    assert str(tmp_path) not in home and "'0'" in home, "progress and size are the run's own"
    assert all("execution" not in cell.metadata for cell in ran.cells), "no timings"
    assert ran.metadata.language_info == {"name": "python"} and "widgets" not in ran.metadata


def test_a_cell_that_raises_is_named_even_where_a_learner_may_raise():
    with pytest.raises(SourceError, match="01_toy, cell toy-add raises ZeroDivisionError: division by zero"):
        execute(notebook({"toy-add": "1 / 0"}), "01_toy")


def test_a_kernel_that_dies_gets_a_sentence():
    with pytest.raises(SourceError, match="the kernel died"):
        execute(notebook({"gone": "import os\nos._exit(1)"}), "01_toy")
