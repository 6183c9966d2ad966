"""A room: the kit's hub, started here, and learners who log in with a browser's requests."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import requests
import websocket


class Room:
    """The hub of a kit, on free ports of this machine."""

    def __init__(self, kit: Path) -> None:
        self.kit = kit
        port, hub_port, api_port = free_ports(3)
        self.address = f"http://127.0.0.1:{port}"
        self._log = (kit / "hub.log").open("w")
        self._process = subprocess.Popen(
            [
                *[sys.executable, "-m", "jupyterhub", "-f", str(kit / "jupyterhub_config.py")],
                *[f"--JupyterHub.bind_url={self.address}", f"--JupyterHub.hub_port={hub_port}"],
                f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{api_port}",
            ],
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.address}/hub/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.2)
        raise RuntimeError(f"the hub did not start:\n{self.said()}")

    def said(self) -> str:
        return (self.kit / "hub.log").read_text()

    def close(self) -> None:
        """The hub ends its servers and its proxy on SIGTERM; what is left of its session is ended after that."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
        self._log.close()


class Learner:
    """Somebody who types a name and a password into the login page."""

    def __init__(self, room: Room, name: str, password: str) -> None:
        self.room, self.name = room, name
        self.session = requests.Session()
        page = self.session.get(f"{room.address}/hub/login")
        fields = {"username": name, "password": password, "_xsrf": self._xsrf("/hub/")}
        assert page.ok
        self.entered = self.session.post(f"{room.address}/hub/login?next=%2Fhub%2Fhome", data=fields)

    def _xsrf(self, path: str) -> str:
        return next(
            cookie.value or ""
            for cookie in self.session.cookies
            if cookie.name == "_xsrf" and cookie.path == path
        )

    def start(self) -> None:
        """Press the button and wait for JupyterLab."""
        self.session.get(f"{self.room.address}/hub/spawn/{self.name}")
        self.hub_token = self._token()
        deadline = time.monotonic() + 180
        while not self.asks("GET", "", hub=True).json()["servers"].get("", {}).get("ready"):
            assert time.monotonic() < deadline, self.room.said()
            time.sleep(0.3)

    def stop(self) -> None:
        """End JupyterLab, and wait until it has ended."""
        assert self.asks("DELETE", "/server", hub=True).status_code in (202, 204)
        deadline = time.monotonic() + 60
        while self.asks("GET", "", hub=True).json()["servers"]:
            assert time.monotonic() < deadline, self.room.said()
            time.sleep(0.2)

    def _token(self) -> str:
        made = self.session.post(
            f"{self.room.address}/hub/api/users/{self.name}/tokens",
            headers={"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.room.address}/hub/token"},
            json={"note": "a test"},
        )
        assert made.status_code == 201, made.text
        return str(made.json()["token"])

    def asks(
        self, method: str, path: str, *, of: str | None = None, hub: bool = False, **rest: object
    ) -> requests.Response:
        """A request to the API of a learner's server (their own unless said otherwise), or of the hub."""
        base = f"/hub/api/users/{of or self.name}" if hub else f"/user/{of or self.name}/api/"
        headers = {"Authorization": f"token {self.hub_token}"}
        return requests.request(
            method, f"{self.room.address}{base}{path}", headers=headers, timeout=60, **rest
        )

    def visits(self, path: str) -> requests.Response:
        """A page, as the browser asks for it."""
        return self.session.get(f"{self.room.address}{path}")

    def run(self, notebook: str, sources: list[str]) -> list[str | None]:
        """Run cells in a kernel of the learner's own server, as JupyterLab does; the plain text of each result."""
        opened = self.asks(
            "POST",
            "sessions",
            json={"path": notebook, "type": "notebook", "name": "", "kernel": {"name": "python3"}},
        )
        assert opened.status_code == 201, opened.text
        kernel = opened.json()["kernel"]["id"]
        address = self.room.address.replace("http", "ws", 1)
        channel = websocket.create_connection(
            f"{address}/user/{self.name}/api/kernels/{kernel}/channels",
            header=[f"Authorization: token {self.hub_token}"],
            timeout=120,
        )
        try:
            return [_execute(channel, source) for source in sources]
        finally:
            channel.close()


def _execute(channel: websocket.WebSocket, source: str) -> str | None:
    message_id = uuid.uuid4().hex
    header = {
        "msg_id": message_id,
        "msg_type": "execute_request",
        "username": "",
        "session": "test",
        "version": "5.3",
    }
    content = {
        "code": source,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
    }
    channel.send(
        json.dumps(
            {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        )
    )
    shown = None
    while True:
        answer = json.loads(channel.recv())
        if answer["parent_header"].get("msg_id") != message_id:
            continue
        kind, content = answer["header"]["msg_type"], answer["content"]
        assert kind != "error", f"{content['ename']}: {content['evalue']}\nin {source}"
        if kind == "execute_result":
            shown = content["data"]["text/plain"]
        elif kind == "status" and content["execution_state"] == "idle":
            return shown


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def proxy_lacking() -> str | None:
    """Why no hub can start here, or None."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if shutil.which("configurable-http-proxy") is None:
        return "configurable-http-proxy is not installed (npm install -g configurable-http-proxy)"
    return None


def events(text: str) -> list[dict[str, str]]:
    """What nbgitpuller's stream of events says."""
    return [json.loads(line) for line in re.findall(r"^data: (.+)$", text, re.MULTILINE)]
