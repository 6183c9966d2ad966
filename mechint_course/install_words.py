"""What an install says: its stages while it runs, and one sentence with a remedy where it fails."""

import platform
import re
import sys


class CannotInstall(Exception):
    """Says in one sentence why the course cannot be installed here and what to do."""


NO_NETWORK = (
    "NewConnectionError", "ConnectionError", "Name or service not known", "Temporary failure in name resolution",
    "getaddrinfo failed", "nodename nor servname", "Network is unreachable", "Max retries exceeded", "Connection refused",
    "Read timed out", "ConnectTimeoutError", "NameResolutionError", "Connection to", "ProxyError",
)  # fmt: skip


def cannot_run_here() -> str | None:
    """One sentence where PyTorch has no build for this machine, else None."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        return (
            "PyTorch is no longer built for Intel Macs, so the course cannot run on this one (with an Apple chip, this Python "
            "is an Intel build: take the one from python.org): use Colab, or any Linux or Windows machine."
        )
    if sys.maxsize < 2**32:
        return "This is a 32-bit Python and PyTorch needs a 64-bit one: install that from python.org."
    return None


def pip_says(line: str) -> str | None:
    """The line of pip's output that a person waits for, in our words: big downloads, unpacking, silence.

    >>> pip_says("  Downloading torch-2.13.0-cp311-none-any.whl (192.0 MB)")
    '  downloading torch 2.13.0 (192 MB)'
    >>> pip_says("  Downloading six-1.17.0-py3-none-any.whl (11 kB)")
    >>> pip_says("Installing collected packages: a, b, c")
    '  unpacking 3 packages'
    """
    download = re.match(r"\s*Downloading \S*?([^/\s]+?)-(\d[^-/\s]*)[^/\s]* \(([\d.]+) ([MG])B\)", line)
    if download and (float(download[3]) >= 20 or download[4] == "G"):
        return f"  downloading {download[1]} {download[2]} ({float(download[3]):.0f} {download[4]}B)"
    if "Retrying (Retry(" in line:
        return "  the package index does not answer; trying again, for a minute or so"
    unpacking = re.match(r"Installing collected packages: (.*)", line)
    return f"  unpacking {len(unpacking[1].split(','))} packages" if unpacking else None


def pip_failed(output: str, what: str) -> str:
    """One sentence for a failed install: what happened, as far as its output tells, and the remedy."""

    def said(*signs: str) -> bool:
        return any(sign in output for sign in signs)

    if said("No space left on device", "Errno 28", "not enough space on the disk", "Disk quota exceeded"):
        return (
            "The disk is full: free 4 GB where the checkout is and in the folder for temporary files "
            "(the variable TMPDIR names another one), and type the same command again."
        )
    if said("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError"):
        return (
            "The package index shows a certificate that this Python does not trust, as behind a company's proxy: name the "
            "proxy's certificate file in the variable PIP_CERT, and type the same command again."
        )
    if said(*NO_NETWORK):
        return (
            "The packages could not be downloaded: connect this machine to the network for this one install, or set "
            "HTTPS_PROXY where there is a proxy, and type the same command again (it goes on from here)."
        )
    if said("Permission denied", "Read-only file system", "Access is denied"):
        return "The checkout cannot be written to: copy it to a folder of your own and type the same command there."
    if said("Long Path", "filename or extension is too long", "File name too long"):
        return "The checkout's path is too long for this system: move it to a short one, such as C:\\course, and try again."
    if said("No matching distribution found"):
        package = output.split("No matching distribution found for ", 1)[-1].split()[0]
        return (
            f"The package index has no {package} for this machine ({platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}): take Python 3.11 to 3.13 from python.org, or use Colab."
        )
    if said("ensurepip"):
        return (
            "This Python cannot put pip into an environment: on Debian and Ubuntu type "
            f"`sudo apt install python3.{sys.version_info[1]}-venv`; elsewhere take Python from python.org."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\w*(Error|ERROR): ", line)]
    last = (errors or lines or ["none"])[-1]
    return (
        f"{what} (last words: {last}): delete the folder .venv and type the same command again, "
        "and if it ends the same way, send those words to whoever keeps the course."
    )
