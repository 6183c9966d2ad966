"""From the one source: metadata, headings, hashes, references; and a sentence for each thing that can be wrong."""

import dataclasses
import shutil
from pathlib import Path

import nbformat
import pytest

from mechint_course.classroom import build
from mechint_course.classroom.files import MARK, digest, read_notebook, write_whole
from mechint_course.classroom.references import references
from mechint_course.classroom.source import SourceError
from tests.classroom.small import EXERCISES, SOURCE, Exercise, cell_of, chapter, released


def test_a_released_chapter_has_no_solution_and_no_output():
    notebook = released()
    text = nbformat.writes(notebook)
    assert "secret_total" not in text and 'guess = \\"two\\"' not in text
    assert "BEGIN SOLUTION" not in text and "END SOLUTION" not in text
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    nbformat.validate(notebook)


def test_answers_and_checks_carry_what_nbgrader_and_run_all_need():
    notebook = released()
    answer, check = cell_of(notebook, "toy-add"), cell_of(notebook, "toy-add-check")
    assert answer.source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert answer.metadata.tags == check.metadata.tags == ["raises-exception"]
    assert (answer.metadata.nbgrader.solution, answer.metadata.nbgrader.grade) == (True, False)
    assert (
        check.metadata.nbgrader.grade,
        check.metadata.nbgrader.locked,
        check.metadata.nbgrader.points,
    ) == (True, True, 2)
    assert check.metadata.editable is False and answer.metadata.deletable is False
    assert all(cell.metadata.nbgrader.schema_version == 3 for cell in (answer, check))


def test_a_prediction_leaves_no_line_that_raises():
    cell = cell_of(released(), "toy-guess")
    assert cell.source.splitlines()[0] == 'guess = None  # one of "two", "three"'
    exec(cell.source, namespace := {})
    assert namespace["guess"] is None


def test_headings_come_from_the_catalogue():
    source = cell_of(released(), "toy-add-task").source
    assert (
        source
        == "### Exercise: A sum\n\n*2 points · about 5 minutes · difficulty 1 of 3 · core path* · `toy.add`\n\nAdd two numbers."
    )
    assert (
        "1 point · about 1 minute · difficulty 1 of 3 · extension"
        in cell_of(released(), "toy-guess-task").source
    )


def test_every_cell_is_marked_with_its_id_and_hash_and_nothing_of_this_machine():
    notebook = released()
    for cell in notebook.cells:
        assert cell.metadata[MARK] == {"chapter": "01_toy", "id": cell.id, "hash": digest(cell.source)}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}


def test_ids_of_other_sections_survive_an_insertion():
    before = {cell.source: cell.id for cell in released().cells}
    longer = SOURCE.replace(
        "# %% [markdown]\n# ## Adding", "# %%\n1 + 2\n\n# %%\n1 + 3\n\n# %% [markdown]\n# ## Adding"
    )
    after = {cell.source: cell.id for cell in released(longer).cells}
    assert len(after) == len(before) + 2
    assert {source: after[source] for source in before} == before


def test_references_stand_alone():
    files = references(chapter())
    assert files["toy/imports.py"] == "import math\n"
    assert sorted(files) == ["toy/add.py", "toy/guess.py", "toy/imports.py"]
    exec(files["toy/imports.py"] + files["toy/add.py"], namespace := {})
    assert namespace["add"](1, 2) == 3


ADD_CHECK = '# %% nbgrader={"grade_id": "toy-add-check", "grade": true}\ncheck("toy.add")\n'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{{exercise toy.add}}", "{{exercise toy.ad}}", ["cell 4", "'toy.ad'", "toy.add", "Correct the id"]),
        ("{{exercise toy.add}}", "", ["toy.add", "needs the line {{exercise toy.add}}"]),
        (ADD_CHECK, "", ["toy.add", "'toy-add-check'", "Add it"]),
        (
            '{"grade_id": "toy-add", "solution": true}',
            '{"grade_id": "toy-ad", "solution": true}',
            ["cell 5", "'toy-ad'", "toy-add"],
        ),
        ('"toy-guess-check"', '"toy-add-check"', ["'toy-add-check'", "2 cells"]),
        ("    ### BEGIN SOLUTION\n    secret", "    secret", ["cell 5", "toy.add", '"### BEGIN SOLUTION"']),
        (
            "    return secret_total\n    ### END SOLUTION",
            "    return secret_total",
            ["cell 5", '"### END SOLUTION"'],
        ),
        (
            "math.fsum([a, b])",
            "np.sum([a, b]) + guess",
            ["toy.add", "guess, np", "imports cell", "stand alone"],
        ),
        ("def add(", "def plus(", ["toy.add", "'add'", "last part"]),
        (
            "    return secret_total",
            "    return secret_total)",
            ["toy.add", "does not compile", "at 'return secret_total)'"],
        ),
        ('check("toy.guess")', 'check("toy.add")', ["check of toy.guess", 'check("toy.guess")']),
        ('# %% tags=["imports"]', "# %%", ["imports", "has 0"]),
        ("import math", "from math import *", ["imports cell", "imports *"]),
        ("\nadd(1, 1)", "\n### BEGIN SOLUTION\nadd(1, 1)\n### END SOLUTION", ["cell 7", "no answer cell"]),
    ],
)
def test_what_is_wrong_is_named_with_its_cell_and_remedy(old, new, words):
    assert old in SOURCE
    with pytest.raises(SourceError) as error:
        references(chapter(SOURCE.replace(old, new, 1)))
    assert [word for word in words if word not in str(error.value)] == [], str(error.value)


