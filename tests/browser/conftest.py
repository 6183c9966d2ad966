"""A real JupyterLab in a headless Chromium, both on this machine only."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

LOCAL = {"localhost", "127.0.0.1", "::1", ""}


def _missing(what: str) -> None:
    """Skip, or fail where a browser is part of the deal."""
    if os.environ.get("CI") == "true" or os.environ.get("MECHINT_COURSE_NEEDS_BROWSER") == "1":
        pytest.fail(f"no {what}, and this run needs one")
    pytest.skip(f"no {what}")


@pytest.fixture(scope="session")
def chromium() -> str:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        _missing("playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        _missing("Chromium")
    return str(found)


@dataclass
class Lab:
    """What `mechint-course lab` started."""

    url: str
    folder: Path


@pytest.fixture
def lab(chromium: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """`python -m mechint_course lab CHAPTER`, with settings and progress in a folder of the test's own.

    The chapter is the first, or the one that a test asks for by indirect parametrisation.
    """
    chapter = getattr(request, "param", "01_toy")
    folder, home = tmp_path / "my-course", tmp_path / "home"
    settings = home / "config"
    settings.mkdir(parents=True)
    (settings / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "MECHINT_COURSE_HOME": str(home / "progress"),
        "MECHINT_COURSE_SMOKE": "1",
    }
    log = (tmp_path / "lab.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "mechint_course", "lab", chapter, "--dir", str(folder), "--no-browser"],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        server = _server(home / "runtime", process, tmp_path / "lab.log")
        yield Lab(f"{server['url']}lab/tree/{chapter}/{chapter}.ipynb?token={server['token']}", folder)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def _server(runtime: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """What JupyterLab writes about itself once it listens."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for path in runtime.glob("jpserver-*.json"):
            if path.stat().st_size:
                server: dict[str, str] = json.loads(path.read_text())
                return server
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


@dataclass
class Watched:
    """What a page did that it should not have done."""

    requests: list[str] = field(default_factory=list)
    """Addresses outside this machine."""
    errors: list[str] = field(default_factory=list)
    """Errors on the console, and exceptions nobody caught."""


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def page(chromium: str, lab: Lab, watched: Watched) -> Iterator[object]:
    """JupyterLab with the chapter open and its kernel ready; requests to anywhere else are noted and refused."""
    from playwright.sync_api import sync_playwright

    def guard(route) -> None:
        if urlsplit(route.request.url).hostname in LOCAL or route.request.url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            watched.requests.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(120_000)
        page.route("**/*", guard)
        page.on("websocket", lambda socket: _note_socket(socket.url, watched))
        page.on("console", lambda line: watched.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.goto(lab.url)
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext")
        page.evaluate(
            """async () => {
                const context = window.jupyterapp.shell.currentWidget.context;
                await context.ready;
                await context.sessionContext.ready;
                await context.sessionContext.session.kernel.info;
            }"""
        )
        yield page
        browser.close()


def _note_socket(url: str, watched: Watched) -> None:
    if urlsplit(url).hostname not in LOCAL:
        watched.requests.append(url)
