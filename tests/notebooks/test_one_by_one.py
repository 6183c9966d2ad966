"""Each exercise unsolved alone costs its own points and no others: in a kernel, and through nbgrader."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config, PyFileConfigLoader

from mechint_course import resources
from tests.notebooks import versions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning"),  # nbgrader's own
    pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning"),  # cells that nbgrader adds
]

CASES = [(name, exercise.id) for name in versions.CHAPTER_NAMES for exercise in versions.exercises(name)]
cases = pytest.mark.parametrize(("name", "unsolved"), CASES)


@cases
def test_one_left_as_it_was(name, unsolved, run_all):
    notebook = run_all(versions.solved(name, but=[unsolved]))
    assert versions.shown_points(notebook, name) == versions.total(name, but=[unsolved])


@pytest.mark.parametrize(
    ("name", "unsolved", "how"),
    [(*case, ("syntax", "raises", "deleted")[number % 3]) for number, case in enumerate(CASES)],
)
def test_one_that_does_not_compile_or_raises_or_is_gone(name, unsolved, how, run_all):
    exercise = next(exercise for exercise in versions.exercises(name) if exercise.id == unsolved)
    notebook = run_all(versions.spoiled(versions.solved(name), exercise, how))
    assert versions.shown_points(notebook, name) == versions.total(name, but=[unsolved])


class Course:
    """A class that uses plain nbgrader with the course's own configuration, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        checkout = resources.checkout()
        assert checkout is not None
        self.root = root
        self.config = Config()
        loader = PyFileConfigLoader("nbgrader_config.py", path=str(checkout / "solutions"))
        self.config.merge(loader.load_config())
        self.config.CourseDirectory.root = str(root)
        self.config.CourseDirectory.source_directory = "source"
        self.config.CourseDirectory.release_directory = "release"
        shutil.copytree(
            checkout / "solutions", root / "source", ignore=shutil.ignore_patterns("nbgrader_config.py")
        )
        self.made: set[str] = set()

    def release(self, name: str) -> Path:
        if name not in self.made:
            answer = NbGraderAPI(config=self.config).generate_assignment(name, force=True)
            assert answer["success"], answer["log"]
            self.made.add(name)
        return self.root / "release" / name

    def grade(self, name: str, learner: str, notebook: nbformat.NotebookNode) -> dict[str, float]:
        """The points of each exercise after autograding one submission."""
        self.release(name)
        versions.writes(notebook, self.root / "submitted" / learner / name / f"{name}.ipynb")
        answer = NbGraderAPI(config=self.config).autograde(name, learner, force=True)
        assert answer["success"], answer["log"]
        ids = {f"{exercise.grade_id}-check": exercise.id for exercise in versions.exercises(name)}
        with Gradebook(f"sqlite:///{self.root}/gradebook.db") as gradebook:
            submission = gradebook.find_submission_notebook(name, name, learner)
            assert not any(grade.needs_manual_grade for grade in submission.grades)
            return {ids[grade.cell.name]: grade.score for grade in submission.grades}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    logging.getLogger("nbgrader").setLevel(logging.ERROR)
    yield Course(tmp_path_factory.mktemp("course"))


@pytest.mark.parametrize("name", versions.CHAPTER_NAMES)
def test_plain_nbgrader_makes_the_same_chapter_as_the_build(name, course, notebook_environment):
    made = nbformat.read(course.release(name) / f"{name}.ipynb", as_version=4)
    assert made == nbformat.read(versions.chapter_path(name), as_version=4)
    assert [path.name for path in course.release(name).iterdir()] == [f"{name}.ipynb"], (
        "no solution goes along"
    )


@cases
def test_one_left_as_it_was_through_nbgrader(name, unsolved, course, notebook_environment):
    notebook = versions.solved(name, but=[unsolved])
    learner = unsolved.replace(".", "-")
    assert course.grade(name, learner, notebook) == versions.total(name, but=[unsolved])


@pytest.mark.parametrize("name", versions.CHAPTER_NAMES)
def test_untouched_and_solved_through_nbgrader(name, course, notebook_environment):
    assert course.grade(name, "nobody", versions.untouched(name)) == dict.fromkeys(versions.total(name), 0.0)
    assert course.grade(name, "everybody", versions.solved(name)) == versions.total(name)


@pytest.mark.parametrize("name", versions.CHAPTER_NAMES[:1])
def test_the_traps_of_plain_nbgrader_are_shut(name, course, notebook_environment):
    """A deleted check, a check told to be skipped, and a warning on stderr."""
    first, *others = versions.exercises(name)
    notebook = versions.solved(name, but=[first.id])
    check = next(cell for cell in notebook.cells if cell.id == f"{first.grade_id}-check")
    check.metadata.tags = ["skip-execution"]
    assert course.grade(name, "skips", notebook) == versions.total(name, but=[first.id])
    notebook.cells.remove(check)
    assert course.grade(name, "deletes", notebook) == versions.total(name, but=[first.id])
    warns = versions.solved(name)
    versions.answer(warns, others[0]).source += "\nimport sys\nprint('careful', file=sys.stderr)"
    warns.cells.insert(0, nbformat.v4.new_code_cell("import warnings; warnings.warn('careful')"))
    assert course.grade(name, "warns", warns) == versions.total(name)