def test_an_exercise_without_its_cells_is_named():
    more = (*EXERCISES, Exercise("toy.third", "A third", 1))
    with pytest.raises(SourceError, match=r"toy\.third is in the catalogue and needs"):
        chapter(exercises=more)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    write_whole(tmp_path / "solutions" / "01_toy" / "01_toy.py", SOURCE)
    monkeypatch.setattr(build, "_exercises_of", lambda topic: EXERCISES)
    assert build.run(root=tmp_path) == 0
    return tmp_path


def test_building_again_writes_the_same_bytes_and_check_agrees(checkout, capsys):
    def everything() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted(checkout.rglob("*")) if path.is_file()}

    first = everything()
    assert {path.relative_to(checkout).as_posix() for path in first} == {
        "solutions/01_toy/01_toy.py",
        "solutions/01_toy/01_toy.ipynb",
        "chapters/01_toy/01_toy.ipynb",
        "mechint_course/data/references/toy/add.py",
        "mechint_course/data/references/toy/guess.py",
        "mechint_course/data/references/toy/imports.py",
    }
    assert build.run(root=checkout) == 0
    assert everything() == first
    assert not any(b"\r" in text for text in first.values())
    assert build.run(root=checkout, check=True) == 0


def test_check_names_what_differs_and_writes_nothing(checkout, capsys, monkeypatch):
    path = checkout / "chapters" / "01_toy" / "01_toy.ipynb"
    notebook = read_notebook(path)
    cell_of(notebook, "toy-add-check").metadata.nbgrader.points = 20
    nbformat.write(notebook, path)
    (checkout / "mechint_course/data/references/toy/old.py").write_text("x = 1\n")
    before = path.read_bytes()
    assert build.run(root=checkout, check=True) == 1
    said = capsys.readouterr().err
    assert "chapters/01_toy/01_toy.ipynb: cell toy-add-check differs" in said
    assert "references/toy/old.py: belongs to no exercise" in said
    assert path.read_bytes() == before
    monkeypatch.setattr(
        build, "_exercises_of", lambda topic: (EXERCISES[0], dataclasses.replace(EXERCISES[1], points=3))
    )
    assert build.run(root=checkout) == 0
    assert cell_of(read_notebook(path), "toy-guess-check").metadata.nbgrader.points == 3
    assert not (checkout / "mechint_course/data/references/toy/old.py").exists()


def test_outputs_of_an_executed_notebook_outlive_a_build_until_their_cell_changes(checkout):
    path = checkout / "solutions" / "01_toy" / "01_toy.ipynb"
    notebook = read_notebook(path)
    output = nbformat.v4.new_output("stream", name="stdout", text="2\n")
    for name in ("toy-add-check-1", "toy-add"):
        cell_of(notebook, name).outputs = [output]
    nbformat.write(notebook, path)
    assert build.run(root=checkout, check=True) == 0, "outputs are not compared"
    source = checkout / "solutions" / "01_toy" / "01_toy.py"
    write_whole(source, SOURCE.replace("add(1, 1)", "add(2, 2)"))
    assert build.run(root=checkout) == 0
    built = read_notebook(path)
    assert cell_of(built, "toy-add").outputs == [output]
    assert cell_of(built, "toy-add-check-1").outputs == []


def test_a_wrong_chapter_lists_the_good_ones(checkout, capsys):
    assert build.run(["02_toys"], root=checkout) == 1
    assert "there are 01_toy" in capsys.readouterr().err


def test_a_source_that_is_wrong_writes_nothing(checkout, capsys):
    source = checkout / "solutions" / "01_toy" / "01_toy.py"
    write_whole(source, SOURCE.replace("{{exercise toy.add}}", "{{exercise toy.ad}}"))
    shutil.rmtree(checkout / "chapters")
    assert build.run(root=checkout) == 1
    assert capsys.readouterr().err.startswith("build: 01_toy, cell 4 asks for")
    assert not (checkout / "chapters").exists()
