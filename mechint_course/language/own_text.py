"""Text of one's own in the same form as the course's: from strings, from files, or from a data set by its name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mechint_course.language.documents import Document
from mechint_course.language.hub import is_reachable
from mechint_course.language.text import N_CTX, TokenizedText, sequences
from mechint_course.language.tokenizer import load_tokenizer
from mechint_course.work import work

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedTokenizerFast

LARGEST_FILE = 1_000_000_000
"""Bytes; a larger file would not fit into a laptop's memory as tokens and their activations."""


def from_text(
    texts: str | Sequence[str] | Mapping[str, Sequence[str]],
    *,
    domain: str = "own",
    model: "TransformerBridge | None" = None,
    n_ctx: int = N_CTX,
) -> TokenizedText:
    """One text, several, or several of each domain (`{"poems": [...], "laws": [...]}`), as sequences of `n_ctx` tokens.

    Every sequence lies within one text and begins with the start token; what is left over at a text's end is dropped.
    With a `model`, its tokenizer is used instead of the course's. Texts that are empty, or all shorter than one
    sequence, are a ValueError, and so is an `n_ctx` below 2 or above the model's.

    >>> from mechint_course.language.tokenizer import token_strings
    >>> text = from_text({"cats": ["the cat sat on the mat"], "dogs": ["the dog ran"]}, n_ctx=4)
    >>> for row, number in zip(text.tokens, text.domain, strict=True):
    ...     text.domains[number], token_strings(row)
    ('cats', ['<|endoftext|>', 'the', ' c', 'at'])
    ('cats', ['<|endoftext|>', ' s', 'at', ' on'])
    ('cats', ['<|endoftext|>', ' the', ' m', 'at'])
    ('dogs', ['<|endoftext|>', 'the', ' do', 'g'])
    """
    if isinstance(texts, str):
        texts = [texts]
    named = texts if isinstance(texts, Mapping) else {domain: texts}
    documents = [Document(name, text) for name, own in named.items() for text in own]
    return _tokenized(documents, len(documents), model, n_ctx)


def from_files(
    paths: str | Path | Iterable[str | Path],
    *,
    model: "TransformerBridge | None" = None,
    n_ctx: int = N_CTX,
) -> TokenizedText:
    """Text files as a corpus: each file a document, the folder it lies in its domain.

    A file that is missing, empty, binary, not UTF-8 or larger than `LARGEST_FILE` bytes is a ValueError (a missing one a
    FileNotFoundError) that names it and says what to do. No file at all, and what `from_text` refuses, is a ValueError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "cats", "one.txt")
    ...     file.parent.mkdir()
    ...     _ = file.write_text("the cat sat on the mat")
    ...     text = from_files([file], n_ctx=4)
    >>> text.domains, text.tokens.shape
    (('cats',), torch.Size([3, 4]))
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise ValueError("Expected at least one text file, found none.")
    documents = (Document(file.resolve().parent.name or "own", read_text(file)) for file in files)
    return _tokenized(documents, len(files), model, n_ctx)


def from_dataset(
    name: str,
    *,
    split: str = "train",
    text_column: str = "text",
    domain_column: str | None = None,
    documents: int = 1000,
    model: "TransformerBridge | None" = None,
    n_ctx: int = N_CTX,
) -> TokenizedText:
    """The first `documents` texts of a data set, by its name on the hub or the path of a local one, read as a stream.

    Nothing but the rows asked for is downloaded. A missing column, a name that cannot be found or a network that is
    needed and not there is one sentence: ValueError or ConnectionError. Fewer than one document, and what `from_text`
    refuses, is a ValueError.

    `from_dataset("my_folder", domain_column="kind")` reads the data set in a folder, say a `train.jsonl` whose lines
    are `{"text": "...", "kind": "poems"}`; its domains are what stands in the column `kind`.
    """
    if documents < 1:
        raise ValueError(f"Expected at least 1 document, found {documents}.")
    rows = islice(_rows(name, split), documents)
    return _tokenized(_documents(rows, name, text_column, domain_column), documents, model, n_ctx)


def read_text(file: Path) -> str:
    """A text file as one string, every way in which it may be no text told apart.

    The line ends of Windows become those of everywhere else, and a byte order mark is taken off. Raises
    FileNotFoundError where there is no file, and ValueError for one that is empty, binary, not UTF-8 or larger than
    `LARGEST_FILE` bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.txt")
    ...     _ = file.write_bytes(b"the cat\\r\\nsat")  # as Windows ends a line
    ...     read_text(file)
    'the cat\\nsat'
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file}: expected a text file, found none there; look at the path again.")
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(
            f"{file}: expected at most {LARGEST_FILE:,} bytes, found {size:,}; cut it into parts, or read it with from_dataset."
        )
    data = file.read_bytes()
    if not data.strip():
        raise ValueError(f"{file}: expected text, found an empty file.")
    if b"\0" in data[:65_536]:
        raise ValueError(f"{file}: expected text, found binary data; convert it to plain text first.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{file}: expected UTF-8, found the byte {data[error.start]:#04x} at position {error.start} that it does not have "
            "there; save the file as UTF-8."
        ) from error


