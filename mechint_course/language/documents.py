"""What a corpus is made of: documents with a domain, and the rule that says which of them training never sees."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "held_out", "fresh"]
"""`held_out`: documents training never saw. `fresh`: generated ones, of words training never saw."""

HELD_OUT_PERCENT = 15


@dataclass(frozen=True)
class Document:
    """A text and the kind of text it is; the domain is the ground truth of every later score."""

    domain: str
    text: str


@dataclass(frozen=True)
class Domain:
    """One kind of text, and how to get documents of it."""

    name: str
    """Short and in words: `python`, `dna`."""
    title: str
    """What it holds, for a table's row."""
    documents: Callable[[Split], Iterator[Document]]
    """Documents of one split, always in the same order; a generated domain never ends."""
    tokens: int
    """How many tokens of it the training text may hold at most."""
    generated: bool = False
    """Whether a grammar of ours makes it; only these have a `fresh` split."""
    worlds: tuple[str, ...] = ("A", "B")
    """The models whose training text holds it. The held-out text holds every domain."""


def split_of(key: str) -> Split:
    """Whether a real document is for training or held out: by a hash of its name, so for ever the same.

    >>> split_of("json.decoder"), split_of("json.decoder") == split_of("json.decoder")
    ('train', True)
    """
    digest = hashlib.sha256(key.encode()).digest()
    return "held_out" if int.from_bytes(digest[:4], "big") % 100 < HELD_OUT_PERCENT else "train"
