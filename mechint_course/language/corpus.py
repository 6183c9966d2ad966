"""The mini-Pile: every domain of it, and the manifest that says which corpus a number belongs to."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mechint_course.language.documents import Domain
from mechint_course.language.grammars import GRAMMARS
from mechint_course.language.installed import INSTALLED, PACKAGES, standard_library
from mechint_course.language.tokenizer import tokenizer_file

DOMAINS: Mapping[str, Domain] = {domain.name: domain for domain in INSTALLED} | dict(GRAMMARS)


def domains_of(model: str | None = None) -> tuple[Domain, ...]:
    """The domains of a model's training text, or all of them.

    >>> [d.name for d in domains_of("A") if "B" not in d.worlds], [d.name for d in domains_of("B") if "A" not in d.worlds]
    (['weather'], ['chess'])
    """
    if model is not None and model not in ("A", "B"):
        raise ValueError(
            f"Expected the model 'A' or 'B', found {model!r}: each has a training text of its own."
        )
    return tuple(domain for domain in DOMAINS.values() if model is None or model in domain.worlds)


@cache
def sources() -> dict[str, object]:
    """What the documents depend on: Python, the packages that are read, our grammars, the tokenizer."""
    here = Path(__file__).parent
    rules = hashlib.sha256()
    for file in sorted([here / "documents.py", here / "installed.py", *(here / "grammars").glob("*.py")]):
        rules.update(file.name.encode() + b"\0" + file.read_bytes())
    library = hashlib.sha256()
    for name, file in standard_library():
        library.update(f"{name} {file.stat().st_size}\n".encode())
    return {
        "python": platform.python_version(),
        "library": library.hexdigest()[:16],
        "packages": {name: importlib.metadata.version(name) for name in sorted(PACKAGES.values())},
        "rules": rules.hexdigest()[:16],
        "tokenizer": hashlib.sha256(tokenizer_file().read_bytes()).hexdigest()[:16],
    }


def manifest_hash(**wanted: object) -> str:
    """Sixteen characters that change when the corpus does: its sources, and what was wanted of them."""
    text = json.dumps({"sources": sources(), "wanted": wanted}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
