"""Each exercise unsolved alone costs its own points and no others: by Run All, and through nbgrader.

A file a chapter (`test_one_by_one_*.py`), so that the chapters are spread over the cores.
"""

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
from tests.notebooks.forks import Forks, Found

LEFT = "test_one_left_as_it_was"
VARIANTS = {LEFT: 3, "test_one_spoiled": 6, f"{LEFT}_through_nbgrader": 12}
"""One in so many of a chapter's exercises is in the slow tier, and all are in the release tier. A fork costs half a
chapter; nbgrader runs all of it and makes kernels and a database besides."""


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


@pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")  # nbgrader's own
@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")  # cells that nbgrader adds
class OneByOne:
    """The tests of one chapter."""

    name: str

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        if metafunc.function.__name__ not in VARIANTS:
            return
        every = VARIANTS[metafunc.function.__name__]
        cases = []
        for number, exercise in enumerate(versions.exercises(cls.name)):
            slow = number % every == every // 2
            values = (exercise.id, ("syntax", "raises", "deleted")[number // 3 % 3])
            cases.append(pytest.param(*values, marks=pytest.mark.slow if slow else pytest.mark.release))
        metafunc.parametrize(("unsolved", "how"), cases)

    @pytest.fixture(scope="class")
    def forks(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, smoke_size: None
    ) -> Iterator[Forks]:
        """All variants that were asked for, in one process that runs while the first test waits for its own."""
        variants = [
            versions.variant(self.name, item.name, item.callspec.params, left=item.originalname == LEFT)
            for item in request.session.items
            if isinstance(item, pytest.Function) and item.cls is type(self) and "forks" in item.fixturenames
        ]
        forks = Forks(versions.cells(self.name), variants, tmp_path_factory.mktemp("forks"))
        yield forks
        forks.close()

    @pytest.fixture(scope="class")
    def course(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
        logging.getLogger("nbgrader").setLevel(logging.ERROR)
        yield Course(tmp_path_factory.mktemp("course"))

    def test_one_left_as_it_was(self, unsolved, how, forks, request):
        self._costs_its_own_points(forks.found(request.node.name), unsolved)

    def test_one_spoiled(self, unsolved, how, forks, request):
        """One that does not compile, that raises, or that is gone."""
        self._costs_its_own_points(forks.found(request.node.name), unsolved)

    def _costs_its_own_points(self, found: Found, unsolved: str) -> None:
        assert not found["trouble"]
        assert found["points"] == versions.total(self.name, but=[unsolved])

    @pytest.mark.slow
    def test_plain_nbgrader_makes_the_same_chapter_as_the_build(self, course, notebook_environment):
        made = nbformat.read(course.release(self.name) / f"{self.name}.ipynb", as_version=4)
        assert made == nbformat.read(versions.chapter_path(self.name), as_version=4)
        assert [path.name for path in course.release(self.name).iterdir()] == [f"{self.name}.ipynb"], (
            "no solution goes along"
        )

    def test_one_left_as_it_was_through_nbgrader(self, unsolved, how, course, notebook_environment):
        notebook = versions.solved(self.name, but=[unsolved])
        learner = unsolved.replace(".", "-")
        assert course.grade(self.name, learner, notebook) == versions.total(self.name, but=[unsolved])

    @pytest.mark.slow
    def test_untouched_and_solved_through_nbgrader(self, course, notebook_environment):
        nothing = dict.fromkeys(versions.total(self.name), 0.0)
        assert course.grade(self.name, "nobody", versions.untouched(self.name)) == nothing
        assert course.grade(self.name, "everybody", versions.solved(self.name)) == versions.total(self.name)
