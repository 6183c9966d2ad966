"""For classes that use plain nbgrader: run its commands in this folder.

    nbgrader generate_assignment 01_toy --force      # writes chapters/ as `mechint-course build` does
    nbgrader autograde 01_toy                        # grades submitted/LEARNER/01_toy/01_toy.ipynb
    nbgrader generate_feedback 01_toy
    nbgrader export

nbgrader runs a learner's code and the judge in one process: its grades are for honest classes.
"""

from pathlib import Path

from mechint_course.classroom.steps import steps

c = get_config()  # nbgrader gives it

c.CourseDirectory.course_id = "mechint_course"
c.CourseDirectory.root = str(Path(__file__).resolve().parent.parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "chapters"
# Whatever is not ignored is copied into the learners' folders, the solutions' scripts included.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "*.db"]

# nbgrader's own steps, and ours: a prediction's stub does not raise, and cells carry the hash that `lab` reads.
c.GenerateAssignment.preprocessors = steps(database=True)

# A chapter trains for a minute; thirty seconds is the default.
c.Execute.timeout = 600
# Otherwise a learner's `skip-execution` on a check earns full points.
c.Execute.skip_cells_with_tag = ""
# Otherwise any warning on stderr in a check's cell earns nothing.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s).*"
# Otherwise a deleted check stays without a grade.
c.OverwriteCells.add_missing_cells = True
