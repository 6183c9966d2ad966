"""Merging: answers theirs, the rest ours, and nothing that a learner wrote is ever lost."""

import copy
import functools

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from mechint_course.classroom.files import MARK, digest
from mechint_course.classroom.merge import COPY_OF, merge
from tests.classroom.small import SOURCE, cell_of, released

ANSWER = "def add(a, b):\n    return a + b"

released = functools.cache(released)
NEWER = (
    SOURCE.replace("Prose of the top.", "Better prose.")
    .replace("add(1, 1)", "add(2, 2)")
    .replace('"""The sum: add(1, 2) is 3."""', '"""The sum: add(1, 4) is 5."""')
    .replace(
        "# ## What you learned", "# ## A new section\n#\n# New.\n\n# %% [markdown]\n# ## What you learned"
    )
)


def learner() -> NotebookNode:
    return copy.deepcopy(released(SOURCE))


def newer() -> NotebookNode:
    return copy.deepcopy(released(NEWER))


def sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells]


def own(text: str, kind: str = "code") -> NotebookNode:
    return getattr(nbformat.v4, f"new_{kind}_cell")(text)


@pytest.mark.parametrize("grading", [False, True])
def test_nothing_changes_when_nothing_changed(grading):
    merged = merge(learner(), learner(), grading=grading)
    assert merged.notebook == learner()
    assert not merged.report.added and not merged.report.updated and not merged.report.copies


def test_an_untouched_copy_becomes_the_newer_course():
    merged = merge(learner(), newer())
    assert merged.notebook == newer()
    assert "a-new-section" in merged.report.added
    assert "toy-add" in merged.report.updated, "an empty answer gets the newer stub"


@pytest.mark.parametrize("grading", [False, True])
def test_an_answer_stays_when_its_task_changes(grading):
    theirs = learner()
    cell_of(theirs, "toy-add").source = ANSWER
    merged = merge(theirs, newer(), grading=grading)
    assert cell_of(merged.notebook, "toy-add").source == ANSWER
    assert cell_of(merged.notebook, "toy-add").metadata == cell_of(newer(), "toy-add").metadata
    assert merged.report.answers == ["toy-add"]


def test_own_cells_stay_behind_the_cell_they_followed():
    theirs = learner()
    theirs.cells.insert(0, own("first of all", "markdown"))
    place = next(i for i, cell in enumerate(theirs.cells) if cell.id == "toy-add-check")
    theirs.cells[place:place] = [own("helper = 1"), own("helper = 2")]
    result = sources(merge(theirs, newer()).notebook)
    assert result[0] == "first of all"
    at = result.index("helper = 1")
    assert result[at + 1] == "helper = 2" and 'check("toy.add")' in result[at + 2]
    assert result[at - 1].startswith("def add")


def test_a_note_in_our_prose_stays_in_place_until_our_prose_changes():
    theirs = learner()
    cell_of(theirs, "how-much-is-one-and-one").source += "\n\nMy note: two!"
    same = merge(theirs, learner())
    assert sources(same.notebook) == sources(theirs)
    assert same.report.kept == ["how-much-is-one-and-one"]
    changed = merge(theirs, newer()).notebook
    assert "Better prose." in changed.cells[0].source and "My note" not in changed.cells[0].source
    assert "My note: two!" in changed.cells[1].source
    again = merge(changed, newer()).notebook
    assert sources(again) == sources(changed), "a second update adds no second copy"


def test_grading_takes_every_course_cell_from_the_course():
    theirs = learner()
    cell_of(theirs, "toy-add-check").source = "2"
    cell_of(theirs, "toy-add-check").metadata.nbgrader.points = 200
    cell_of(theirs, "how-much-is-one-and-one-1").source = "import math\nimport cmath"
    merged = merge(theirs, learner(), grading=True).notebook
    for cell in learner().cells:
        assert cell_of(merged, cell.id) == cell
    copies = {
        cell.metadata[MARK][COPY_OF]: cell.source
        for cell in merged.cells
        if COPY_OF in cell.metadata.get(MARK, {})
    }
    assert copies == {"toy-add-check": "2", "how-much-is-one-and-one-1": "import math\nimport cmath"}
    assert sum("nbgrader" in cell.metadata for cell in merged.cells) == 4


def test_deleted_cells_come_back_in_place():
    theirs = learner()
    theirs.cells = [cell for cell in theirs.cells if cell.id not in ("toy-add", "toy-add-check", "adding")]
    merged = merge(theirs, learner())
    assert merged.notebook == learner()
    assert merged.report.added == ["adding", "toy-add", "toy-add-check"]


def test_of_a_duplicated_answer_the_written_one_counts_and_the_order_stays():
    theirs = learner()
    place = next(i for i, cell in enumerate(theirs.cells) if cell.id == "toy-add")
    stub = copy.deepcopy(theirs.cells[place])
    theirs.cells[place].source = ANSWER
    second = copy.deepcopy(theirs.cells[place])
    second.source = ANSWER.replace("a + b", "b + a")
    stub.id, second.id = "aa", "bb"
    theirs.cells[place:place] = [stub]
    theirs.cells.insert(place + 2, second)
    merged = merge(theirs, learner()).notebook
    assert cell_of(merged, "toy-add").source == ANSWER
    at = sources(merged).index(ANSWER)
    assert merged.cells[at + 1].source == second.source
    assert len(merged.cells) == len(learner().cells) + 1, "the empty duplicate is gone"
    assert "nbgrader" not in merged.cells[at + 1].metadata


