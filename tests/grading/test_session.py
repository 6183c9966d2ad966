"""What a cell leaves running hinders nothing behind it."""

import os

import pytest

from mechint_course.classroom.grading.sandbox import Limits
from mechint_course.classroom.grading.session import Session
from tests.grading import attacks

pytestmark = pytest.mark.usefixtures("in_sandbox")

THREADS = """
import threading, time
started = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(30)]
for thread in started: thread.start()
"""


def test_processes_of_a_cell_that_did_not_finish_are_ended_with_it():
    with Session(Limits(cell_seconds=1.0)) as session:
        assert session.cell("x = 3") is None
        assert session.cell(attacks.FORK_AND_HEED) == "not finished after 1 seconds"
        assert session.cell(THREADS) is None
        assert session.value("x") == 3


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root hands out users; un-skip by running as root",
)
def test_a_process_that_is_started_again_is_another_users():
    with Session(Limits()) as session:
        users = []
        for _ in range(2):
            assert session.cell("import os; me = os.getuid()") is None
            users.append(session.value("me"))
            session.close()
    assert users[0] != users[1] and 0 not in users
