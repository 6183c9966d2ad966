"""Many submissions: in processes of this machine, or on a Dask cluster. One that takes its process down stops no other."""

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from mechint_course.classroom.grading import sandbox
from mechint_course.classroom.grading.one import Task, grade_one
from mechint_course.classroom.grading.result import NEEDS_A_PERSON, Result

TRIES = 2
"""How often a submission may take the judge's own process down before a person must look at it."""


def grade_here(tasks: Iterable[Task], jobs: int) -> Iterator[Result]:
    """Grades in `jobs` processes and yields each result when it is there."""
    waiting = [(task, 1) for task in tasks]
    waiting.reverse()
    pool: ProcessPoolExecutor | None = None
    running: dict[Future[Result], tuple[Task, int]] = {}
    try:
        while waiting or running:
            pool = pool or _pool(jobs)
            while waiting and len(running) < jobs:
                task, tries = waiting.pop()
                running[pool.submit(grade_one, task)] = (task, tries)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task, tries = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    _ended(pool)
                    pool = None
                    # Which one it was is not known: the others that ran are tried again, each with a count of its own.
                    for again, before in [(task, tries), *running.values()]:
                        if before >= TRIES:
                            yield _gave_up(
                                again, f"The judge's own process ended {before} times while this was graded."
                            )
                        else:
                            waiting.append((again, before + 1))
                    running.clear()
                    break
    finally:
        _ended(pool)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Fresh processes, not forks: torch's threads do not survive a fork.
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_as_worker)


def _ended(pool: ProcessPoolExecutor | None) -> None:
    if pool is not None:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()  # its sandbox dies with it


def _as_worker() -> None:
    """Leaves Ctrl-C to the process that grades, ends when that is gone, and keeps to one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"

    def end_with_parent() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def grade_on_cluster(tasks: Iterable[Task], address: str) -> Iterator[Result]:
    """Grades on the workers of a Dask scheduler; a worker that dies is survived, its submissions go to another.

    Raises:
        ValueError: `distributed` is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise ValueError("--scheduler needs Dask: pip install 'mechint-course[classroom]'.") from None
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise ValueError(f"no Dask scheduler answers at {address} ({error}).") from None
    with client:
        by_key = {task.submission.key: task for task in tasks}
        futures = {client.submit(_on_worker, task, pure=False): key for key, task in by_key.items()}
        for future in as_completed(list(futures)):
            key = futures.pop(future)
            try:
                yield future.result()
            except KilledWorker:
                yield _gave_up(by_key[key], "Every machine of the cluster that graded this ended over it.")
            future.release()


def _on_worker(task: Task) -> Result:
    if not task.unsafe and (problem := _problem_here()):
        raise sandbox.NoSandbox(f"on {os.uname().nodename}: {problem}")
    return grade_one(task)


@functools.cache
def _problem_here() -> str | None:
    return sandbox.probe()


def _gave_up(task: Task, why: str) -> Result:
    who = task.submission
    return Result(
        who.key, who.learner, who.name, who.number, state=NEEDS_A_PERSON, reason=why, unsafe=task.unsafe
    )
