"""Real text that every installation of the course holds, by an allow-list: the standard library and declared dependencies.

Never other packages, configuration data, or anything that names this machine or its user. A document whose text does
is left out (`private_strings`); `sysconfig`'s data, which is full of build paths, is not on the list at all.
"""

import ast
import getpass
import hashlib
import importlib.metadata
import importlib.util
import json
import socket
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from mechint_course.language.documents import Document, Domain, Split, split_of

PACKAGES = {
    "torch": "torch", "transformer_lens": "transformer-lens", "matplotlib": "matplotlib", "numpy": "numpy", "scipy": "scipy",
    "sklearn": "scikit-learn", "ipywidgets": "ipywidgets", "jupyterlab": "jupyterlab", "jaxtyping": "jaxtyping",
    "einops": "einops", "safetensors": "safetensors", "tokenizers": "tokenizers", "tqdm": "tqdm",
    "platformdirs": "platformdirs", "babel": "babel", "circuitsvis": "circuitsvis",
}  # fmt: skip
"""The dependencies that the course declares: import name -> distribution."""

_NOT_PROSE = frozenset({"test", "tests", "testing", "__pycache__", "idlelib", "lib2to3", "turtledemo", "site-packages",
                        "ensurepip", "encodings", "pydoc_data", "tcl"})  # fmt: skip
_SMALLEST = 600


@cache
def private_strings() -> tuple[str, ...]:
    """What would betray this machine or its user: the home folder, the user's name in a path, the host's name."""
    home = str(Path.home())
    found = [home + "/", home + "\\", sys.prefix, sys.base_prefix] if len(home) > 1 else [sys.prefix]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    if user:
        found += [f"/home/{user}", f"/Users/{user}", f"\\Users\\{user}"]
    host = socket.gethostname()
    if len(host) > 4 and not host.isalpha():
        found.append(host)
    return tuple(text for text in found if len(text) > 4)


def is_private(text: str) -> bool:
    """Whether a text holds one of `private_strings`."""
    return any(private in text for private in private_strings())


def _modules(folder: Path) -> list[Path]:
    """The .py files below a folder, tests and generated data aside, sorted by name."""
    files = folder.rglob("*.py")
    return sorted(file for file in files if not _NOT_PROSE.intersection(file.relative_to(folder).parts))


@cache
def standard_library() -> tuple[tuple[str, Path], ...]:
    """Name and file of each module of the standard library's allow-list."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found: list[tuple[str, Path]] = []
    for name in sorted(sys.stdlib_module_names - _NOT_PROSE):
        if name.startswith("_sysconfig") or name in ("sysconfig", "site"):
            continue
        if (root / f"{name}.py").is_file():
            found.append((name, root / f"{name}.py"))
        elif (root / name).is_dir():
            found += [(".".join(f.relative_to(root).with_suffix("").parts), f) for f in _modules(root / name)]
    return tuple(found)


@cache
def packages() -> tuple[tuple[str, Path], ...]:
    """Name and file of each module of the declared dependencies."""
    found: list[tuple[str, Path]] = []
    for name in sorted(PACKAGES):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(
                f"The package {name!r} should be installed with the course; reinstall the course."
            )
        folder = Path(spec.origin).parent
        found += [
            (".".join((name, *f.relative_to(folder).with_suffix("").parts)), f) for f in _modules(folder)
        ]
    return tuple(found)


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")


def docstrings(source: str) -> list[str]:
    """The docstrings of a module, cleaned of indentation, those shorter than a sentence left out.

    >>> docstrings('def f():\\n    "Adds one to every number of a list, and returns a new list."')
    ['Adds one to every number of a list, and returns a new list.']
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds))
    return [text for text in texts if text and len(text) > 40]


def _documents(
    domain: str, files: Iterable[tuple[str, Path]], split: Split
) -> Iterator[tuple[Document, str]]:
    for name, file in files:
        if split_of(name) == split:
            text = _read(file)
            if len(text) >= _SMALLEST and not is_private(text):
                yield Document(domain, text), name


