"""Grading: true points for a class, whatever the submissions do.

**Who holds the verdict.** The process that judges reads a submission as data and never runs a line of it. The learner's
cells run in another process, the *cells' process* (`inside`), one for each submission. An exercise is judged where its
check stands: the judge asks the cells' process for the answer's values, call by call, and compares them over here.

**What crosses.** To the cells' process: the source of one cell, the inputs of one call, and the reference of an exercise
whose verdict is already written down (so that later cells work, as in a notebook). Back: values, as JSON and
safetensors. A submission controls its own replies, so it can forge them, and gains nothing: a reply earns points only
by being the right values for inputs that it has not seen before. The seed of the inputs is drawn afresh for every
submission and written into its result. Expected values and verdicts never cross.

**What is limited** (`sandbox.Limits`): seconds for a cell and in all, processor time, memory, processes, open files, the
size of files and of everything written, the size of a reply, how often a process that died is started again. The
cells' process has a file system of its own (Python, the course and a temporary folder; references and checks are masked),
no network, no other process in sight, and another user id where the grader is root. That is bubblewrap; it is probed
by running it, and where it does not work `grade` refuses, or with `--unsafe` says so on every page.

**What is not claimed.** A grade says what the submitted code does, not who wrote it: results that equal the reference's
source are flagged, no more. A flaw of the kernel, or time measured through the machine's load, is beyond this.

The way of a batch: `intake` (files) -> `plan` (cells and checks in order) -> `session` (the cells' process, looked after)
-> `one` (a submission's `Result`) -> `store` (SQLite, one transaction each) -> `tables`, `pages`. `batch` runs many,
here or on a Dask cluster.
"""
