"""Ways to points without answers under plain nbgrader, as cells that a submission may hold.

Each stands in the first code cell behind the chapter's imports of an otherwise untouched notebook. The page for
teachers, `plain_nbgrader.md` in the workshop's templates, lists them under the same names.
"""

SILENT = """
import os
from IPython import get_ipython
os.environ.pop("NBGRADER_EXECUTION", None)
get_ipython().ast_node_interactivity = "none"
"""

REBOUND = """
class check:
    def __init__(self, id):
        pass
    def __repr__(self):
        return "full"
"""

PATCHED_ALLCLOSE = """
torch.allclose = lambda *a, **k: True
def forward(x, W, b_final):
    return 0 * (x @ W.T @ W + b_final)
"""

PATCHED_JUDGE = """
import mechint_course.exercises.notebook as course
from mechint_course.exercises.catalogue import find
course._MISSING = None
course.judge = lambda id, answer, **k: course.Verdict(True, find(id).points, None, "Right.")
course._never_run = lambda exercise: course.Verdict(True, exercise.points, None, "Right.")
"""

NO_CHECKS = """
from mechint_course.exercises.catalogue import catalogue
for one in catalogue():
    object.__setattr__(one, "check", lambda ask: None)
    globals().setdefault(one.name, 0)
"""

OTHER_PACKAGE = """
import sys, types
sys.modules["mechint_course"].check = lambda id: None
from mechint_course import check
"""

FORGED_PLAIN_TEXT = """
import os
import mechint_course.exercises.notebook as course
os.environ.pop("NBGRADER_EXECUTION", None)
course.Shown.__repr__ = lambda self: "full"
"""

FORGED_OUTPUT = """
from IPython import get_ipython
def before(info):
    if info.raw_cell.startswith("check("):
        get_ipython().displayhook("full")
get_ipython().events.register("pre_run_cell", before)
"""

REWRITTEN_CELLS = """
from IPython import get_ipython
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass"] if lines[0].startswith("check(") else lines)
"""

READ_FRAMES = """
import sys
def forward(x, W, b_final):
    frame = sys._getframe()
    while "expected" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["expected"](x, W, b_final)
"""

EDITED_GRADEBOOK = """
import pathlib, sqlite3
book = next(parent / "gradebook.db" for parent in pathlib.Path.cwd().parents if (parent / "gradebook.db").exists())
with sqlite3.connect(book) as marks:
    marks.execute("UPDATE grade SET manual_score = 0 WHERE auto_score > 0")
marks.close()
"""

READ_OTHERS = """
import json, pathlib
here = pathlib.Path.cwd()
others = [path for path in here.parents[1].glob("*/*/*.ipynb") if here not in path.parents]
forward_source = next(
    source
    for path in others
    for cell in json.loads(path.read_text())["cells"]
    if "def forward(" in (source := "".join(cell["source"])) and "NotImplementedError" not in source
)
exec(forward_source)
"""

FULL_MARKS = {
    "silent cells": SILENT,
    "rebinding check": REBOUND,
    "a patched judge": PATCHED_JUDGE,
    "checks taken out of the catalogue": NO_CHECKS,
    "a patched package": OTHER_PACKAGE,
    "forged text/plain": FORGED_PLAIN_TEXT,
    "a forged output": FORGED_OUTPUT,
    "rewritten check cells": REWRITTEN_CELLS,
}
"""Each of these wins every point of a chapter."""

ONE_ANSWER = {
    "patching torch.allclose": PATCHED_ALLCLOSE,
    "reading the judge's frames": READ_FRAMES,
    "reading other submissions": READ_OTHERS,
}
"""Each of these wins the points of `toy.forward` without a line of its own that computes anything."""

ENDS_THE_KERNEL = """
import os
os._exit(0)
"""

OTHERS = {"editing the gradebook": EDITED_GRADEBOOK}
"""Each of these changes somebody else's marks."""