def test_retagged_cells_are_known_by_the_course_mark_and_untagged_ones_by_their_id():
    theirs = learner()
    answer, check = cell_of(theirs, "toy-add"), cell_of(theirs, "toy-add-check")
    answer.source = ANSWER
    answer.metadata.nbgrader, check.metadata.nbgrader = check.metadata.nbgrader, answer.metadata.nbgrader
    assert merge(theirs, learner()).notebook.cells == merge(_plain_answer(), learner()).notebook.cells
    for cell in theirs.cells:
        cell.metadata = nbformat.from_dict({})
    assert cell_of(merge(theirs, learner()).notebook, "toy-add").source == ANSWER


def _plain_answer() -> NotebookNode:
    theirs = learner()
    cell_of(theirs, "toy-add").source = ANSWER
    return theirs


def test_an_answer_turned_into_text_is_code_again():
    theirs = learner()
    place = next(i for i, cell in enumerate(theirs.cells) if cell.id == "toy-add")
    text = own(ANSWER, "markdown")
    text.metadata, text.id = theirs.cells[place].metadata, "toy-add"
    theirs.cells[place] = text
    cell = cell_of(merge(theirs, learner()).notebook, "toy-add")
    assert (cell.cell_type, cell.source, cell.outputs) == ("code", ANSWER, [])


def test_cells_that_the_course_dropped_go_unless_written_in():
    theirs = newer()
    gone = merge(theirs, learner())
    assert gone.notebook == learner() and gone.report.removed == ["a-new-section"]
    cell_of(theirs, "a-new-section").source += " With my thoughts."
    kept = merge(theirs, learner())
    assert any("With my thoughts." in source for source in sources(kept.notebook))
    assert kept.report.copies == ["a-new-section"]


def test_a_cell_pasted_from_another_chapter_is_the_learners_own():
    theirs = learner()
    pasted = copy.deepcopy(cell_of(theirs, "what-you-learned"))
    pasted.metadata[MARK].chapter, pasted.source, pasted.id = "02_neurons", "from elsewhere", "cc"
    pasted.metadata[MARK].hash = digest("from elsewhere")
    theirs.cells.append(pasted)
    assert sources(merge(theirs, learner()).notebook) == [*sources(learner()), "from elsewhere"]


def test_outputs_stay_with_a_learner_and_go_before_grading():
    theirs = learner()
    output = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=3)
    cell_of(theirs, "toy-add-check-1").outputs = [output]
    cell_of(theirs, "toy-add-check-1").execution_count = 3
    assert cell_of(merge(theirs, learner()).notebook, "toy-add-check-1").outputs == [output]
    assert cell_of(merge(theirs, newer()).notebook, "toy-add-check-1").outputs == [], (
        "another source, another output"
    )
    assert cell_of(merge(theirs, learner(), grading=True).notebook, "toy-add-check-1").outputs == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(
    lambda text: f"mine {text}"
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "insert", "delete", "double", "move", "strip", "retag", "retype", "sameid", "odd"]
        ),
        st.integers(0, 40),
        st.integers(0, 40),
        TEXTS,
    ),
    max_size=12,
)


def edited(notebook: NotebookNode, edits: list[tuple[str, int, int, str]]) -> NotebookNode:
    """What a person with a mouse, or a script, may do to a notebook."""
    cells = notebook.cells
    for number, (what, first, second, text) in enumerate(edits):
        if not cells:
            break
        cell = cells[first % len(cells)]
        if what == "write":
            cell.source = text if second % 2 else f"{cell.source}\n{text}"
        elif what == "insert":
            cells.insert(first % len(cells), own(text, ("code", "markdown", "raw")[second % 3]))
        elif what == "delete":
            cells.remove(cell)
        elif what == "double":
            twin = copy.deepcopy(cell)
            twin.id = f"twin-{number}"
            cells.insert(second % len(cells), twin)
        elif what == "move":
            cells.insert(second % len(cells), cells.pop(first % len(cells)))
        elif what == "strip":
            cell.metadata = nbformat.from_dict({})
        elif what == "retag":
            cell.metadata = copy.deepcopy(cells[second % len(cells)].metadata)
        elif what == "retype":
            changed = own(cell.source, ("code", "markdown", "raw")[second % 3])
            changed.id, changed.metadata = cell.id, cell.metadata
            cells[first % len(cells)] = changed
        elif what == "odd":
            odd = [{"id": [1]}, {"id": 7, "hash": {}}, [text], text, {COPY_OF: 3}, {"chapter": []}, None][
                second % 7
            ]
            cell.metadata = nbformat.from_dict(
                {MARK: odd, "nbgrader": [odd, {"grade_id": odd}][first % 2], "tags": odd}
            )
        else:
            cell.id = cells[second % len(cells)].id
    return notebook


@given(edits=EDITS, update=st.booleans(), grading=st.booleans())
def test_nothing_a_learner_wrote_is_lost(edits, update, grading):
    theirs, ours = edited(learner(), edits), newer() if update else learner()
    before = copy.deepcopy((theirs, ours))
    merged = merge(theirs, ours, grading=grading).notebook
    assert (theirs, ours) == before, "the inputs stay as they were"
    result = sources(merged)
    for cell in theirs.cells:
        if "mine" in cell.source:
            assert result.count(cell.source) >= sources(theirs).count(cell.source), cell
    nbformat.validate(merged)
    ids = [cell.id for cell in merged.cells]
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if i in {cell.id for cell in ours.cells}] == [cell.id for cell in ours.cells], (
        "ours, in order"
    )
    graded = [cell.metadata.nbgrader for cell in merged.cells if "nbgrader" in cell.metadata]
    assert graded == [cell.metadata.nbgrader for cell in ours.cells if "nbgrader" in cell.metadata]
    again = merge(merged, ours, grading=grading).notebook
    assert sources(again) == result, "a second merge changes nothing"
