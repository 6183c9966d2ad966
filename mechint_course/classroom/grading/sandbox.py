"""The sandbox around a submission's cells: bubblewrap, with nothing in it but Python, the course and an empty folder."""

import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mechint_course import resources
from mechint_course.exercises.catalogue import CHAPTERS

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """What a submission may use."""

    cell_seconds: float = 60.0
    """For one cell; a cell that takes longer is interrupted, and one that does not heed that is ended."""
    seconds: float = 600.0
    """For a submission in all, judging included."""
    cpu_seconds: int = 120
    """Processor time of a process of the submission."""
    memory: int = 3 * 1024 * MEGABYTE
    """Of all its processes together, looked at twice a second."""
    address_space: int = 8 * 1024 * MEGABYTE
    """Of one process: an absurd allocation fails at once."""
    processes: int = 64
    """Processes and threads."""
    open_files: int = 256
    file_size: int = 128 * MEGABYTE
    written: int = 256 * MEGABYTE
    """All that it writes; it lies in memory and is gone afterwards."""
    reply: int = 64 * MEGABYTE
    """The largest reply that is read."""
    restarts: int = 6
    """How often a process that died is started again for the cells and answers behind."""


class NoSandbox(RuntimeError):
    """No sandbox works here; the sentence says why and what to do."""


def command(
    limits: Limits, given: Path | None = None, *, unsafe: bool = False, code: str | None = None
) -> list[str]:
    """The command line of a cells' process.

    Args:
        limits: what it may use.
        given: a folder whose files it finds in its working folder.
        unsafe: without the sandbox, as the person who grades.
        code: Python to run there instead (the probe).
    """
    uid = _spare_uid() if _is_root() and not unsafe else None
    settings = json.dumps({**asdict(limits), "uid": uid, "sandboxed": not unsafe})
    start = f"import sys; sys.path.insert(0, {str(_package().parent)!r}); from mechint_course.classroom.grading import inside; "
    python = [sys.executable, "-I", "-c", start + (code or "inside.main()"), settings]
    return python if unsafe else [*_bubblewrap(limits, given), *python]


def environment(unsafe: bool = False) -> dict[str, str]:
    """The environment of a cells' process: nothing of the grader's but where Python is."""
    home = {} if unsafe else {"HOME": "/tmp", "TMPDIR": "/tmp"}
    plain = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "learner",
        "LOGNAME": "learner",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "HF_HUB_OFFLINE": "1",
        "MECHINT_COURSE_SMOKE": "1",
        "MECHINT_COURSE_HOME": "/tmp/progress",
        "MECHINT_COURSE_CACHE": str(resources.cache_folder()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return plain | ({"HOME": os.environ.get("HOME", "/tmp")} if unsafe else home)


def probe() -> str | None:
    """None where the sandbox holds, tried by trying to get out of it; else a sentence that says what does not."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (on Debian and Ubuntu: apt-get install bubblewrap)"
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        code = _PROBE.format(port=door.getsockname()[1], package=str(_package()), here=str(Path(__file__)))
        try:
            ran = subprocess.run(
                command(Limits(), code=code), env=environment(), capture_output=True, text=True, timeout=120
            )
        except subprocess.TimeoutExpired:
            return "bubblewrap did not start a process within two minutes"
    if ran.returncode or ran.stdout.strip() != "sound":
        words = (ran.stderr.strip() or ran.stdout.strip() or f"exit code {ran.returncode}").splitlines()[-1]
        return f"bubblewrap is installed but does not work here: {words}"
    return None


def require() -> None:
    """NoSandbox with its reason, unless the sandbox holds."""
    if problem := probe():
        raise NoSandbox(
            f"{problem}. Submissions are other people's code, so nothing was run. "
            "Grade on a Linux machine where bubblewrap works, or add --unsafe if you trust every one of them."
        )


_PROBE = """
import json, os, socket, pathlib
from mechint_course.exercises import calling
inside.become(json.loads(sys.argv[1])["uid"])
assert os.getuid() != 0, "the process is root"
try: pathlib.Path({package!r}, "probe").write_text("x")
except OSError: pass
else: raise SystemExit("the course can be written to")
try: socket.create_connection(("127.0.0.1", {port}), timeout=5)
except OSError: pass
else: raise SystemExit("the network can be reached")
assert len([name for name in os.listdir("/proc") if name.isdigit()]) < 5, "other processes can be seen"
pathlib.Path("written").write_text("x")
print("sound")
"""


def _bubblewrap(limits: Limits, given: Path | None) -> list[str]:
    package, cache = _package(), resources.cache_folder()
    readable = [*_python_folders(), package]
    readable += [cache] if cache.is_dir() else []
    words = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
    words += ["--new-session", "--cap-drop", "ALL"]
    if _is_root():  # just enough to become somebody else; gone with that
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for writable in ("/dev/shm", "/tmp", "/course"):
        words += ["--size", str(limits.written), "--perms", "1777", "--tmpfs", writable]
    for folder in _parents(readable):
        words += ["--perms", "0755", "--dir", str(folder)]
    for path in readable:
        words += ["--ro-bind", str(path), str(path)]
    for link in (Path("/bin"), Path("/sbin"), Path("/lib"), Path("/lib64")):
        if link.is_symlink():
            words += ["--symlink", os.readlink(link), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    for setting in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"):
        if os.path.exists(setting):
            words += ["--ro-bind", setting, setting]
    for masked in (package / "data" / "references", *(package / "exercises" / t for t in CHAPTERS.values())):
        if masked.is_dir():
            words += [
                "--size",
                "4096",
                "--perms",
                "0755",
                "--tmpfs",
                str(masked),
                "--remount-ro",
                str(masked),
            ]
    if given is not None:
        words += ["--ro-bind", str(given), "/given"]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/course", "--"]


def _python_folders() -> list[Path]:
    """Where this Python and its packages are; a folder inside another of them is named once."""
    found = [
        Path("/usr"),
        Path(sys.base_prefix),
        Path(os.path.realpath(sys.executable)).parents[1],
        Path(sys.prefix),
    ]
    return [path for i, path in enumerate(found) if not _within(path, found[:i])]


def _within(path: Path, others: Sequence[Path]) -> bool:
    return any(path.is_relative_to(other) for other in others)


def _parents(paths: Sequence[Path]) -> list[Path]:
    """Every folder above these, outermost first, that the sandbox must have for others to walk through."""
    above = {parent for path in paths for parent in path.parents if parent != Path("/")}
    return sorted(
        (folder for folder in above if not _within(folder, paths)), key=lambda path: len(path.parts)
    )


def _package() -> Path:
    return Path(resources.__file__).resolve().parent


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


_starts = itertools.count(secrets.randbelow(40_000))


def _spare_uid() -> int:
    """A user id that owns nothing, another one for each start: what an ended process left running counts against nobody."""
    return 20_000 + next(_starts) % 40_000