def _rows(name: str, split: str) -> Iterator[Mapping[str, Any]]:
    if not Path(name).exists() and not is_reachable():
        raise ConnectionError(
            f"The data set {name!r} is no folder or file here, and the hub that may have it cannot be reached; connect this "
            "machine to a network, or give the path of a local data set."
        )
    import datasets

    try:
        yield from datasets.load_dataset(name, split=split, streaming=True)
    except (OSError, ValueError) as error:
        raise ValueError(f"The data set {name!r} (split {split!r}) could not be read: {error}") from error


def _documents(
    rows: Iterator[Mapping[str, Any]], name: str, text_column: str, domain_column: str | None
) -> Iterator[Document]:
    for row in rows:
        for column in (text_column, domain_column):
            if column is not None and column not in row:
                raise ValueError(
                    f"The data set {name!r}: expected a column {column!r}, found {', '.join(map(repr, row))}."
                )
        if not isinstance(row[text_column], str):
            raise ValueError(
                f"The data set {name!r}: expected text in the column {text_column!r}, found {type(row[text_column]).__name__}."
            )
        yield Document(str(row[domain_column]) if domain_column else "own", row[text_column])


def _tokenized(
    documents: Iterable[Document], count: int, model: "TransformerBridge | None", n_ctx: int
) -> TokenizedText:
    if n_ctx < 2:
        raise ValueError(f"Expected n_ctx to be at least 2 (the start token and one more), found {n_ctx}.")
    if model is not None and n_ctx > model.cfg.n_ctx:
        raise ValueError(f"Expected n_ctx to be at most the model's {model.cfg.n_ctx}, found {n_ctx}.")
    tokenizer: PreTrainedTokenizerFast = load_tokenizer() if model is None else model.tokenizer
    domains: dict[str, int] = {}
    rows: list[list[int]] = []
    domain_of: list[int] = []
    document_of: list[int] = []
    longest = 0
    with work(count, "Reading the text", unit="document") as bar:
        for number, document in enumerate(documents):
            ids = tokenizer.encode(document.text, add_special_tokens=False)
            longest = max(longest, len(ids))
            found = sequences(ids, n_ctx, start=tokenizer.bos_token_id)
            rows += found
            domain_of += [domains.setdefault(document.domain, len(domains))] * len(found)
            document_of += [number] * len(found)
            bar.update()
    if bar.interrupted:
        raise KeyboardInterrupt("Reading the text was stopped.")
    if not rows:
        raise ValueError(
            f"Expected a text of at least {n_ctx - 1} tokens (one sequence of n_ctx = {n_ctx}), found at most {longest}; "
            "give a longer text or a smaller n_ctx."
        )
    return TokenizedText(
        torch.tensor(rows), torch.tensor(domain_of), tuple(domains), torch.tensor(document_of), "own text"
    )
