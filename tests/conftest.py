"""What every test stands on: no learner's folder is touched, nothing outside this machine is asked for."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

BROWSER_NEEDED = "MECHINT_COURSE_NEEDS_BROWSER"


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Progress goes to a folder of the test run, in this process and in every kernel that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHINT_COURSE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("MECHINT_COURSE_SMOKE", raising=False)
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """After the install the course needs no network: a connection that leaves this machine fails its test."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def look(self: socket.socket, address: object) -> None:
        inside = ("127.", "::1", "localhost", "0.0.0.0")
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(inside):  # type: ignore[index]
            raise OSError(f"a test tried to reach {address}: the course needs no network after its install")

    def guarded(self: socket.socket, address: object) -> None:
        look(self, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: object) -> int:
        look(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are skipped where there is no Chromium, unless somebody said that it must be there."""
    lacking = _browser_lacking()
    if lacking is None or os.environ.get(BROWSER_NEEDED):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"{lacking}; un-skip by installing it"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that playwright can drive (`executable_path=`)."""
    lacking = _browser_lacking()
    assert lacking is None, f"{lacking}, and {BROWSER_NEEDED} asks for it"
    return str(_chromium())


def _chromium() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _browser_lacking() -> str | None:
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return None if _chromium() else "there is no Chromium on this machine"