def _by_hash(files: tuple[tuple[str, Path], ...]) -> list[tuple[str, Path]]:
    """In an order that mixes packages, so that a prefix of it is a fair sample."""
    return sorted(files, key=lambda entry: hashlib.sha256(b"order" + entry[0].encode()).digest())


def _python(split: Split) -> Iterator[Document]:
    for document, _ in _documents("python", _by_hash(standard_library()), split):
        yield document


def _manual(split: Split) -> Iterator[Document]:
    topics = importlib.import_module("pydoc_data.topics").topics
    trained_on = {topics[name] for name in topics if split_of(f"topic {name}") == "train"}
    for name in sorted(topics):
        # One text may stand under several names: it is held out only where training sees it under none.
        if split == "held_out" and topics[name] in trained_on:
            continue
        if split_of(f"topic {name}") == split and len(topics[name]) >= _SMALLEST:
            yield Document("manual", topics[name])
    for document, _ in _documents("manual", _by_hash(standard_library()), split):
        text = "\n\n".join(docstrings(document.text))
        if len(text) >= _SMALLEST:
            yield Document("manual", text)


def _is_mathematics(text: str) -> bool:
    return text.count(":math:") + 3 * text.count(".. math::") + text.count("\\frac") >= 3


def _docstrings(split: Split) -> Iterator[Document]:
    for document, _ in _documents("docstrings", _by_hash(packages()), split):
        text = "\n\n".join(text for text in docstrings(document.text) if not _is_mathematics(text))
        if len(text) >= _SMALLEST:
            yield Document("docstrings", text)


def _mathematics(split: Split) -> Iterator[Document]:
    for module, _ in _documents("mathematics", _by_hash(packages()), split):
        if not _is_mathematics(module.text):
            continue
        for text in docstrings(module.text):
            if len(text) >= _SMALLEST and _is_mathematics(text):
                yield Document("mathematics", text)


def _licence_texts() -> Iterator[tuple[str, str]]:
    for distribution in sorted(PACKAGES.values()):
        for path in sorted(importlib.metadata.files(distribution) or [], key=str):
            name = path.name.lower()
            if "third-party-licenses.json" in name:
                listed = json.loads(_read(Path(str(path.locate())))).get("packages", [])
                for package in listed:
                    yield f"{distribution} {package.get('name')}", package.get("extractedText") or ""
            elif name.startswith(("licen", "copying", "notice")) and not name.endswith((".py", ".json")):
                yield f"{distribution} {path}", _read(Path(str(path.locate())))


def _licences(split: Split) -> Iterator[Document]:
    seen: set[str] = set()
    for _, text in _licence_texts():
        # The same licence comes with many packages: equal parts are one document, and share a side of the split.
        for part in _parts(text, 1500):
            key = " ".join(part.split()).lower()
            if (
                len(part) >= _SMALLEST
                and key not in seen
                and split_of(key[:400]) == split
                and not is_private(part)
            ):
                seen.add(key)
                yield Document("licences", part)


def _parts(text: str, size: int) -> Iterator[str]:
    """A long text cut at blank lines into parts of about `size` characters."""
    part = ""
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        part += paragraph + "\n\n"
        if len(part) >= size:
            yield part
            part = ""
    yield part


INSTALLED: tuple[Domain, ...] = (
    Domain("python", "source code of Python's standard library", _python, 2_200_000),
    Domain("manual", "Python's own documentation", _manual, 900_000),
    Domain("docstrings", "documentation of the course's dependencies", _docstrings, 1_800_000),
    Domain("mathematics", "documentation with mathematics in it", _mathematics, 900_000),
    Domain("licences", "licence texts", _licences, 600_000),
)
"""The real domains that are read from the installation; the three scripts of CLDR are among the grammars."""
