"""A warm process that forks a kernel for each notebook: imports are paid for once.

A kernelspec named `python3` in a folder of its own makes every tool (nbclient, nbval, nbgrader) start `client`
below in place of a kernel. The client asks the warm server for a fork, which becomes an ordinary ipykernel with the
client's environment and folder, and hands on signals until the kernel ends.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

IMPORTS = (
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "ipywidgets",
    "transformer_lens",
    "mechint_course.exercises",
)


class WarmKernels:
    """The server, and the folder that JUPYTER_PATH needs."""

    def __init__(self, folder: Path, imports: tuple[str, ...] = IMPORTS) -> None:
        self.folder = folder
        address = folder / "warm"
        spec = folder / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-I", "-S", __file__, "client", str(address), "{connection_file}"]
        spec.joinpath("kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"})
        )
        self._process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(address), *imports],
            stdout=subprocess.PIPE,
            cwd=folder,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            },
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            raise RuntimeError("the warm process did not start; its error is on stderr")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def serve(address: str, imports: list[str]) -> None:
    for name in imports:
        __import__(name)
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the kernels
    os.write(1, b"ready\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    while True:
        connection, _ = server.accept()
        request = json.loads(connection.makefile().readline())
        child = os.fork()
        if child == 0:
            server.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _be_a_kernel(connection, request)
        connection.sendall(f"{child}\n".encode())
        connection.close()


def _be_a_kernel(connection: socket.socket, request: dict) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update({key: value for key, value in request["env"].items() if not key.startswith("JPY_")})

    def end_with_the_client() -> None:
        connection.recv(1)
        os._exit(0)

    threading.Thread(target=end_with_the_client, daemon=True).start()
    app = IPKernelApp.instance(log_level=40)
    app.initialize(["-f", request["connection_file"]])
    app.start()
    os._exit(0)


def client(address: str, connection_file: str) -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    request = {"connection_file": connection_file, "cwd": os.getcwd(), "env": dict(os.environ)}
    connection.sendall(json.dumps(request).encode() + b"\n")
    kernel = int(connection.makefile().readline())
    signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
    while connection.recv(1):
        pass  # nothing is ever sent; the kernel's end closes the connection


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3:])
    else:
        client(sys.argv[2], sys.argv[3])
